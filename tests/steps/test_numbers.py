"""Prices on the tick are the very decimals that a data file writes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.steps.numbers import tick_away, tick_down, tick_up

TICKS = ("1e-8", "1e-5", "0.0001", "0.01", "0.05", "0.1", "0.25", "0.5", "1", "5", "100")


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
