"""Levels of a market that have a scale: what features leave out so that a model may know any market."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats
from trading.market.bars import Bars
from trading.splits import Range

LEVELS = ("level_volume", "level_range", "level_range_per_volume")
"""Names of the levels, each a logarithm: of volume, of high over low, and of the second over the first."""


def market_levels(bars: Bars, reference: Range) -> dict[str, Floats]:
    """Volume, range, and range for a unit of volume, as logarithms, by name.

    The range of a bar holds its spread and its volatility, and needs one bar only. The estimator that takes the two
    apart, from the ranges of two bars (Corwin and Schultz, Journal of Finance 67, 2012), is under zero for much of an
    hourly series, whose volatility is a hundred times its spread. What trading costs shows rather in how far the price
    goes for a unit of volume (Amihud, Journal of Financial Markets 5, 2002): volatility that comes without volume moves
    it, a busy market does not.

    A bar without range or without volume counts as one with the smallest there is in the reference.

    Args:
        bars: of the market.
        reference: bars in which the smallest values are looked for.
    """
    volume = _log(bars.volume, bars.volume[reference.start : reference.stop])
    ranges = np.log(bars.high / bars.low)
    size = _log(ranges, ranges[reference.start : reference.stop])
    return dict(zip(LEVELS, (volume, size, size - volume), strict=True))


def _log(values: Floats, reference: Floats) -> Floats:
    """Logarithms; NaN everywhere if no value of the reference is over zero."""
    positive = reference[reference > 0.0]
    if len(positive) == 0:
        return np.full(len(values), np.nan)
    return np.log(np.maximum(values, positive.min()))
