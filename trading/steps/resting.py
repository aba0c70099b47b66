"""The resting step: how much of a resting limit order a bar fills.

A limit stands in a queue. Its null version fills when it is touched; the other needs a trade-through, and gets its
share of the volume that traded beyond it, as if a bar's volume were spread evenly over its range.
"""

from __future__ import annotations

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.extremes import VenueBar


def resting_quantity(p: Floats, bar: VenueBar, limit: float, side: float) -> float:
    """The largest quantity that fills, before what is left of the bar's volume budget.

    Args:
        p: packed parameters.
        bar: as fills see it.
        limit: price, on the tick.
        side: 1 if the limit sells a long position, -1 if it buys a short one back.
    """
    extreme = bar.high if side > 0.0 else bar.low
    beyond = side * (extreme - limit)
    most = p[a.PARTICIPATION] * bar.volume
    if p[a.LIMIT_THROUGH] == 0.0:
        return most if beyond >= 0.0 else 0.0
    if not beyond >= p[a.TICK] * (1.0 - 1e-6):
        return 0.0
    if beyond >= bar.high - bar.low:
        return most
    return most * (beyond / (bar.high - bar.low))
