from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.moments import DAY_MS, iso_ms
from trading.simulation.metrics.returns import bar_returns, daily_returns

HOUR_MS = 3_600_000


def moments(*texts: str) -> np.ndarray:
    return np.array([iso_ms(text) for text in texts])


def test_a_bars_return_is_its_equity_over_that_before() -> None:
    np.testing.assert_allclose(bar_returns(np.array([110.0, 99.0]), 100.0), [0.1, -0.1], rtol=1e-12)


def test_a_days_return_is_from_its_last_bar_to_the_next_days_and_the_first_is_from_the_start() -> None:
    ts = moments("2024-03-04T22:00", "2024-03-04T23:00", "2024-03-05T00:00", "2024-03-05T23:00", "2024-03-06T00:00")
    daily = daily_returns(ts, np.array([90.0, 110.0, 1.0, 99.0, 198.0]), 100.0)
    np.testing.assert_allclose(daily.returns, [0.1, -0.1, 1.0], rtol=1e-12)
    assert daily.days_per_year == 365.25


def test_days_on_which_the_market_is_closed_have_no_return_and_make_the_year_shorter() -> None:
    start = iso_ms("2024-03-04")
    weekdays = [day for day in range(28 * 7) if day % 7 < 5]
    ts = np.array([start + day * DAY_MS + 15 * HOUR_MS for day in weekdays])
    daily = daily_returns(ts, np.full(len(ts), 100.0), 100.0)
    assert len(daily.returns) == 28 * 5
    # From the first Monday to the last Friday.
    assert daily.days_per_year == pytest.approx(365.25 * 140 / 194)
    assert daily.days_per_year == pytest.approx(261, rel=0.02)


def test_bars_of_a_day_each_have_the_same_returns_by_day_as_by_bar() -> None:
    equity = np.array([101.0, 99.0, 120.0])
    daily = daily_returns(np.arange(3) * DAY_MS, equity, 100.0)
    np.testing.assert_array_equal(daily.returns, equity / np.r_[100.0, equity[:-1]] - 1.0)


def test_after_an_equity_of_zero_there_is_no_return() -> None:
    daily = daily_returns(np.arange(3) * DAY_MS, np.array([50.0, 0.0, 0.0]), 100.0)
    np.testing.assert_array_equal(daily.returns, [-0.5, -1.0, np.nan])
    again = daily_returns(np.arange(4) * DAY_MS, np.array([0.0, 10.0, -10.0, 5.0]), 100.0)
    np.testing.assert_array_equal(again.returns, [-1.0, np.nan, -2.0, np.nan])


def test_no_bars_have_no_days() -> None:
    daily = daily_returns(np.empty(0, dtype=np.int64), np.empty(0), 100.0)
    assert len(daily.returns) == 0
    assert daily.days_per_year == 365.25


@pytest.mark.filterwarnings("error")
def test_a_bar_after_an_equity_of_nothing_has_no_return() -> None:
    found = bar_returns(np.array([0.0, 10.0, -10.0, 5.0, 10.0]), 100.0)
    np.testing.assert_array_equal(found, [-1.0, np.nan, -2.0, np.nan, 1.0])


def test_after_an_equity_of_half_a_unit_there_is_a_return() -> None:
    np.testing.assert_array_equal(bar_returns(np.array([0.5, 0.75]), 1.0), [-0.5, 0.5])
    daily = daily_returns(np.arange(2) * DAY_MS, np.array([0.5, 0.75]), 1.0)
    np.testing.assert_array_equal(daily.returns, [-0.5, 0.5])


@given(
    gaps=st.lists(st.integers(1, 60), min_size=1, max_size=200),
    first=st.integers(0, 23),
    seed=st.integers(0, 99),
)
def test_days_together_grow_as_the_equity_does(gaps: list[int], first: int, seed: int) -> None:
    ts = (first + np.cumsum(gaps)) * HOUR_MS
    equity = 100.0 * np.exp(np.random.default_rng(seed).normal(0.0, 0.05, len(ts)).cumsum())
    daily = daily_returns(ts, equity, 100.0)
    assert len(daily.returns) == len({int(moment) // DAY_MS for moment in ts})
    assert np.prod(1.0 + daily.returns) == pytest.approx(equity[-1] / 100.0, rel=1e-12)
    # The years of the returns are those of the calendar.
    calendar_days = int(ts[-1]) // DAY_MS - int(ts[0]) // DAY_MS + 1
    assert len(daily.returns) / daily.days_per_year == pytest.approx(calendar_days / 365.25)
