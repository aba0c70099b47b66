"""The extremes step: how far a bar's high and low are confirmed; what lies beyond fills nothing.

One bad tick makes a wick that no one could trade at. Its null version takes extremes as reported.
"""

from __future__ import annotations

from typing import NamedTuple

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.bar import Bar

RANGE_WEIGHT = 0.02
RANGE_TO_VOLATILITY = 1.596
"""Mean range of a random walk over its standard deviation: sqrt(8 / pi), Parkinson, J. Business 53 (1980)."""


class VenueBar(NamedTuple):
    """A bar as fills see it.

    Attributes:
        ts: UTC milliseconds of its open.
        open: price.
        high: highest confirmed price.
        low: lowest confirmed price.
        close: price.
        volume: units of the asset.
        sigma: volatility of one bar's log return, from this bar's range or the typical one, whichever is larger.
    """

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    sigma: float


def confirm_step(account: Floats, p: Floats, bar: Bar) -> VenueBar:
    """Cut the wicks that nothing confirms, and learn the typical range from what is left.

    A wick is confirmed up to ``wick_limit`` times the typical range of the bars before, or this bar's body if that is
    larger.

    Args:
        account: of the lane; its typical range is brought up to this bar.
        p: packed parameters.
        bar: closed bar.
    """
    high = bar.high
    low = bar.low
    typical = account[a.TYPICAL_RANGE]
    known = typical >= 0.0
    if p[a.WICK_LIMIT] > 0.0 and known:
        reach = p[a.WICK_LIMIT] * max(typical * bar.open, abs(bar.close - bar.open))
        high = min(high, max(bar.open, bar.close) + reach)
        low = max(low, min(bar.open, bar.close) - reach)
    span = (high - low) / bar.open
    account[a.TYPICAL_RANGE] = typical + RANGE_WEIGHT * (span - typical) if known else span
    sigma = (max(span, typical) if known else span) / RANGE_TO_VOLATILITY
    return VenueBar(bar.ts, bar.open, high, low, bar.close, bar.volume, sigma)
