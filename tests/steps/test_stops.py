from __future__ import annotations

import pytest

from tests.support.steps import parameters_of, seen_of
from trading.steps.stops import first_price, triggered_price

QUARTER = parameters_of(stop_slip=0.25)


@pytest.mark.parametrize(
    ("level", "side", "first"),
    [(95.0, 1.0, 95.0), (102.0, 1.0, 100.0), (104.0, -1.0, 104.0), (98.0, -1.0, 100.0)],
)
def test_the_first_price_is_the_level_or_the_open_of_a_bar_that_opens_beyond_it(
    level: float, side: float, first: float
) -> None:
    assert first_price(seen_of(opened=100.0), level, side) == first


def test_a_stop_pays_its_share_of_the_way_to_the_extreme_that_hurts() -> None:
    bar = seen_of(opened=100.0, high=108.0, low=91.0)
    assert triggered_price(QUARTER, bar, 95.0, 1.0) == 94.0
    assert triggered_price(QUARTER, bar, 104.0, -1.0) == 105.0


def test_from_an_open_beyond_the_stop_the_way_starts_at_the_open() -> None:
    bar = seen_of(opened=100.0, high=108.0, low=92.0)
    assert triggered_price(QUARTER, bar, 102.0, 1.0) == 98.0
    assert triggered_price(QUARTER, bar, 98.0, -1.0) == 102.0


def test_the_null_version_is_the_stops_own_price() -> None:
    assert triggered_price(parameters_of(), seen_of(), 95.0, 1.0) == 95.0
