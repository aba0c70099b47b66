"""What the scenarios do to prices and volumes, each time where the base path was in a trade.

A shock comes against the position that it meets, down on a long one and up on a short one, or with it, as the moves
say. Distances are of the logarithm of the price.
"""

from __future__ import annotations

from trading.checks.scenarios.moves import Moves, Window

AFTERMATH = 6
"""Bars after a jump in which trading is still dear."""


def flash_crash(moves: Moves) -> None:
    """Four times a bar runs 0.22 away and closes 0.08 away; the next six bars recover it.

    Args:
        moves: the test split, changed in place: extremes and closes at the crash and as it recovers.
    """
    for window in moves.meet(4, 1 + AFTERMATH):
        at, way = window.begin, moves.way(window.begin)
        recovery = slice(at + 1, window.end)
        if way > 0.0:
            moves.high[at] = max(moves.high[at], moves.close[at]) + 0.22
            moves.low[recovery] -= 0.08 / AFTERMATH
        else:
            moves.low[at] = min(moves.low[at], moves.close[at]) - 0.22
            moves.high[recovery] += 0.08 / AFTERMATH
        moves.close[at] += way * 0.08
        moves.close[recovery] -= way * 0.08 / AFTERMATH


def gap_at_open(moves: Moves) -> None:
    """Six opens are 0.06 away from the last close, and the price stays there.

    Args:
        moves: the test split, changed in place: whole bars at the gaps are shifted.
    """
    for window in moves.meet(6, 1 + AFTERMATH, opening=True):
        moves.shift(window.begin, 0.06 * moves.way(window.begin))


def volatility_spike(moves: Moves) -> None:
    """Four stretches of 48 bars move three times as far, turned so that they go against the position.

    Args:
        moves: the test split, changed in place: prices are stretched, volumes stay.
    """
    for window in moves.meet(4, 48):
        if moves.gain(window) * moves.way(window.begin) * moves.held.side[window.begin] < 0.0:
            moves.mirror(window)
        moves.stretch(window, 3.0)


def liquidity_drought(moves: Moves) -> None:
    """Half the time a thousandth of the usual volume trades, so fills are partial.

    Args:
        moves: the test split, changed in place: volumes alone.
    """
    for window in moves.meet(8, max(1, len(moves) // 16)):
        moves.volume[slice(*window)] *= 1e-3


def whipsaw_chop(moves: Moves) -> None:
    """In four stretches of 480 bars every other twelve are turned upside down, so that no trend lasts.

    Args:
        moves: the test split, changed in place: prices are mirrored, volumes stay.
    """
    for window in moves.meet(4, moves.fitting(480), mirrored=12):
        for begin in range(window.begin, window.end - 11, 24):
            moves.mirror(Window(begin, begin + 12))


def regime_flip(moves: Moves) -> None:
    """In four stretches of 168 bars the market turns into its mirror image without notice.

    Args:
        moves: the test split, changed in place: prices are mirrored, volumes stay.
    """
    for window in moves.meet(4, moves.fitting(168), mirrored=48):
        moves.mirror(window)


def data_outage(moves: Moves) -> None:
    """Four times the feed freezes for 24 bars: no fill is possible, then the price jumps as far as the market went.

    Args:
        moves: the test split, changed in place: prices stand still and volumes are 0 while it lasts.
    """
    for window in moves.meet(4, 24 + AFTERMATH, opening=True):
        back = window.begin + 24
        missed = moves.freeze(Window(window.begin, back))
        moves.shift(back, moves.way(window.begin) * abs(missed))
