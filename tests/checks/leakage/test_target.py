"""A column that is too near to what comes next is refused, a trend that can be learned is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.checks.leakage.honest import columns_of, honest
from tests.support import small_bars
from trading.checks.leakage.target import HORIZONS, Columns, all_columns, check_horizons, check_sign, check_target
from trading.codes import ReasonCode
from trading.engines.series import compute_features
from trading.market.bars import Bars
from trading.settings.models import FeatureSpec, LeakageSpec
from trading.splits import Range
from trading.steps.features import FEATURE_NAMES

Walk = Callable[..., Bars]
SPEC = LeakageSpec()
LONG = Range(100, 12_000)


def ahead(bars: Bars, horizon: int) -> np.ndarray:
    """The log return over the next bars; the last ones know nothing."""
    price = np.log(bars.close)
    return np.r_[price[horizon:] - price[:-horizon], np.zeros(horizon)]


def test_a_feature_from_the_next_bar_is_caught_by_its_correlation_with_the_next_return(walk: Walk):
    bars = walk()
    table = honest(bars)
    rng = np.random.default_rng(3)
    table[:-1, 1] = np.diff(np.log(bars.close)) + 0.02 * rng.standard_normal(len(bars) - 1)
    found = check_target(columns_of(table), bars, Range(5, 1_400), limit=0.3)
    assert (found.passed, found.code) == (False, ReasonCode.LEAK_TARGET)
    assert found.evidence["features"] == ["volume"]
    assert "rank correlation" in found.message


@pytest.mark.parametrize("column", ["open", "close", "volume"])
def test_a_feature_equal_to_a_value_of_the_next_bar_is_named_with_that_value(walk: Walk, column: str):
    bars = walk()
    table = honest(bars)
    table[:-1, 1] = getattr(bars, column)[1:]
    found = check_target(columns_of(table), bars, Range(5, 1_400), limit=0.3)
    assert not found.passed
    if column != "open":
        assert f"volume is the next bar's {column}" in found.message


def test_a_feature_that_is_not_finite_fails_the_target_check_by_name(walk: Walk):
    bars = walk()
    found = check_target(columns_of(honest(bars)), bars, Range(0, 1_400), limit=0.3)
    assert (found.code, found.evidence["features"]) == (ReasonCode.EVIDENCE_NOT_FINITE, ["momentum"])


def test_a_constant_feature_cannot_leak(walk: Walk):
    bars = walk()
    table = honest(bars)
    table[:, 1] = 2.5
    found = check_target(columns_of(table), bars, Range(5, 1_400), limit=0.3)
    assert found.passed
    assert found.evidence["correlation"]["volume"] == 0.0


@pytest.mark.parametrize("horizon", HORIZONS[1:])
def test_a_feature_that_is_the_return_of_a_longer_horizon_is_caught_at_that_horizon(walk: Walk, horizon: int):
    bars = walk(12_000)
    table = honest(bars)
    table[:, 0] = ahead(bars, horizon)
    found = check_horizons(columns_of(table), bars, LONG, limit=SPEC.max_horizon_correlation)
    assert (found.passed, found.code) == (False, ReasonCode.LEAK_TARGET)
    assert f"momentum has a rank correlation of 1.000 with the return over {horizon} bars" in found.message


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_the_next_bars_under_more_than_three_times_their_own_noise_still_earn_too_much_by_their_sign(
    walk: Walk, side: float
):
    bars = walk(12_000)
    table, target = honest(bars), ahead(bars, 1)
    noise = np.random.default_rng(5).standard_normal(len(bars))
    table[:, 0] = side * (target + 3.5 * target.std() * noise)
    assert check_target(columns_of(table), bars, LONG, limit=SPEC.max_target_correlation).passed
    assert check_horizons(columns_of(table), bars, LONG, limit=SPEC.max_horizon_correlation).passed
    found = check_sign(columns_of(table), bars, LONG, limit=SPEC.max_sign_sharpe)
    assert (found.passed, found.code) == (False, ReasonCode.LEAK_TARGET)
    assert "the sign of momentum alone, held over 1 bars" in found.message


def test_a_target_hidden_in_the_volume_of_the_source_is_caught_though_no_feature_shows_it(walk: Walk):
    bars = walk(12_000)
    target = ahead(bars, 24)
    bars.volume[:] = 100.0 * np.exp(0.5 * target / target.std())
    columns = all_columns(honest(bars), ("momentum", "log volume"), bars)
    found = check_horizons(columns, bars, LONG, limit=SPEC.max_horizon_correlation)
    assert not found.passed
    assert "volume has a rank correlation of 1.000 with the return over 24 bars" in found.message


@pytest.mark.parametrize("days", [40, 500])
def test_trends_that_can_be_learned_are_no_leak(days: int):
    bars = small_bars(days)
    features = compute_features(bars, FeatureSpec().windows)
    columns, train = all_columns(features, FEATURE_NAMES, bars), Range(97, int(0.6 * len(bars)))
    assert check_target(columns, bars, train, limit=SPEC.max_target_correlation).passed
    assert check_horizons(columns, bars, train, limit=SPEC.max_horizon_correlation).passed
    assert check_sign(columns, bars, train, limit=SPEC.max_sign_sharpe).passed


@pytest.mark.parametrize("check", [check_horizons, check_sign])
def test_a_column_that_is_not_finite_fails_every_look_at_the_target(walk: Walk, check: Callable[..., object]):
    bars = walk()
    found = check(columns_of(honest(bars)), bars, Range(0, 1_400), limit=0.5)
    assert getattr(found, "code", None) is ReasonCode.EVIDENCE_NOT_FINITE


def test_a_split_too_short_for_any_horizon_fails(walk: Walk):
    bars = walk(60)
    found = check_horizons(columns_of(honest(bars)), bars, Range(10, 40), limit=0.5)
    assert not found.passed


def test_books_of_a_horizon_hold_the_mean_of_the_last_sides_and_are_not_counted_twice(walk: Walk):
    bars = walk(3_000)
    table = honest(bars)
    table[:, 0] = np.random.default_rng(1).standard_normal(len(bars))
    found = check_sign(Columns(("momentum",), table[:, :1]), bars, Range(10, 3_000), limit=SPEC.max_sign_sharpe)
    rows = slice(10, 2_999)
    side = np.sign(table[rows, 0] - np.median(table[rows, 0]))
    held = np.convolve(side, np.ones(4) / 4)[: len(side)]
    earned = held * np.diff(np.log(bars.close[10:3_000]))
    expected = earned.mean() / earned.std() * np.sqrt(bars.bars_per_year)
    assert found.evidence["sharpe"]["4"]["momentum"] == pytest.approx(expected)
