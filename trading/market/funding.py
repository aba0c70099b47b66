"""Funding of a perpetual future: events at which longs pay shorts, and which bar's holder owes each of them.

A bar's funding is charged on the position held at its open, so an event belongs to the bar in which it falls. One that
falls into a gap belongs to the next bar there is: whoever holds over the gap owes it. One before the first bar is owed
by nobody here, and one after the last waits for its bar to close.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats, Ints
from trading.market.bars import Bars

MAX_RATE = 0.05
"""Largest size of one rate, share of notional; exchanges cap it far below."""


class FundingEvents(NamedTuple):
    """Funding events in order of time.

    Attributes:
        ts: shape (n,), UTC milliseconds.
        rates: shape (n,), share of notional that longs pay shorts.
    """

    ts: Ints
    rates: Floats


def bar_funding(events: FundingEvents, ts: Ints, interval: int) -> Floats:
    """The sum of the events that each bar's holder owes, shape (n,).

    Args:
        events: in order of time.
        ts: shape (n,), opens of the bars, increasing.
        interval: milliseconds of a bar.
    """
    funding = np.zeros(len(ts))
    begin = int(np.searchsorted(events.ts, ts[0])) if len(ts) else len(events.ts)
    bars = np.searchsorted(ts + interval, events.ts[begin:], side="right")
    closed = bars < len(ts)
    np.add.at(funding, bars[closed], events.rates[begin:][closed])
    return funding


def row_funding(events: FundingEvents, ts: Ints, interval: int) -> Floats:
    """The same for rows that will be joined to bars: what a bar owes stands on the first of its rows, shape (n,).

    So the joined bars have the very numbers of :func:`bar_funding`, whatever rows are missing.

    Args:
        events: in order of time.
        ts: shape (n,), opens of the rows, in any order.
        interval: milliseconds of the joined bars.
    """
    opens, first = np.unique(ts // interval * interval, return_index=True)
    funding = np.zeros(len(ts))
    funding[first] = bar_funding(events, opens, interval)
    return funding


def with_funding(bars: Bars, events: FundingEvents) -> Bars:
    """Bars that owe the events.

    Args:
        bars: at the traded interval, oldest first.
        events: in order of time.
    """
    return replace(bars, funding=bar_funding(events, bars.ts, bars.interval))
