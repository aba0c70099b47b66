from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.checks.scenarios import StressedMarket, Window
from trading.checks.survival import LaneNumbers, LanePath, judged_scenario, lane_numbers, scenario_numbers
from trading.codes import ReasonCode
from trading.market.bars import Bars
from trading.settings.models import StressSpec

GOOD = LaneNumbers(
    max_drawdown=0.1,
    excess_drawdown=0.02,
    total_return=0.3,
    sharpe=1.5,
    inside=-0.04,
    base_inside=0.01,
    shock_loss=0.04,
    recovery=0.3,
    excess_recovery=0.1,
    breaches=0,
    trades=40,
    shocks=4,
    met=4,
)
JUDGED = {
    "max_drawdown": 0.26,
    "excess_drawdown": 0.16,
    "total_return": -0.21,
    "shock_loss": 0.26,
    "excess_recovery": 0.51,
    "breaches": 1,
}
"""Each number that is judged, and a value over its default limit."""


def path(*equity: float, low: tuple[float, ...] | None = None, trades: int = 40, breaches: int = 0) -> LanePath:
    """A path from 100, with the worst price of each bar at its close unless given."""
    values = np.array(equity)
    return LanePath(100.0, values, values if low is None else np.array(low), trades, breaches)


BASE = path(*np.linspace(101.0, 130.0, 30))


def judged(*lanes: LaneNumbers, **limits: Any) -> Any:
    return judged_scenario("flash_crash", lanes, BASE, StressSpec(**limits))


def test_lanes_inside_every_limit_pass() -> None:
    result = judged(*[GOOD] * 16)
    assert (result.passed, result.code, result.observed, result.threshold) == (True, ReasonCode.OK, 0.1, 0.25)
    assert result.evidence["base_return"] == pytest.approx(0.3)
    assert result.evidence["broken"] == []


@pytest.mark.parametrize(("name", "value"), JUDGED.items())
def test_every_number_has_a_limit_of_its_own_and_says_so(name: str, value: float) -> None:
    result = judged(*[GOOD._replace(**{name: value})] * 16)
    assert (result.passed, result.code) == (False, ReasonCode.STRESS_FAILED)
    assert result.evidence["broken"] == [name]
    assert result.remedy


@pytest.mark.parametrize("name", [name for name in JUDGED if name != "breaches"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_fails(name: str, value: float) -> None:
    result = judged(*[GOOD._replace(**{name: value})] * 16)
    assert not result.passed
    assert name in result.evidence["broken"]


@pytest.mark.parametrize("name", [name for name in JUDGED if name != "breaches"])
def test_one_draw_in_sixteen_may_hurt_and_two_may_not(name: str) -> None:
    bad = GOOD._replace(**{name: JUDGED[name]})
    assert judged(bad, *[GOOD] * 15).passed
    assert not judged(bad, bad, *[GOOD] * 14).passed
    assert not judged(bad, *[GOOD] * 15, quantile=1.0).passed


def test_one_draw_with_a_breach_is_enough_to_fail() -> None:
    assert judged(GOOD._replace(breaches=1), *[GOOD] * 15).evidence["broken"] == ["breaches"]


@pytest.mark.parametrize(
    "lanes", [[GOOD._replace(trades=19)] * 16, [GOOD._replace(met=1)] * 16, [GOOD._replace(trades=0, met=0)] * 16]
)
def test_too_few_trades_or_shocks_in_a_trade_measure_nothing(lanes: list[LaneNumbers]) -> None:
    result = judged(*lanes)
    assert (result.passed, result.code, result.observed) == (False, ReasonCode.STRESS_NOT_MEASURED, None)
    assert "was not measured" in result.message


def test_what_is_not_measured_says_so_even_where_a_limit_is_broken_too() -> None:
    assert judged(*[GOOD._replace(trades=1, max_drawdown=0.9)] * 16).code is ReasonCode.STRESS_NOT_MEASURED


def test_a_shock_that_lasts_all_the_time_meets_every_trade() -> None:
    assert judged(GOOD._replace(shocks=0, met=0)).passed


@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=40), st.floats(0.5, 1.0), st.randoms(use_true_random=False))
def test_a_quantile_is_of_the_side_that_hurts_and_of_any_order(values: list[float], share: float, random: Any) -> None:
    lanes = [GOOD._replace(max_drawdown=value, total_return=-value) for value in values]
    found = scenario_numbers(lanes, BASE, share)
    assert found["max_drawdown"] == -found["total_return"]
    assert sum(value <= found["max_drawdown"] for value in values) >= share * len(values)
    random.shuffle(lanes)
    assert scenario_numbers(lanes, BASE, share) == found


