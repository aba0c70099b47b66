"""One closed bar, and a series of them, as every step and every loop takes them."""

from __future__ import annotations

from typing import NamedTuple

from trading.arrays import Floats, Ints


class Bar(NamedTuple):
    """One closed bar.

    Attributes:
        ts: UTC milliseconds of its open.
        open: price, quote currency.
        high: highest price.
        low: lowest price.
        close: price.
        volume: units of the asset.
        funding: share of notional that longs pay on what they hold as the bar opens.
    """

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    funding: float = 0.0


class BarColumns(NamedTuple):
    """A series of bars as columns of shape (n,), oldest first; ``interval`` is the milliseconds of one."""

    interval: int
    ts: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    funding: Floats


def bar_at(bars: BarColumns, t: int) -> Bar:
    """One bar of a series.

    Args:
        bars: columns of n bars.
        t: which.
    """
    return Bar(bars.ts[t], bars.open[t], bars.high[t], bars.low[t], bars.close[t], bars.volume[t], bars.funding[t])
