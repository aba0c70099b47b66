from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.simulation.metrics.drawdown import intrabar_drawdown, max_drawdown


def test_a_drawdown_is_the_largest_share_lost_since_a_peak() -> None:
    assert max_drawdown(np.array([110.0, 88.0, 120.0]), 100.0) == pytest.approx(0.2)
    assert max_drawdown(np.array([90.0, 95.0]), 100.0) == pytest.approx(0.1)
    assert max_drawdown(np.array([101.0, 102.0]), 100.0) == 0.0


def test_inside_a_bar_equity_falls_from_the_closes_before_it() -> None:
    equity, low = np.array([110.0, 130.0, 125.0]), np.array([95.0, 88.0, 104.0])
    # 95 of 100, 88 of 110, 104 of 130.
    assert intrabar_drawdown(equity, low, 100.0) == pytest.approx(0.2)
    assert max_drawdown(equity, 100.0) == pytest.approx(5 / 130)


def test_the_close_of_a_bar_is_no_peak_of_its_own_low() -> None:
    assert intrabar_drawdown(np.array([200.0]), np.array([100.0]), 100.0) == 0.0


def test_no_bars_fall_by_nothing() -> None:
    assert intrabar_drawdown(np.empty(0), np.empty(0), 100.0) == 0.0


def test_an_equity_that_is_no_number_has_no_drawdown() -> None:
    assert math.isnan(max_drawdown(np.array([100.0, math.nan, 90.0]), 100.0))
    assert math.isnan(intrabar_drawdown(np.array([100.0, 90.0]), np.array([math.nan, 80.0]), 100.0))
    assert math.isnan(intrabar_drawdown(np.array([math.nan, 90.0]), np.array([80.0, 80.0]), 100.0))


@given(steps=st.lists(st.tuples(st.floats(0.8, 1.25), st.floats(0.0, 0.2)), min_size=1, max_size=60))
def test_a_fall_inside_bars_is_never_smaller_than_one_between_closes(steps: list[tuple[float, float]]) -> None:
    growth, depth = np.array(steps).T
    equity = 100.0 * np.cumprod(growth)
    low = np.minimum(equity, np.r_[100.0, equity[:-1]]) * (1.0 - depth)
    peaks = [max(100.0, *equity[:bar]) if bar else 100.0 for bar in range(len(equity))]
    by_hand = max(0.0, *(1.0 - low[bar] / peak for bar, peak in enumerate(peaks)))
    assert intrabar_drawdown(equity, low, 100.0) == pytest.approx(by_hand, abs=1e-12)
    assert intrabar_drawdown(equity, low, 100.0) >= max_drawdown(equity, 100.0) >= 0.0
    assert intrabar_drawdown(equity, equity, 100.0) == max_drawdown(equity, 100.0)
