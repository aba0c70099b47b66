"""The drift gate on whole markets; ``tests/campaigns/test_drift.py`` asks the same of many."""

from __future__ import annotations

from functools import lru_cache

import pytest

from tests.support.drift import RECENT, WHOLE, market_verdict, recent, whole
from tests.support.null_markets import embedded, garch
from trading.checks.drift.levels import LEVELS
from trading.codes import ReasonCode
from trading.market.bars import Bars

DEFAULT_BARS = 40_000


@lru_cache
def regimes() -> Bars:
    return embedded(1.0, 7)


@lru_cache
def clusters() -> Bars:
    return garch(7)


MARKETS = {"regimes": regimes, "clusters": clusters}


@pytest.mark.parametrize("name", MARKETS)
def test_a_market_that_never_changes_passes(name: str):
    result = market_verdict(MARKETS[name]())
    assert (result.passed, result.code) == (True, ReasonCode.OK)


@pytest.mark.parametrize("change", WHOLE)
def test_a_change_of_the_whole_test_split_fails(change: str):
    result = market_verdict(whole(change, regimes()))
    assert not result.passed
    assert [rule.name for rule in result.rules if not rule.passed and rule.name in {"critical", "max_psi"}]


@pytest.mark.parametrize("change", [change for change in RECENT if change != "volatility and volume x3, 30 days"])
def test_a_change_of_the_newest_bars_fails_by_its_own_code_although_the_whole_split_hides_it(change: str):
    result = market_verdict(recent(change, regimes()))
    assert ReasonCode.DRIFT_RECENT in {rule.code for rule in result.rules}
    assert next(rule for rule in result.rules if rule.name == "max_psi").passed


def test_a_volatility_that_comes_with_its_volume_is_found_where_regimes_do_not_hide_it():
    assert market_verdict(recent("volatility and volume x3, 30 days", clusters())).code is ReasonCode.DRIFT_RECENT


@pytest.mark.parametrize("change", ["volume x10, 30 days", "volume x0.1, 30 days"])
def test_a_change_of_volume_that_no_feature_sees_is_found_in_a_level(change: str):
    result = market_verdict(recent(change, regimes()))
    (rule,) = [rule for rule in result.rules if not rule.passed]
    assert "level_volume" in rule.evidence["moved"]
    assert set(rule.evidence["moved"]) <= set(LEVELS)


def test_a_spread_that_widens_is_found_in_the_range_for_a_unit_of_volume():
    result = market_verdict(recent("spread +50 bps a side, 30 days", regimes()))
    (rule,) = [rule for rule in result.rules if not rule.passed]
    assert "level_range_per_volume" in rule.evidence["moved"]


@pytest.mark.parametrize("bars", [2_500, 5_000])
def test_a_short_history_has_too_few_bars_which_is_not_called_drift(bars: int):
    result = market_verdict(embedded(1.0, 7, bars))
    assert (result.passed, result.code) == (False, ReasonCode.INSUFFICIENT_DATA)
    assert {rule.code for rule in result.rules if not rule.passed} == {ReasonCode.INSUFFICIENT_DATA}
