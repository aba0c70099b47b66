"""The latency step: when an order that was decided at a close may fill, and what the market did until then.

Its null version, no milliseconds, fills at the open of the bar.
"""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.bar import Bar
from trading.steps.extremes import VenueBar


def lateness(p: Floats, bar: Bar, ready: float) -> float:
    """Share of the bar that is over when an order may fill: 0 at the open, 1 or more if not within this bar.

    Args:
        p: packed parameters.
        bar: closed bar.
        ready: UTC milliseconds from which the order may fill.
    """
    return max((ready - bar.ts) / p[a.INTERVAL], 0.0)


def late_price(bar: VenueBar, side: float, late: float) -> float:
    """The price that a late order meets: the open, moved against it as far as a random walk is expected to go.

    The expected maximum of a random walk grows with the square root of time; the bar's extreme is that of all of it.

    Args:
        bar: as fills see it.
        side: 1 for a buyer, -1 for a seller.
        late: share of the bar that is over, under 1.
    """
    if late == 0.0:
        return bar.open
    extreme = bar.high if side > 0.0 else bar.low
    return bar.open + side * math.sqrt(late) * max(side * (extreme - bar.open), 0.0)
