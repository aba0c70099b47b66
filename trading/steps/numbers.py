"""Rounding and interpolation: what is decided is quantised where it is produced, sizes to lots, prices to ticks."""

from __future__ import annotations

import math

from trading.arrays import Floats

QUANTUM = 1e-6


def quantised(value: float) -> float:
    """Round to 1e-6, so that a last digit cannot turn a decision; what is not finite is NaN, which decides nothing.

    Args:
        value: any number, NaN and infinite included.
    """
    if not math.isfinite(value):
        return math.nan
    return math.floor(value / QUANTUM + 0.5) * QUANTUM


def lots(quantity: float, lot: float) -> float:
    """Round a quantity down to whole lots, with a tolerance of 1e-6 lots so that n lots stay n lots.

    Args:
        quantity: units of the asset, not negative.
        lot: smallest tradable quantity.
    """
    return math.floor(quantity / lot + 1e-6) * lot


def tick_up(price: float, tick: float) -> float:
    """Round a price up to a tick; a price within a millionth of a tick is on it.

    Args:
        price: quote currency.
        tick: smallest price increment.
    """
    return grid(math.ceil(price / tick - 1e-6), tick)


def tick_down(price: float, tick: float) -> float:
    """Round a price down to a tick; a price within a millionth of a tick is on it.

    Args:
        price: quote currency.
        tick: smallest price increment.
    """
    return grid(math.floor(price / tick + 1e-6), tick)


def tick_away(price: float, tick: float, side: float) -> float:
    """Round a price against whoever trades at it: up for a buyer, down for a seller, never under one tick.

    Args:
        price: quote currency.
        tick: smallest price increment.
        side: 1 for a buyer, -1 for a seller.
    """
    return tick_up(price, tick) if side > 0.0 else max(tick_down(price, tick), tick)


def unit(value: float) -> float:
    """Map [-1, 1] to [0, 1], clipping what is outside.

    Args:
        value: an output of the policy; in [-1, 1] unless it is to be clipped.
    """
    return min(max(0.5 * (value + 1.0), 0.0), 1.0)


def interpolate(value: float, knots_x: Floats, knots_y: Floats) -> float:
    """Piecewise-linear interpolation, constant beyond the outer knots.

    Args:
        value: where to read the map.
        knots_x: shape (M,), increasing.
        knots_y: shape (M,), value of the map at each knot.
    """
    last = knots_x.shape[0] - 1
    if value <= knots_x[0]:
        return float(knots_y[0])
    if value >= knots_x[last]:
        return float(knots_y[last])
    low = 0
    high = last
    while high - low > 1:
        middle = (low + high) // 2
        if knots_x[middle] <= value:
            low = middle
        else:
            high = middle
    share = (value - knots_x[low]) / (knots_x[high] - knots_x[low])
    return float(knots_y[low] + share * (knots_y[high] - knots_y[low]))


def grid(n: float, tick: float) -> float:
    """The price of n ticks, the same double as its decimal: 2001 ticks of 0.05 are 100.05, not the float above.

    A bar's prices are read from decimals, so that a stop on the tick is touched by a bar that reaches it.

    Args:
        n: whole.
        tick: smallest price increment.
    """
    parts = math.floor(1.0 / tick + 0.5)
    if parts >= 1.0 and abs(parts * tick - 1.0) < 1e-12:
        return n / parts
    return n * tick
