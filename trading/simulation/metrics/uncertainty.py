"""How sure a Sharpe ratio is: a standard error and an interval that do not assume independent, normal returns."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.seeds import seed_for
from trading.simulation.metrics.ratios import NO_DEVIATION
from trading.statistics.bootstrap import drawn_ratios

MIN_RETURNS = 20
"""With fewer returns there is neither a standard error nor an interval: both would be guesses of their own."""


class Interval(NamedTuple):
    """Two ends, both NaN where there is no interval.

    Attributes:
        low: lower end.
        high: upper end.
    """

    low: float
    high: float


def sharpe_standard_error(returns: Floats, periods_per_year: float, lags: int | None = None) -> float:
    """Standard error of :func:`~trading.simulation.metrics.ratios.sharpe` (Lo, Financial Analysts Journal 58, 2002).

    The delta method on the generalised method of moments: with ``z = (return - mean) / deviation`` and the ratio ``s``
    of one period, every return moves the ratio by ``z - s / 2 * (z ** 2 - 1)``, and the error is the root of the
    long-run variance of these moves over ``n``. That variance is Newey and West's (Econometrica 55, 1987): Bartlett
    weights, so it is never negative. For independent normal returns it is Lo's ``sqrt((1 + s ** 2 / 2) / n)``. Both
    the ratio and its error are annualised by the root of ``periods_per_year``.

    Args:
        returns: shape (n,), simple return of each day.
        periods_per_year: how many of them a year has.
        lags: autocovariances that count; None is ``floor(4 * (n / 100) ** (2 / 9))`` (Newey and West, Review of
            Economic Studies 61, 1994).

    Returns:
        The error, over zero; NaN with fewer than ``MIN_RETURNS`` returns, if they are all equal or not all finite.
    """
    count = len(returns)
    deviation = _deviation(returns)
    if math.isnan(deviation):
        return math.nan
    z = (returns - np.mean(returns)) / deviation
    ratio = float(np.mean(returns)) / deviation
    moves = z - ratio / 2.0 * (z**2 - 1.0)
    used = math.floor(4.0 * (count / 100.0) ** (2.0 / 9.0)) if lags is None else min(lags, count - 1)
    variance = float(moves @ moves)
    for lag in range(1, used + 1):
        variance += 2.0 * (1.0 - lag / (used + 1.0)) * float(moves[lag:] @ moves[:-lag])
    return math.sqrt(variance * periods_per_year) / count if variance > 0.0 else math.nan


def sharpe_interval(
    returns: Floats,
    periods_per_year: float,
    *,
    seed: int,
    level: float = 0.9,
    draws: int = 1_000,
    mean_block: float | None = None,
) -> Interval:
    """Percentile interval of the annualised Sharpe ratio by the stationary bootstrap.

    Each draw is a series of blocks that start anywhere, go around the end, and have geometric lengths (Politis and
    Romano, JASA 89, 1994), so dependence within a block is kept. Equal returns and an equal seed give equal ends.

    Args:
        returns: shape (n,), simple return of each day.
        periods_per_year: how many of them a year has.
        seed: root of the draws' seed.
        level: share of the draws inside.
        draws: how often the series is drawn again.
        mean_block: mean length of a block, at least one; None is ``n ** (1 / 3)``, the rate at which the best length
            grows (Politis and White, Econometric Reviews 23, 2004).

    Returns:
        The interval; NaN with fewer than ``MIN_RETURNS`` returns, if they are all equal or not all finite, or if one
        draw has equal returns alone, as when an account moved on a few days only.
    """
    count = len(returns)
    if math.isnan(_deviation(returns)):
        return Interval(math.nan, math.nan)
    rng = np.random.default_rng(seed_for(seed, "metrics", "sharpe_interval"))
    block = count ** (1.0 / 3.0) if mean_block is None else mean_block
    ratios = drawn_ratios(returns, mean_block=block, draws=draws, rng=rng)
    low, high = np.quantile(ratios, (0.5 - level / 2.0, 0.5 + level / 2.0)) * math.sqrt(periods_per_year)
    return Interval(float(low), float(high))


def _deviation(returns: Floats) -> float:
    """Deviation of enough returns that are finite and not all equal; else NaN."""
    if len(returns) < MIN_RETURNS or not np.isfinite(returns).all():
        return math.nan
    deviation = float(np.std(returns))
    return deviation if deviation > NO_DEVIATION else math.nan
