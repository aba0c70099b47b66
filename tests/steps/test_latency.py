from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.steps import HOUR_MS, bar_of, parameters_of, seen_of
from trading.steps.latency import late_price, lateness

P = parameters_of(interval=HOUR_MS)


@pytest.mark.parametrize(
    ("ready", "share"), [(0.0, 0.0), (1.0, 0.0), (1.25, 0.25), (2.0, 1.0), (3.5, 2.5)], ids=lambda value: f"{value}"
)
def test_lateness_is_the_share_of_the_bar_that_is_over(ready: float, share: float) -> None:
    assert lateness(P, bar_of(ts=HOUR_MS), ready * HOUR_MS) == share


def test_an_order_that_is_in_time_meets_the_open() -> None:
    assert late_price(seen_of(opened=100.0), 1.0, 0.0) == 100.0
    assert late_price(seen_of(opened=100.0), -1.0, 0.0) == 100.0


def test_a_late_order_meets_a_price_that_moved_against_it_with_the_root_of_time() -> None:
    bar = seen_of(opened=100.0, high=108.0, low=94.0)
    assert late_price(bar, 1.0, 0.25) == 104.0
    assert late_price(bar, -1.0, 0.25) == 97.0


def test_a_bar_that_never_moved_against_an_order_costs_it_nothing() -> None:
    bar = seen_of(opened=100.0, high=100.0, low=100.0)
    assert late_price(bar, 1.0, 0.5) == 100.0
    # A confirmed extreme never lies inside the open, and if it did, nothing would be won.
    assert late_price(seen_of(opened=100.0, high=99.0, low=99.0), 1.0, 0.5) == 100.0
    assert late_price(seen_of(opened=100.0, high=102.0, low=102.0), -1.0, 0.5) == 100.0


@given(late=st.floats(0.0, 1.0, exclude_max=True), side=st.sampled_from([1.0, -1.0]))
def test_a_late_price_is_one_of_the_bar(late: float, side: float) -> None:
    assert 90.0 <= late_price(seen_of(high=110.0, low=90.0), side, late) <= 110.0
