"""Whether one of two models earned more for its risk than the other on the same bars: a paired bootstrap."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student_t

from trading.arrays import Floats
from trading.statistics.bootstrap import block_sums, stationary_blocks

MEAN_BLOCK = 96.0
"""Mean length of a block, bars: as long as a trade and a regime last, so that their dependence is kept."""

DRAWS = 5_000
"""How often both series are drawn again."""

CONFIDENCE = 0.95
"""Of each end of the interval by itself; both together hold 90 %."""

_MIN_BLOCKS = 4.0
_NO_DEVIATION = 1e-15
_DRAWS_AT_A_TIME = 500


class PairedDifference(NamedTuple):
    """The difference of two annualised Sharpe ratios on the same bars; NaN throughout if it cannot be told.

    Attributes:
        difference: the candidate's ratio less the other's.
        se: standard error of the difference.
        low: the difference is not under this, at 95 %.
        high: the difference is not over this, at 95 %.
        p: one-sided, of a difference as large as this one if the candidate is not better.
        correlation: of the returns of both.
    """

    difference: float
    se: float
    low: float
    high: float
    p: float
    correlation: float


UNKNOWN = PairedDifference(*(math.nan,) * 6)
"""What is known of two series that cannot be compared."""


def paired_sharpe_difference(
    candidate_returns: Floats,
    other_returns: Floats,
    *,
    periods_per_year: float,
    mean_block: float = MEAN_BLOCK,
    draws: int = DRAWS,
    seed: int,
) -> PairedDifference:
    """Compare two series of returns by drawing both again in the same blocks.

    The stationary bootstrap (Politis and Romano, JASA 89, 1994) keeps the dependence within a block, and the same
    blocks for both keep the dependence between the series: what both earn by the market cancels. The draws are moved
    to a difference of zero, as Ledoit and Wolf do (Journal of Empirical Finance 15, 2008). A share of draws cannot be
    less than one of them, and contests without end need less; so ``p`` is the larger of the share of draws that reach
    the difference and the tail of Student's t for ``difference / se`` with as many degrees of freedom as there are
    blocks, less one.

    Args:
        candidate_returns: shape (n,), simple return of each bar.
        other_returns: shape (n,), of the other on the same bars.
        periods_per_year: how many bars a year has.
        mean_block: mean length of a block, bars.
        draws: how often both are drawn again.
        seed: of the draws; equal inputs give equal results.

    Returns:
        The difference; all of it NaN if the series are not as long as each other or as four blocks, are not finite,
        or one of them never moved.
    """
    count = len(candidate_returns)
    if count != len(other_returns) or not count >= _MIN_BLOCKS * mean_block:
        return UNKNOWN
    pair = np.stack([candidate_returns, other_returns]).astype(np.float64)
    deviations = pair.std(axis=1, ddof=1) if np.isfinite(pair).all() else np.zeros(2)
    if not deviations.min() > _NO_DEVIATION:
        return UNKNOWN
    z = (pair - pair.mean(axis=1, keepdims=True)) / deviations[:, None]
    ratios = pair.mean(axis=1) / deviations
    year = math.sqrt(periods_per_year)
    found = float(ratios[0] - ratios[1]) * year
    correlation = float(np.clip(np.mean(z[0] * z[1]) * count / (count - 1.0), -1.0, 1.0))
    drawn = _drawn_ratios(z, ratios, draws, mean_block, seed)
    moves = (drawn[0] - drawn[1]) * year - found
    se = float(np.std(moves, ddof=1))
    if not (np.isfinite(moves).all() and se > _NO_DEVIATION):
        # Two copies of one series never differ, so nothing can be said against their being equal.
        return PairedDifference(found, math.nan, math.nan, math.nan, math.nan, correlation)
    low, high = found - np.quantile(moves, (CONFIDENCE, 1.0 - CONFIDENCE))
    tail = float(student_t.sf(found / se, count / mean_block - 1.0))
    p = max(float(np.mean(moves >= found)), tail)
    return PairedDifference(found, se, float(low), float(high), p, correlation)


def _drawn_ratios(z: Floats, ratios: Floats, draws: int, mean_block: float, seed: int) -> Floats:
    """Ratios of one bar of both series in every draw, shape (2, draws); NaN where a draw has no deviation.

    Args:
        z: shape (2, n), standardised returns.
        ratios: shape (2,), of the series themselves.
        draws: how many.
        mean_block: mean length of a block.
        seed: of the draws.
    """
    rng, count = np.random.default_rng(seed), z.shape[1]
    twice = [np.tile(row, 2) for row in z]
    squares = [row**2 for row in twice]
    parts: list[Floats] = []
    for begin in range(0, draws, _DRAWS_AT_A_TIME):
        starts, lengths = stationary_blocks(rng, count, min(_DRAWS_AT_A_TIME, draws - begin), mean_block)
        means = np.stack([block_sums(row, starts, lengths) for row in twice]) / count
        seconds = np.stack([block_sums(row, starts, lengths) for row in squares]) / count
        variances = (seconds - means**2) * count / (count - 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            parts.append(np.where(variances > 1e-9, (means + ratios[:, None]) / np.sqrt(variances), np.nan))
    return np.concatenate(parts, axis=1)
