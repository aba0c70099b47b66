"""What an audit of release 0.1 found wrong or too kind in the simulator, tried again: each row by its own name."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.support.paths import simulate
from tests.support.price_paths import FREE, HOUR_MS, START_MS, EntryOrder, Played, Prices

DEEP = 1e9
QUIET: Prices = (100.0, 100.0, 100.0, 100.0, DEEP)


def play(bars: list[Prices], quantity: float, *, stop: float = 50.0, target: float = 200.0, **given: Any) -> Played:
    """Bars after a quiet first one, at whose close an order is decided that is meant to fill at 100."""
    order = EntryOrder(quantity=quantity, stop=stop, target=target, at=100.0, duration=99)
    rows = [(START_MS + i * HOUR_MS, *bar, 0.0) for i, bar in enumerate([QUIET, *bars])]
    return simulate({**FREE, "initial_equity": 100_000.0, **given}, rows, {0: order})


def test_an_order_of_35_percent_at_100_that_opens_at_390_is_35_percent_there() -> None:
    played = play([(390.0, 395.0, 385.0, 390.0, DEEP)], 350.0, stop=20.0, target=900.0, size_cap=0.35)
    ((_, quantity, price, _),) = played.fills
    assert price == 390.0
    assert 0.349 < quantity * price / 100_000.0 <= 0.35


def test_a_short_in_a_squeeze_is_liquidated_and_its_equity_never_under_0() -> None:
    squeeze: list[Prices] = [QUIET, (390.0, 400.0, 380.0, 395.0, DEEP)]
    played = play(squeeze, -900.0, stop=199.0, target=20.0, fee_bps=4.0, spread_bps=2.0, stop_slip=0.25)
    assert played.trades[0].reason == "liquidation"
    assert min(equity for _, _, equity in played.after) == 0.0


def test_a_round_trip_at_100_with_a_spread_of_4_bps_costs_it_also_where_the_tick_is_wider() -> None:
    leaving: list[Prices] = [QUIET, (100.0, 100.0, 90.0, 95.0, DEEP)]
    played = play([QUIET, *leaving], 100.0, stop=100.0, spread_bps=4.0, tick=0.05)
    bought, sold = played.fills[0][2], played.fills[1][2]
    assert bought == 100.05
    assert sold <= 99.95
    assert (bought - sold) / 100.0 >= 4e-4


def test_a_stop_in_a_crash_bar_pays_a_share_of_the_way_to_the_low() -> None:
    crash: list[Prices] = [QUIET, (100.0, 100.0, 78.0, 92.0, DEEP)]
    at_its_price, slipped = (play(crash, 100.0, stop=97.04, stop_slip=share) for share in (0.0, 0.25))
    assert at_its_price.fills[1][2] == 97.04
    assert slipped.fills[1][2] == pytest.approx(97.04 - 0.25 * (97.04 - 78.0), abs=0.01)


def test_a_target_that_is_merely_touched_does_not_fill() -> None:
    touched: list[Prices] = [QUIET, (100.0, 110.0, 99.0, 105.0, DEEP)]
    assert [fill[0] for fill in play(touched, 100.0, target=110.0).fills] == ["entry", "target"]
    assert [fill[0] for fill in play(touched, 100.0, target=110.0, limit_through=True).fills] == ["entry"]


def test_a_target_is_never_filled_better_than_its_limit() -> None:
    over: list[Prices] = [QUIET, (130.0, 135.0, 128.0, 131.0, DEEP)]
    for through in (False, True):
        assert play(over, 100.0, target=110.0, limit_through=through).fills[1][2] == 110.0


def test_a_target_gets_a_share_of_the_volume_beyond_it_alone() -> None:
    beyond: list[Prices] = [QUIET, (100.0, 112.0, 92.0, 105.0, 1_000.0)]
    played = play(beyond, 100.0, target=110.0, limit_through=True, max_participation=0.1)
    # A tenth of the range lies beyond 110, and a tenth of its volume may be taken: 10 of 1,000.
    assert played.fills[1][1] == pytest.approx(-10.0)


def test_all_fills_of_a_bar_share_one_budget_of_its_volume() -> None:
    # In at the open, and stopped within the same bar of 30 units, of which a tenth may be taken.
    played = play(
        [(100.0, 100.0, 80.0, 85.0, 30.0), (85.0, 86.0, 84.0, 85.0, 30.0)], 6.0, stop=97.0, max_participation=0.1
    )
    by_bar = [sum(abs(fill[1]) for fill in played.fills if fill[3] == bar) for bar in (1, 2)]
    assert by_bar == pytest.approx([3.0, 3.0])


def test_slippage_follows_the_volatility_of_the_bar() -> None:
    calm, wild = ((100.0, 100.0 + wide, 100.0 - wide, 100.0, 10_000.0) for wide in (0.1, 5.0))
    paid = [play([bar], 100.0, impact=0.8).fills[0][2] - 100.0 for bar in (calm, wild)]
    for found, wide in zip(paid, (0.1, 5.0), strict=True):
        expected = 100.0 * 0.8 * (2.0 * wide / 100.0) / 1.596 * math.sqrt(0.01)
        assert found == pytest.approx(expected, abs=0.011)
    assert paid[1] > 10.0 * paid[0]


def test_the_rest_of_a_target_stays_a_limit_and_is_not_sent_to_market() -> None:
    part: Prices = (100.0, 111.0, 99.0, 100.0, 400.0)
    fall: Prices = (90.0, 91.0, 89.0, 90.0, DEEP)
    rise: Prices = (109.0, 115.0, 108.0, 112.0, DEEP)
    played = play([QUIET, part, fall, rise], 100.0, target=110.0, max_participation=0.1)
    assert [(kind, price, bar) for kind, _, price, bar in played.fills[1:]] == [
        ("target", 110.0, 2),
        ("target", 110.0, 4),
    ]


def test_a_bad_wick_fills_nothing() -> None:
    usual: Prices = (100.0, 100.5, 99.5, 100.0, DEEP)
    wick: Prices = (100.0, 400.0, 1.0, 100.0, DEEP)
    bars = [usual, usual, wick, usual]
    assert [fill[0] for fill in play(bars, 100.0, stop=60.0, target=150.0).fills] == ["entry", "stop"]
    assert [fill[0] for fill in play(bars, 100.0, stop=60.0, target=150.0, wick_limit=15.0).fills] == ["entry"]
