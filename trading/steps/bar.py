"""One closed bar, and a series of them, as every step and every loop takes them."""

from __future__ import annotations

from typing import NamedTuple

from trading.arrays import Floats, Ints


class Bar(NamedTuple):
    """One closed bar: UTC milliseconds of its open, prices in quote currency, volume in units of the asset.

    ``funding`` is the share of notional that longs pay shorts at its open; a negative one is paid by shorts.
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
