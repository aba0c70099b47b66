"""What the scenarios do to prices and volumes."""

from __future__ import annotations

from trading.checks.scenarios.moves import Moves


def flash_crash(moves: Moves) -> None:
    """Eight times a bar falls 20 % and closes 8 % down; the next six bars recover it.

    Args:
        moves: the test split, changed in place: lows and closes at the crash, highs and closes as it recovers.
    """
    for at in moves.places(8, 8):
        moves.low[at] = min(moves.low[at], moves.close[at]) - 0.22
        moves.close[at] -= 0.08
        recovery = slice(at + 1, at + 7)
        moves.close[recovery] += 0.08 / 6
        moves.high[recovery] += 0.08 / 6


def gap_at_open(moves: Moves) -> None:
    """Twelve opens are 6 % away from the last close, up or down by chance, and the price stays there.

    Args:
        moves: the test split, changed in place: whole bars at the gaps are shifted.
    """
    places = moves.places(12, 2)
    moves.shift(places, 0.06 * moves.rng.choice([-1.0, 1.0], size=len(places)))


def volatility_spike(moves: Moves) -> None:
    """Eight stretches of 48 bars move three times as far.

    Args:
        moves: the test split, changed in place: prices are stretched, volumes stay.
    """
    for at in moves.places(8, 48):
        moves.stretch(slice(at, at + 48), 3.0)


def liquidity_drought(moves: Moves) -> None:
    """Half the time a thousandth of the usual volume trades, so fills are partial.

    Args:
        moves: the test split, changed in place: volumes alone.
    """
    for at in moves.places(8, len(moves) // 16):
        moves.volume[at : at + len(moves) // 16] *= 1e-3


def whipsaw_chop(moves: Moves) -> None:
    """A third of the time every other twelve bars are turned upside down, so that no trend lasts.

    Args:
        moves: the test split, changed in place: prices are mirrored, volumes stay.
    """
    length = max(24, len(moves) // 24)
    for at in moves.places(8, length):
        for begin in range(int(at), int(at) + length - 11, 24):
            moves.mirror(slice(begin, begin + 12))


def regime_flip(moves: Moves) -> None:
    """In eight stretches, together a quarter of the time, the market turns into its mirror image without notice.

    Args:
        moves: the test split, changed in place: prices are mirrored, volumes stay.
    """
    length = max(24, len(moves) // 32)
    for at in moves.places(8, length):
        moves.mirror(slice(int(at), int(at) + length))


def data_outage(moves: Moves) -> None:
    """Eight times the feed freezes for 24 bars: no fill is possible, then the price jumps to where it went.

    Args:
        moves: the test split, changed in place: prices stand still and volumes are 0 while it lasts.
    """
    for at in moves.places(8, 25):
        moves.freeze(slice(int(at), int(at) + 24))