def test_drawdown_is_down_to_the_worst_price_inside_a_bar() -> None:
    assert path(110.0, 108.0, 120.0, low=(109.0, 88.0, 119.0)).drawdown == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("equity", "bars"),
    [
        ((101.0, 102.0, 103.0, 104.0), 0),
        ((100.0, 100.0, 100.0, 100.0), 0),
        ((99.0, 99.5, 100.0, 104.0), 2),
        ((110.0, 109.0, 108.0, 107.0), 3),
        ((90.0, 90.0, 90.0, 90.0), 4),
    ],
)
def test_time_under_water_runs_from_a_peak_until_it_is_reached_again(equity: tuple[float, ...], bars: int) -> None:
    assert path(*equity).under_water == bars / 4


@given(st.lists(st.floats(1.0, 200.0), min_size=2, max_size=30))
def test_windows_that_hold_all_bars_hold_all_returns(equity: list[float]) -> None:
    lane = path(*equity)
    each = lane.inside([Window(at, at + 1) for at in range(len(equity))])
    steps = np.diff(np.r_[100.0, equity]) / np.r_[100.0, equity[:-1]]
    assert each == pytest.approx(float(steps.sum()))
    assert lane.inside([Window(0, len(equity))]) == pytest.approx(lane.total_return)
    assert lane.inside([]) == 0.0


def numbers(lane: LanePath, base: LanePath, *windows: Window) -> LaneNumbers:
    empty = np.zeros(0)
    bars = Bars("SIM", 1, np.zeros(0, dtype=np.int64), *[empty] * 5)
    return lane_numbers(lane, base, StressedMarket(bars, windows, len(windows)), met=len(windows), bars_per_year=8766.0)


def test_a_loss_inside_a_shock_is_not_hidden_by_gains_elsewhere() -> None:
    base, lane = path(150.0, 150.0, 225.0), path(150.0, 120.0, 180.0)
    found = numbers(lane, base, Window(1, 2))
    assert found.total_return == pytest.approx(0.8)
    assert (found.inside, found.base_inside, found.shock_loss) == pytest.approx((-0.2, 0.0, 0.2))
    assert found.excess_drawdown == pytest.approx(0.2)


def test_what_the_base_path_lost_in_the_window_is_not_the_shocks_and_a_gain_foregone_is_no_loss() -> None:
    losing, gaining, shocked = path(100.0, 90.0), path(100.0, 130.0), path(100.0, 85.0)
    assert numbers(shocked, losing, Window(1, 2)).shock_loss == pytest.approx(0.05)
    assert numbers(shocked, gaining, Window(1, 2)).shock_loss == pytest.approx(0.15)
    assert numbers(path(100.0, 101.0), gaining, Window(1, 2)).shock_loss == pytest.approx(-0.01)


def test_an_account_with_nothing_left_has_no_finite_loss_inside_and_fails() -> None:
    lane = path(100.0, 0.0, 0.0, low=(100.0, 0.0, 0.0))
    found = numbers(lane, path(100.0, 110.0, 120.0), Window(2, 3))
    assert math.isnan(found.shock_loss)
    assert not judged(found._replace(trades=40)).passed
