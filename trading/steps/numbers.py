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
    return _price_of(math.ceil(price / tick - 1e-6), tick)


def tick_down(price: float, tick: float) -> float:
    """Round a price down to a tick; a price within a millionth of a tick is on it.

    Args:
        price: quote currency.
        tick: smallest price increment.
    """
    return _price_of(math.floor(price / tick + 1e-6), tick)


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


def _price_of(ticks: float, tick: float) -> float:
    """The price of so many ticks, to the last digit the decimal that a data file writes.

    A product with a step such as 0.01 is a last digit off that decimal, and then a bar whose extreme is the very price
    of a stop does not reach it. Where whole steps make a unit, the quotient is the nearest number there is.

    Args:
        ticks: a whole number.
        tick: smallest price increment.
    """
    per_unit = math.floor(1.0 / tick + 0.5)
    if abs(per_unit * tick - 1.0) < 1e-9:
        return ticks / per_unit
    return ticks * tick
