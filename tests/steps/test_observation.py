from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support.steps import DAY_MS, HOUR_MS, account_of, signal_of
from trading.arrays import Floats
from trading.steps.account import ACCOUNT_FIELDS
from trading.steps.bar import BarColumns
from trading.steps.observation import (
    POSITION_INPUTS,
    Signal,
    SignalColumns,
    View,
    observation_names,
    observation_step,
    signal_at,
    view_at,
)

FEATURES = ("one", "two", "three")
OPINION = np.array([1.0, 0.6, 0.2, 0.3, 0.5, 0.45])
SEEN = {
    "direction": -1.0,
    "direction_age": 4.0,
    "equity": 900.0,
    "peak": 1_200.0,
    "last_return": 0.02,
    "win_rate": 0.35,
    "since_exit": 8.0,
}


def observed(
    account: Floats,
    *,
    close_ts: int = 0,
    features: tuple[float, ...] = (0.5, -1.5, 2.0),
    reviewed: bool = False,
    **signal: float,
) -> dict[str, float]:
    """An observation by name."""
    names = observation_names(FEATURES, reviewed=reviewed)
    out = np.full(len(names), math.nan)
    seen = signal_of(close_ts=close_ts, **signal)  # pyright: ignore[reportArgumentType]
    observation_step(account, View(seen, np.array(features), OPINION), out)
    return dict(zip(names, out.tolist(), strict=True))


def test_an_observation_is_features_opinion_account_and_clock() -> None:
    # Six hours into the day, a day and six hours into the week.
    found = observed(account_of(**SEEN), close_ts=21 * DAY_MS + DAY_MS + 6 * HOUR_MS)
    week = 2.0 * math.pi * 1.25 / 7.0
    assert found == pytest.approx(
        {
            "one": 0.5,
            "two": -1.5,
            "three": 2.0,
            "extra_1": 0.2,
            "extra_2": 0.3,
            "extra_3": 0.5,
            "direction": -1.0,
            "confidence": 0.5,
            "doubt": 0.45,
            "direction_age": math.log(5.0) / 5.0,
            "drawdown": 2.5,
            "last_trade": 1.0,
            "win_rate": 0.35,
            "since_exit": math.log(9.0) / 5.0,
            "hour_sin": 1.0,
            "hour_cos": 0.0,
            "week_sin": math.sin(week),
            "week_cos": math.cos(week),
        },
        abs=1e-9,
    )


def test_features_are_clipped_to_five_deviations() -> None:
    found = observed(account_of(), features=(9.0, -9.0, 4.5))
    assert [found[name] for name in FEATURES] == [5.0, -5.0, 4.5]


@pytest.mark.parametrize(("last_return", "seen"), [(0.5, 5.0), (-0.5, -5.0), (-0.01, -0.5), (0.09, 4.5)])
def test_the_last_trade_is_clipped_too(last_return: float, seen: float) -> None:
    assert observed(account_of(last_return=last_return))["last_trade"] == pytest.approx(seen, rel=1e-12)


def test_the_clock_turns_once_a_day_and_once_a_week() -> None:
    start = observed(account_of(), close_ts=5 * DAY_MS + 7 * HOUR_MS)
    day = observed(account_of(), close_ts=6 * DAY_MS + 7 * HOUR_MS)
    week = observed(account_of(), close_ts=12 * DAY_MS + 7 * HOUR_MS)
    for name in ("hour_sin", "hour_cos"):
        assert start[name] == pytest.approx(day[name], abs=1e-9)
    assert start["week_sin"] != pytest.approx(day["week_sin"], abs=1e-3)
    assert start == pytest.approx(week, abs=1e-9)


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize(("direction", "agreement"), [(1, 1.0), (0, 0.0), (-1, -1.0)])
def test_a_policy_that_is_asked_about_positions_sees_the_one_it_has(
    side: float, direction: int, agreement: float
) -> None:
    account = account_of(quantity=side * 3.0, entry_quantity=side * 4.0, entry_price=100.0, held=7.0)
    close = 100.0 * math.exp(side * 0.02)
    found = observed(account, reviewed=True, close=close, log_volatility=math.log(0.008), direction=direction)
    assert [found[name] for name in POSITION_INPUTS] == pytest.approx(
        [side * 0.75, side * agreement, math.log(8.0) / 5.0, 0.5]
    )
    without = observed(account, close=close, log_volatility=math.log(0.008), direction=direction)
    assert {name: value for name, value in found.items() if name not in POSITION_INPUTS} == without


def test_what_a_position_has_gained_is_clipped_and_a_flat_account_has_none() -> None:
    account = account_of(quantity=1.0, entry_quantity=1.0, entry_price=10.0)
    assert observed(account, reviewed=True, close=100.0)["open_return"] == 5.0
    assert observed(account, reviewed=True, close=1.0)["open_return"] == -5.0
    assert [observed(account_of(), reviewed=True)[name] for name in POSITION_INPUTS] == [0.0] * 4


def test_every_input_has_a_name_of_its_own() -> None:
    names = observation_names(FEATURES)
    assert names[:3] == FEATURES
    assert len(set(names)) == len(names) == 18
    assert set(SEEN) <= set(ACCOUNT_FIELDS)


def test_the_view_of_a_bar_is_a_row_of_every_column() -> None:
    count = 3

    def column(start: float) -> Floats:
        return start + np.arange(count, dtype=np.float64)

    ts = np.arange(count) * HOUR_MS
    bars = BarColumns(HOUR_MS, ts, *(column(10.0 * k) for k in range(1, 7)))
    signals = SignalColumns(
        log_volatility=column(-4.0),
        features=column(0.0).repeat(2).reshape(count, 2),
        opinions=column(7.0).repeat(6).reshape(count, 6),
        warm=np.array([0, 1, 1]),
        direction=np.array([0, -1, 1]),
        confidence=column(0.25),
        cash=np.array([1, 0, 1]),
    )
    assert signal_at(bars, signals, 1) == Signal(2 * HOUR_MS, 41.0, -3.0, 1, -1, 1.25, 0)
    view = view_at(bars, signals, 2)
    assert view.signal == Signal(3 * HOUR_MS, 42.0, -2.0, 1, 1, 2.25, 1)
    assert view.features.tolist() == [2.0, 2.0]
    assert view.opinion.tolist() == [9.0] * 6
