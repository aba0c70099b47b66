"""The difference of two Sharpe ratios on the same periods, with the error of a paired stationary bootstrap."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.statistics.bootstrap import block_sums, stationary_blocks

_FLAT = 1e-15


class PairedDifference(NamedTuple):
    """How much more one Sharpe ratio is than another, annualised.

    Attributes:
        difference: candidate less other.
        se: standard error, the deviation of the draws.
        low: 5th percentile of the draws.
        high: 95th percentile.
        p: probability of such a difference or a larger one if there is none, one-sided.
        correlation: of the returns of both.
    """

    difference: float
    se: float
    low: float
    high: float
    p: float
    correlation: float


def paired_sharpe_difference(
    candidate_returns: Floats,
    other_returns: Floats,
    *,
    periods_per_year: float,
    mean_block: float,
    draws: int,
    seed: int,
) -> PairedDifference:
    """Draw both series in the same blocks, so that what they share cancels.

    Ledoit and Wolf, Journal of Empirical Finance 15, 2008, with a stationary bootstrap.

    Args:
        candidate_returns: shape (n,), simple return of each period.
        other_returns: shape (n,), of the same periods.
        periods_per_year: how many of them a year has.
        mean_block: mean length of a block, periods.
        draws: how often both are drawn again.
        seed: of the blocks.

    Returns:
        NaN in every field if a series is not finite or never moved, and in the error if one draw of a series does not
        move. Equal series have a difference of zero and a probability of one.
    """
    if len(candidate_returns) != len(other_returns):
        raise ValueError(f"{len(candidate_returns)} returns and {len(other_returns)} of the other")
    both = np.vstack([candidate_returns, other_returns])
    count = both.shape[1]
    if count < 2 or not np.isfinite(both).all() or not (np.std(both, axis=1) > _FLAT).all():
        return PairedDifference(*[math.nan] * len(PairedDifference._fields))
    year = math.sqrt(periods_per_year)
    means, deviations = both.mean(axis=1), both.std(axis=1)
    difference = float(np.subtract(*(means / both.std(axis=1, ddof=1)))) * year
    rng = np.random.default_rng(seed)
    starts, lengths = stationary_blocks(rng, count, draws, mean_block)
    ratios: list[Floats] = []
    for values, mean, deviation in zip(both, means, deviations, strict=True):
        z = np.tile((values - mean) / deviation, 2)
        centre, squares = (block_sums(moment, starts, lengths) / count for moment in (z, z**2))
        variances = (squares - centre**2) * count / (count - 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios.append(np.where(variances > 1e-9, (centre + mean / deviation) / np.sqrt(variances), np.nan))
    drawn = (ratios[0] - ratios[1]) * year
    low, high = np.quantile(drawn, (0.05, 0.95))
    # The null is the draws moved to zero.
    beyond = float(np.count_nonzero(drawn - difference >= difference)) if np.isfinite(drawn).all() else math.nan
    return PairedDifference(
        difference=difference,
        se=float(np.std(drawn, ddof=1)),
        low=float(low),
        high=float(high),
        p=(1.0 + beyond) / (1.0 + draws),
        correlation=float(np.mean((candidate_returns - means[0]) * (other_returns - means[1])) / np.prod(deviations)),
    )
