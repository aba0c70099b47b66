from __future__ import annotations

import math

import pytest

from tests.support.steps import account_of, bar_of, changes, parameters_of
from trading.steps.extremes import RANGE_TO_VOLATILITY, confirm_step

REPORTED = parameters_of()
TWICE = parameters_of(wick_limit=2.0)


def test_the_range_of_a_random_walk_over_its_deviation_is_parkinsons() -> None:
    assert pytest.approx(math.sqrt(8.0 / math.pi), abs=5e-4) == RANGE_TO_VOLATILITY


def test_without_a_bar_before_extremes_are_as_reported_and_start_the_typical_range() -> None:
    account = account_of()
    before = account.copy()
    bar = bar_of(104.0, ts=5, opened=100.0, high=150.0, low=90.0, volume=7.0)
    seen = confirm_step(account, TWICE, bar)
    assert seen[:6] == (5, 100.0, 150.0, 90.0, 104.0, 7.0)
    assert seen.sigma == pytest.approx(0.6 / 1.596, rel=1e-12)
    assert changes(before, account) == {"typical_range": 0.6}


def test_a_wick_is_cut_to_its_limit_of_the_typical_range() -> None:
    account = account_of(typical_range=0.04)
    # Reach 2 x 0.04 x 100 beyond a body from 100 to 101 and back from 100 to 99.
    seen = confirm_step(account, TWICE, bar_of(101.0, opened=100.0, high=150.0, low=50.0))
    assert (seen.high, seen.low) == (109.0, 92.0)
    down = confirm_step(account_of(typical_range=0.04), TWICE, bar_of(99.0, opened=100.0, high=150.0, low=50.0))
    assert (down.high, down.low) == (108.0, 91.0)


def test_a_larger_body_confirms_longer_wicks() -> None:
    up = confirm_step(account_of(typical_range=0.01), TWICE, bar_of(110.0, opened=100.0, high=150.0, low=50.0))
    assert (up.high, up.low) == (130.0, 80.0)
    down = confirm_step(account_of(typical_range=0.01), TWICE, bar_of(90.0, opened=100.0, high=150.0, low=50.0))
    assert (down.high, down.low) == (120.0, 70.0)


def test_a_limit_under_one_cuts_too() -> None:
    half = parameters_of(wick_limit=0.5)
    seen = confirm_step(account_of(typical_range=0.04), half, bar_of(101.0, opened=100.0, high=150.0, low=50.0))
    assert (seen.high, seen.low) == (103.0, 98.0)


def test_wicks_within_the_limit_stay() -> None:
    seen = confirm_step(account_of(typical_range=0.1), TWICE, bar_of(101.0, opened=100.0, high=110.0, low=90.0))
    assert (seen.high, seen.low) == (110.0, 90.0)


def test_the_null_version_takes_extremes_as_reported() -> None:
    seen = confirm_step(account_of(typical_range=0.001), REPORTED, bar_of(100.0, high=150.0, low=50.0))
    assert (seen.high, seen.low) == (150.0, 50.0)


def test_the_typical_range_learns_a_fiftieth_of_each_confirmed_range() -> None:
    account = account_of(typical_range=0.1)
    confirm_step(account, REPORTED, bar_of(opened=200.0, high=210.0, low=180.0, close=200.0))
    assert changes(account_of(), account) == {"typical_range": pytest.approx(0.1 + 0.02 * (0.15 - 0.1), rel=1e-12)}
    cut = account_of(typical_range=0.04)
    confirm_step(cut, TWICE, bar_of(100.0, opened=100.0, high=150.0, low=100.0))
    assert changes(account_of(), cut) == {"typical_range": pytest.approx(0.04 + 0.02 * (0.08 - 0.04), rel=1e-12)}


@pytest.mark.parametrize(("typical", "volatility"), [(0.1, 0.2), (0.5, 0.5), (0.0, 0.2)])
def test_volatility_follows_this_bars_range_or_the_typical_one_if_that_is_larger(
    typical: float, volatility: float
) -> None:
    seen = confirm_step(account_of(typical_range=typical), REPORTED, bar_of(high=110.0, low=90.0))
    assert seen.sigma == pytest.approx(volatility / 1.596, rel=1e-12)


def test_a_market_that_stood_still_confirms_its_body_alone() -> None:
    seen = confirm_step(account_of(typical_range=0.0), TWICE, bar_of(101.0, opened=100.0, high=150.0, low=50.0))
    assert (seen.high, seen.low) == (103.0, 98.0)
