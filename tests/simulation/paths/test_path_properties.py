"""The properties find what breaks them: a sound path, with one number changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.paths.table import TABLE
from tests.support.decimal_account import BookedFill, Rates, decimal_bars, replay
from tests.support.decimal_player import play_in_decimals
from tests.support.path_differences import differences
from tests.support.path_properties import broken_properties
from tests.support.price_paths import FREE, Filled, Played, PricePath, bars_of

TARGET = "realistic: what the volume beyond leaves of a target stays a limit and fills later"
SPREAD = "a stop pays half the spread like every market fill"
FUNDING = "a trade's funding is both parts of the carry"
BANKRUPT = "an open under the bankruptcy price liquidates a long position at that price and leaves nothing"
CAP = "the cap counts the spread that a seller pays, marked at the reference"
WICK = "a stop pays its share of the way to the confirmed low"


def sound(name: str) -> tuple[PricePath, Played]:
    (path,) = (row for row in TABLE if row.name == name)
    return path, play_in_decimals({**FREE, **path.given}, bars_of(path), {path.order.after: path.order})


def said_of(path: PricePath, played: Played) -> str:
    return "; ".join(broken_properties({**FREE, **path.given}, bars_of(path), {path.order.after: path.order}, played))


def with_fill(played: Played, place: int, fill: Filled) -> Played:
    fills = list(played.fills)
    fills[place] = fill
    return replace(played, fills=fills)


@pytest.mark.parametrize("name", [TARGET, SPREAD, FUNDING, BANKRUPT, CAP, WICK])
def test_a_sound_path_breaks_nothing(name: str) -> None:
    assert not said_of(*sound(name))


@pytest.mark.parametrize(
    ("name", "place", "fill", "sentence"),
    [
        (TARGET, 0, ("entry", 200.0, 100.0, 1), "of a budget of 100"),
        (TARGET, 1, ("target", -12.0, 110.5, 2), "is not 110.0"),
        (TARGET, 1, ("target", -12.0, 110.0, 3), "a target beyond the confirmed bar"),
        (TARGET, 1, ("target", -12.4, 110.0, 2), "is not in whole lots"),
        (SPREAD, 0, ("entry", 10.0, 100.5, 1), "better than half the spread"),
        (SPREAD, 0, ("entry", 10.0, 101.003, 1), "is not on the tick"),
        (SPREAD, 1, ("stop", -10.0, 89.95, 2), "better than half the spread"),
        (SPREAD, 0, ("entry", -10.0, 99.0, 1), "not ordered"),
        (SPREAD, 0, ("entry", 10.0, 101.0, 0), "an entry that nothing decided"),
        (CAP, 0, ("entry", -110.0, 99.0, 1), "is over 1.0 of"),
    ],
)
def test_a_fill_that_breaks_a_rule_is_found(name: str, place: int, fill: Filled, sentence: str) -> None:
    path, played = sound(name)
    assert sentence in said_of(path, with_fill(played, place, fill))


def test_a_stop_that_only_an_unconfirmed_wick_touches_is_found() -> None:
    path, played = sound(WICK)
    deeper = replace(path, order=replace(path.order, stop=95.0))
    assert "a stop beyond the confirmed bar" in said_of(deeper, played)


def test_wrong_books_are_found() -> None:
    path, played = sound(FUNDING)
    (cash, position, equity) = played.after[-1]
    assert "cash" in said_of(path, replace(played, after=[*played.after[:-1], (cash + 1e-3, position, equity)]))
    assert "gains" in said_of(path, replace(played, trades=[replace(played.trades[0], pnl=0.8)]))
    assert "funding" in said_of(path, replace(played, trades=[replace(played.trades[0], funding=0.0)]))
    assert "the reason" in said_of(path, replace(played, trades=[replace(played.trades[0], reason="stop")]))
    assert "funding" in said_of(path, replace(played, paid=[(0.0, 0.0, 0.0, 0.0)] * 3))
    path, played = sound(SPREAD)
    assert "spread and slippage" in said_of(path, replace(played, trades=[replace(played.trades[0], slippage=5.0)]))
    path, played = sound(BANKRUPT)
    assert "nothing" in said_of(path, replace(played, after=[*played.after[:-1], (-1e-12, 0.0, -1e-12)]))


def test_two_players_differ_in_every_number_they_say() -> None:
    _, played = sound(SPREAD)
    assert not differences(played, played)
    kind, quantity, price, bar = played.fills[1]
    for other in (
        with_fill(played, 1, (kind, quantity, price + 0.01, bar)),
        with_fill(played, 1, ("time", quantity, price, bar)),
        with_fill(played, 1, (kind, quantity, price, bar - 1)),
        replace(played, after=[*played.after[:-1], (0.0, 0.0, 0.0)]),
        replace(played, paid=[(0.0, 0.0, 0.0, 0.0)] * 3),
        replace(played, trades=[replace(played.trades[0], mfe=0.5)]),
        replace(played, trades=[]),
        replace(played, halted=[True] * 3),
        replace(played, taken=[]),
    ):
        assert differences(other, played)


def test_a_fill_of_no_bar_is_refused() -> None:
    bars = decimal_bars([(0, 100.0, 100.0, 100.0, 100.0, 1.0, 0.0)])
    with pytest.raises(ValueError, match="1 fills belong to no bar, the first to bar 3"):
        replay(bars, [BookedFill(3, 1.0, 100.0, False)], Rates(), initial=1_000.0)
