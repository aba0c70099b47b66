from __future__ import annotations

import pytest

from tests.support.steps import parameters_of, seen_of
from trading.steps.resting import resting_quantity

TOUCHED = parameters_of(participation=0.1)
THROUGH = parameters_of(participation=0.1, limit_through=1.0, tick=0.5)
#: 90 to 110 around 100, of which a tenth of the volume is 20
BAR = seen_of(high=110.0, low=90.0, volume=200.0)


@pytest.mark.parametrize(("limit", "side"), [(110.0, 1.0), (90.0, -1.0), (101.0, 1.0), (99.0, -1.0)])
def test_the_null_version_gets_its_share_of_the_volume_when_touched(limit: float, side: float) -> None:
    assert resting_quantity(TOUCHED, BAR, limit, side) == 20.0


@pytest.mark.parametrize(("limit", "side"), [(110.25, 1.0), (89.75, -1.0)])
@pytest.mark.parametrize("p", [TOUCHED, THROUGH], ids=["touched", "through"])
def test_a_limit_out_of_reach_gets_nothing(p: object, limit: float, side: float) -> None:
    assert resting_quantity(p, BAR, limit, side) == 0.0  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("limit", "side"), [(110.0, 1.0), (109.75, 1.0), (90.0, -1.0), (90.25, -1.0)])
def test_a_touch_or_less_than_a_tick_beyond_is_no_trade_through(limit: float, side: float) -> None:
    assert resting_quantity(THROUGH, BAR, limit, side) == 0.0


@pytest.mark.parametrize(
    ("limit", "side", "part"), [(109.5, 1.0, 0.025), (105.0, 1.0, 0.25), (90.5, -1.0, 0.025), (100.0, -1.0, 0.5)]
)
def test_beyond_a_tick_it_gets_the_part_of_the_range_that_lies_beyond(limit: float, side: float, part: float) -> None:
    assert resting_quantity(THROUGH, BAR, limit, side) == pytest.approx(20.0 * part, rel=1e-12)


def test_a_millionth_of_a_tick_is_rounding() -> None:
    almost = seen_of(high=110.0 + 0.5 * (1.0 - 5e-7), low=90.0, volume=200.0)
    assert resting_quantity(THROUGH, almost, 110.0, 1.0) > 0.0
    less = seen_of(high=110.0 + 0.5 * (1.0 - 3e-6), low=90.0, volume=200.0)
    assert resting_quantity(THROUGH, less, 110.0, 1.0) == 0.0


@pytest.mark.parametrize(("limit", "side"), [(90.0, 1.0), (80.0, 1.0), (110.0, -1.0), (120.0, -1.0)])
def test_a_bar_that_lies_beyond_the_limit_gives_all_of_the_share_and_no_more(limit: float, side: float) -> None:
    assert resting_quantity(THROUGH, BAR, limit, side) == 20.0


def test_a_bar_without_a_range_beyond_the_limit_gives_all_of_the_share() -> None:
    assert resting_quantity(THROUGH, seen_of(high=100.0, low=100.0, volume=200.0), 99.0, 1.0) == 20.0
