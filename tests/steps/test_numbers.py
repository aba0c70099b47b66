from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.steps.numbers import grid, interpolate, lots, quantised, tick_away, tick_down, tick_up, unit

TICKS = ("1e-8", "1e-5", "0.0001", "0.01", "0.05", "0.1", "0.25", "0.5", "1", "5", "100")


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(0.0, 0.0), (0.1234564, 0.123456), (0.1234566, 0.123457), (-0.1234566, -0.123457), (2.5e-6, 3e-6), (7.0, 7.0)],
)
def test_a_decided_number_is_rounded_to_a_millionth(value: float, rounded: float) -> None:
    assert quantised(value) == pytest.approx(rounded, abs=1e-12)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_decides_nothing(value: float) -> None:
    assert math.isnan(quantised(value))


@pytest.mark.parametrize(
    ("quantity", "lot", "whole"),
    [(0.3, 0.1, 0.3), (0.39, 0.1, 0.3), (2.0, 0.5, 2.0), (1.99, 0.5, 1.5), (0.0, 0.5, 0.0), (7.9, 2.0, 6.0)],
)
def test_quantities_are_rounded_down_to_whole_lots(quantity: float, lot: float, whole: float) -> None:
    assert lots(quantity, lot) == pytest.approx(whole, rel=1e-12)


def test_a_millionth_of_a_lot_is_rounding() -> None:
    assert lots(1.5 - 0.5 * 5e-7, 0.5) == 1.5
    assert lots(1.5 - 0.5 * 3e-6, 0.5) == 1.0


@pytest.mark.parametrize("tick", TICKS)
@given(count=st.integers(1, 10**9))
def test_a_price_on_the_tick_is_the_nearest_number_to_its_decimal(tick: str, count: int) -> None:
    step, price = float(tick), float(count * Decimal(tick))
    assert tick_up(price, step) == price
    assert tick_down(price, step) == price
    assert tick_away(price, step, 1.0) == tick_away(price, step, -1.0) == price


@pytest.mark.parametrize("tick", TICKS)
@given(count=st.integers(1, 10**8), part=st.floats(1e-4, 1.0 - 1e-4))
def test_a_price_between_ticks_goes_to_the_decimals_beside_it(tick: str, count: int, part: float) -> None:
    step = float(tick)
    price = (count + part) * step
    assert tick_down(price, step) == float(count * Decimal(tick))
    assert tick_up(price, step) == float((count + 1) * Decimal(tick))


def test_a_step_of_which_no_whole_number_makes_a_unit_still_rounds() -> None:
    assert tick_down(10.0, 0.3) == pytest.approx(9.9)
    assert tick_up(10.0, 0.3) == pytest.approx(10.2)


def test_a_price_within_a_millionth_of_a_tick_is_on_it() -> None:
    for off in (5e-7, -5e-7):
        assert tick_up(100.0 + 0.25 * off, 0.25) == 100.0
        assert tick_down(100.0 + 0.25 * off, 0.25) == 100.0
    assert tick_up(100.0 + 0.25 * 3e-6, 0.25) == 100.25
    assert tick_down(100.0 - 0.25 * 3e-6, 0.25) == 99.75


def test_a_price_is_rounded_against_whoever_trades_at_it_and_never_under_one_tick() -> None:
    assert tick_away(100.1, 0.25, 1.0) == 100.25
    assert tick_away(100.1, 0.25, -1.0) == 100.0
    assert tick_away(0.1, 0.25, -1.0) == 0.25
    assert tick_away(0.1, 0.25, 1.0) == 0.25


@pytest.mark.parametrize(
    ("n", "tick", "price"),
    [
        (2_001.0, 0.05, 100.05),
        (3.0, 0.1, 0.3),
        (7.0, 1.0, 7.0),
        (7.0, 5.0, 35.0),
        (7.0, 0.3, 7.0 * 0.3),
        (7.0, 0.4, 7.0 * 0.4),
        (7.0, 0.7, 7.0 * 0.7),
        (7.0, 1.5, 10.5),
        # One but for its last digits is one.
        (7.0, 1.0 + 2.0**-45, 7.0),
        # Not so near to a fourth that it could be one.
        (7.0, 0.25 + 2.0**-30, 7.0 * (0.25 + 2.0**-30)),
    ],
)
def test_whole_ticks_are_the_same_double_as_their_decimal(n: float, tick: float, price: float) -> None:
    assert grid(n, tick) == price


@pytest.mark.parametrize(
    ("value", "mapped"), [(-1.0, 0.0), (0.0, 0.5), (0.5, 0.75), (1.0, 1.0), (-3.0, 0.0), (3.0, 1.0)]
)
def test_an_action_is_mapped_to_a_share_and_clipped(value: float, mapped: float) -> None:
    assert unit(value) == mapped


@given(value=st.floats(-0.5, 1.5), seed=st.integers(0, 100))
def test_interpolation_equals_numpy(value: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = np.unique(rng.uniform(size=6)), np.sort(rng.uniform(size=6))
    np.testing.assert_allclose(interpolate(value, x, y), np.interp(value, x, y), atol=1e-12)


@pytest.mark.parametrize("count", [2, 3, 4, 7])
def test_interpolation_meets_every_knot_and_is_constant_beyond_them(count: int) -> None:
    x, y = np.linspace(1.0, 2.0, count), np.sqrt(np.arange(count) + 0.01)
    assert [interpolate(float(knot), x, y) for knot in x] == y.tolist()
    assert interpolate(0.5, x, y) == y[0]
    assert interpolate(2.5, x, y) == y[-1]
    assert isinstance(interpolate(0.5, x, y), float)


def test_a_knot_has_its_value_to_the_last_digit() -> None:
    # 0.2 + (0.9 - 0.2) is not 0.9.
    assert interpolate(1.0, np.array([0.0, 1.0]), np.array([0.2, 0.9])) == 0.9
    assert interpolate(0.5, np.array([0.0, 0.5, 1.0]), np.array([0.2, 0.9, 1.0])) == 0.9


def test_one_knot_maps_everything_to_its_value() -> None:
    assert [interpolate(value, np.array([0.5]), np.array([0.7])) for value in (0.0, 0.5, 1.0)] == [0.7, 0.7, 0.7]
