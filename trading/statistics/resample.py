"""Series drawn again by the stationary bootstrap, and the interval that a figure of them has."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from trading.arrays import Ints
from trading.statistics.bootstrap import stationary_blocks

LEVEL = 0.9
"""Share of the draws inside an interval that says nothing else."""
MOST_UNDEFINED = 0.1
"""Share of draws that may have no number before there is no interval either."""
_NORMAL_95 = 1.959963984540054


class Band(NamedTuple):
    """Two ends, both NaN where there is no interval.

    Attributes:
        low: lower end.
        high: upper end.
    """

    low: float
    high: float


NO_BAND = Band(math.nan, math.nan)


def resampled_positions(rng: np.random.Generator, count: int, draws: int, mean_block: float) -> Iterator[Ints]:
    """Positions of a series, shape (count,), once for every draw: blocks that go around its end.

    Args:
        rng: where starts and lengths come from.
        count: length of the series, at least one.
        draws: how many series are drawn.
        mean_block: mean length of a block, at least one.
    """
    starts, lengths = stationary_blocks(rng, count, draws, mean_block)
    place = np.arange(count)
    for start, length in zip(starts, lengths, strict=True):
        yield (np.repeat(start - (np.cumsum(length) - length), length) + place) % count


def quantile_band(values: ArrayLike, level: float = LEVEL) -> Band:
    """The interval that holds the middle of some draws.

    A draw without a number is left out; if more than a tenth have none, neither has the interval.

    Args:
        values: shape (draws,), the figure of each draw.
        level: share of the draws inside.

    >>> quantile_band(range(101), level=0.5)
    Band(low=25.0, high=75.0)
    """
    drawn = np.asarray(values, dtype=np.float64)
    finite = drawn[np.isfinite(drawn)]
    if not len(finite) or len(finite) < (1.0 - MOST_UNDEFINED) * len(drawn):
        return NO_BAND
    low, high = np.quantile(finite, (0.5 - level / 2.0, 0.5 + level / 2.0))
    return Band(float(low), float(high))


def wilson_band(share: float, count: float, z: float = _NORMAL_95) -> Band:
    """Score interval of a proportion (Wilson, J. American Statistical Association 22, 1927); 95 % by default.

    Args:
        share: that was seen, 0 to 1.
        count: independent trials behind it; NaN ends if there are none.
        z: quantile of the normal distribution.

    >>> Band(*(round(end, 3) for end in wilson_band(0.5, 100)))
    Band(low=0.404, high=0.596)
    """
    if not (count > 0.0 and 0.0 <= share <= 1.0):
        return NO_BAND
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return Band(max(0.0, centre - half), min(1.0, centre + half))
