"""How a trade of plain data ends, by the rules in which simulators differ; and which of them explain a difference.

This is no part of any simulator: it is written for the comparison, so that a difference counts as explained only where
a rule, applied to the bars, gives the peer's trade to the tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from bench.peers.asked import Asked, Trade


class Rules(NamedTuple):
    """Choices of a simulator where its users see only bars; the defaults are those of ``docs/simulation.md``.

    Attributes:
        entry_bar: whether stop and target are looked at on the bar of the entry.
        stop_first: whether a bar that touches both met the stop first; else it went open, high, low, close.
        stop_open: whether a stop that the open lies beyond fills at the open; else at its own price, which is better.
        target_limit: whether a target that the open lies beyond fills at its own price; else at the open.
        time_first: whether the exit after the holding time, at the open, comes before that bar's stop and target.
        time_over_gap: whether it also comes before a stop or target that this very open lies beyond.
        apart: whether each entry is a trade of its own; else one that is asked for during another is not made.
    """

    entry_bar: bool = True
    stop_first: bool = True
    stop_open: bool = True
    target_limit: bool = True
    time_first: bool = True
    time_over_gap: bool = True
    apart: bool = True


OURS = Rules()
THEIRS = {
    "backtesting_py": Rules(target_limit=False),
    "nautilus": Rules(stop_first=False, stop_open=False, time_over_gap=False),
    "vectorbt_signals": Rules(entry_bar=False, target_limit=False, time_first=False, apart=False),
}
"""What the documentation and the code of each peer say."""


class Difference(NamedTuple):
    """A trade that a peer made differently, or did not make.

    Attributes:
        ours: the trade.
        theirs: the peer's; None if it made none.
        rules: names of the fewest rules by which the peer's trade follows; empty if it does not.
    """

    ours: Trade
    theirs: Trade | None
    rules: tuple[str, ...]


def expected(asked: Asked, rules: Rules) -> dict[int, Trade]:
    """Every trade by the bar of its entry.

    Args:
        asked: bars and entries.
        rules: of a simulator.
    """
    found: dict[int, Trade] = {}
    free = 0
    for number, entry in enumerate(asked.entry.tolist()):
        if rules.apart or entry >= free:
            trade = _ended(asked, number, rules)
            if trade is not None:
                found[entry] = trade
            # The bar on which a position leaves is not one on which the next is entered.
            free = len(asked.ts) if trade is None else trade.exit_bar + 1
    return found


def compare(asked: Asked, ours: Sequence[Trade], theirs: Sequence[Trade], rules: Rules) -> list[Difference]:
    """Every difference between two lists of trades, each with the rules that make it.

    Args:
        asked: bars and entries.
        ours: one for each entry.
        theirs: of a peer.
        rules: the peer's.
    """
    by_entry = {trade.entry_bar: trade for trade in theirs}
    switched = [name for name in Rules._fields if getattr(rules, name) != getattr(OURS, name)]
    sets = [names for size in range(1, len(switched) + 1) for names in combinations(switched, size)]
    worlds = {names: expected(asked, OURS._replace(**dict.fromkeys(names, False))) for names in sets}
    found = []
    for trade in ours:
        other = by_entry.pop(trade.entry_bar, None)
        if other is None or not same(trade, other, asked.tick):
            why = (names for names in sets if _same(worlds[names].get(trade.entry_bar), other, asked.tick))
            found.append(Difference(trade, other, next(why, ())))
    # What nobody asked for is a difference that no rule explains.
    return [*found, *(Difference(trade, trade, ()) for trade in by_entry.values())]


def same(one: Trade, other: Trade, tick: float) -> bool:
    """Whether two trades are equal, prices to half a tick.

    Args:
        one: a trade.
        other: a trade.
        tick: smallest price step.
    """
    near = max(abs(one.entry_price - other.entry_price), abs(one.exit_price - other.exit_price)) < 0.5 * tick
    return near and one.entry_bar == other.entry_bar and one.exit_bar == other.exit_bar and one.reason == other.reason


def _same(one: Trade | None, other: Trade | None, tick: float) -> bool:
    return one is other if one is None or other is None else same(one, other, tick)


def _ended(asked: Asked, number: int, rules: Rules) -> Trade | None:
    entry = int(asked.entry[number])
    due = entry + int(asked.duration[number])
    price = float(asked.open[entry])
    for bar in range(entry if rules.entry_bar else entry + 1, min(due + 1, len(asked.ts))):
        opened = float(asked.open[bar])
        if bar == due and rules.time_first and (rules.time_over_gap or not _gapped(asked, number, bar)):
            return Trade(entry, price, bar, opened, "time")
        reason, left = _touched(asked, number, bar, rules)
        if reason:
            return Trade(entry, price, bar, left, reason)
        if bar == due:
            return Trade(entry, price, bar, opened, "time")
    return None


def _touched(asked: Asked, number: int, bar: int, rules: Rules) -> tuple[str, float]:
    side = 1.0 if asked.quantity[number] > 0.0 else -1.0
    stop, target, opened = float(asked.stop[number]), float(asked.target[number]), float(asked.open[bar])
    hurting, helping = (asked.low, asked.high) if side > 0.0 else (asked.high, asked.low)
    stopped, reached = side * (hurting[bar] - stop) <= 0.0, side * (helping[bar] - target) >= 0.0
    at_target = "target", target if rules.target_limit else side * max(side * opened, side * target)
    if side * (opened - stop) <= 0.0:
        return "stop", opened if rules.stop_open else stop
    # Of a bar that goes open, high, low, close the high is a long position's target and a short one's stop.
    target_first = side * (opened - target) >= 0.0 or side > 0.0
    if reached and stopped and not rules.stop_first and target_first:
        return at_target
    if stopped:
        return "stop", stop
    return at_target if reached else ("", 0.0)


def _gapped(asked: Asked, number: int, bar: int) -> bool:
    opened, levels = float(asked.open[bar]), sorted((float(asked.stop[number]), float(asked.target[number])))
    return not levels[0] < opened < levels[1]
