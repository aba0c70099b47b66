"""The stop step: at which price a touched stop meets the market. Its null version is the stop's own price."""

from __future__ import annotations

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.extremes import VenueBar


def triggered_price(p: Floats, bar: VenueBar, level: float, side: float) -> float:
    """The reference price of an exit that is forced at a level, before spread and slippage.

    Prices run through a level: of the way from there to the extreme it pays a share.

    Args:
        p: packed parameters.
        bar: whose range reaches the level.
        level: of the stop or the liquidation.
        side: 1 for a long position, -1 for a short one.
    """
    extreme = bar.low if side > 0.0 else bar.high
    first = first_price(bar, level, side)
    return first + p[a.STOP_SLIP] * (extreme - first)


def first_price(bar: VenueBar, level: float, side: float) -> float:
    """The first price at or beyond a level: the level, or the open of a bar that opens beyond it.

    Args:
        bar: whose range reaches the level.
        level: of the stop or the liquidation.
        side: 1 for a long position, -1 for a short one.
    """
    return side * min(side * bar.open, side * level)
