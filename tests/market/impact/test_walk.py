"""An order that walks a book pays what adding up its levels by hand gives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.market.impact.walk import cost_beyond_best

steps = st.lists(st.tuples(st.floats(0.01, 5.0), st.floats(0.0, 50.0)), min_size=1, max_size=12)


def by_hand(levels: list[tuple[float, float]], wanted: float) -> float:
    left, paid = wanted, 0.0
    for price, held in levels:
        taken = min(left, held)
        paid += taken * price
        left -= taken
    return paid / wanted - levels[0][0] if left <= 0.0 else math.nan


@given(steps=steps, wanted=st.floats(0.01, 200.0))
def test_the_cost_is_that_of_the_levels_added_up(steps: list[tuple[float, float]], wanted: float) -> None:
    prices = 100.0 + np.cumsum([step for step, _ in steps])
    held = np.array([quantity for _, quantity in steps])
    total = float(np.cumsum(held)[-1])
    if abs(total - wanted) < 1e-9:
        return  # whether the last unit is there is then a matter of rounding
    expected = by_hand(list(zip(prices.tolist(), held.tolist(), strict=True)), wanted)
    buying = cost_beyond_best(prices[None], held[None], np.array([wanted]))[0]
    selling = cost_beyond_best((200.0 - prices)[None], held[None], np.array([wanted]))[0]
    assert buying == pytest.approx(expected, abs=1e-9, nan_ok=True)
    assert selling == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_an_order_that_the_best_level_holds_costs_nothing_more() -> None:
    prices, held = np.array([[10.0, 11.0]]), np.array([[2.0, 1.0]])
    assert cost_beyond_best(prices, held, np.array([2.0])).tolist() == [0.0]


def test_a_book_that_ends_first_gives_no_cost_at_all() -> None:
    prices, held = np.array([[10.0, 11.0], [10.0, 11.0]]), np.array([[2.0, 1.0], [2.0, 2.0]])
    costs = cost_beyond_best(prices, held, np.array([4.0, 4.0]))
    assert math.isnan(costs[0])
    assert costs[1] == pytest.approx(0.5)
