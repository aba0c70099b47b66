"""How much a Sharpe ratio proves: probabilistic and deflated ratio, and the length of record that would prove it.

The error of a ratio is that of a stationary bootstrap (Politis and Romano, JASA 89, 1994) and not the closed form for
independent returns: those of one regime depend on each other, and then the closed form is too small.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri, stdtr

from trading.arrays import Floats
from trading.statistics.bootstrap import drawn_ratios

FEWEST_BLOCKS = 4.0
"""With fewer blocks than this there is no error: nothing in the series says how one block differs from another."""

_FLAT = 1e-15
_STEP = 1e-3


class SharpeError(NamedTuple):
    """An annualised Sharpe ratio and how far chance alone moves it.

    Attributes:
        ratio: annualised.
        error: standard error, the deviation of the draws; NaN where there is none.
        low: 5th percentile of the draws.
        high: 95th percentile of the draws.
        freedom: degrees of freedom of the error: blocks of the series less one.
    """

    ratio: float
    error: float
    low: float
    high: float
    freedom: float


def sharpe_error(
    returns: Floats, periods_per_year: float, *, mean_block: float, draws: int, rng: np.random.Generator
) -> SharpeError:
    """The annualised Sharpe ratio of a series with the error of a stationary bootstrap.

    Args:
        returns: shape (n,), simple return of each period.
        periods_per_year: how many of them a year has.
        mean_block: mean length of a block in periods; it should cover whatever makes returns depend on each other.
        draws: how often the series is drawn again.
        rng: where blocks come from.

    Returns:
        NaN in every field if returns are all equal or not all finite; the ratio alone if the series has fewer than
        ``FEWEST_BLOCKS`` blocks, or if one draw has equal returns alone.
    """
    count, missing = len(returns), math.nan
    if count < 2 or not np.isfinite(returns).all() or not float(np.std(returns)) > _FLAT:
        return SharpeError(missing, missing, missing, missing, missing)
    year = math.sqrt(periods_per_year)
    ratio = float(np.mean(returns)) / float(np.std(returns, ddof=1)) * year
    freedom = count / mean_block - 1.0
    if not freedom >= FEWEST_BLOCKS - 1.0:
        return SharpeError(ratio, missing, missing, missing, freedom)
    drawn = drawn_ratios(returns, mean_block=mean_block, draws=draws, rng=rng) * year
    low, high = np.quantile(drawn, (0.05, 0.95))
    return SharpeError(ratio, float(np.std(drawn, ddof=1)), float(low), float(high), freedom)


def probabilistic_sharpe(found: SharpeError, benchmark: float) -> float:
    """Probability that the true ratio is over a benchmark (Bailey and López de Prado, Journal of Risk 15(2), 2012).

    Their statistic with the error of the bootstrap, ``(ratio - benchmark) / error``, and with Student's distribution
    instead of the normal one: the error is itself an estimate, from no more than ``n / mean_block`` blocks. With many
    blocks both are the same.

    Args:
        found: ratio and error, annualised.
        benchmark: annualised.

    Returns:
        0 to 1; NaN where there is no error, or it is zero.
    """
    if not found.error > 0.0:
        return math.nan
    return float(stdtr(found.freedom, (found.ratio - benchmark) / found.error))


def deflated_sharpe(found: SharpeError, effective_trials: float) -> float:
    """Probability that the true ratio is over zero although the best of several trials was taken.

    Bailey and López de Prado, Journal of Portfolio Management 40(5), 2014: the benchmark is the largest ratio to be
    expected of so many trials whose true ratio is zero. Such ratios spread by the error of one, so the error stands
    where the paper has the deviation over the trials, which a handful of correlated nights cannot estimate.

    Args:
        found: ratio and error, annualised.
        effective_trials: see :func:`effective_trials`.
    """
    return probabilistic_sharpe(found, found.error * expected_maximum(effective_trials))


def effective_trials(trials: int, correlation: float) -> float:
    """Independent trials that so many correlated ones are worth: ``N / (1 + (N - 1) rho)``.

    It is the ratio of the variances of the mean of N trials, independent and not (Kish, *Survey Sampling*, 1965, the
    design effect): N if nothing is shared, one if all are the same. Trials that move against each other are no more
    than independent.

    Args:
        trials: how many, at least one.
        correlation: of the returns of two of them on average.
    """
    if trials < 1:
        raise ValueError(f"{trials} trials; there is at least the one that is judged")
    return trials / (1.0 + (trials - 1) * min(max(correlation, 0.0), 1.0))


def expected_maximum(trials: float) -> float:
    """Expected largest of so many independent standard normal numbers; zero for one.

    Exact, as the integral of ``1 - F(x)^N`` over the positive and ``-F(x)^N`` over the negative line, so that a number
    of trials between two whole ones has its place between theirs. Bailey and López de Prado approximate it for many.

    Args:
        trials: at least one.
    """
    if not trials >= 1.0:
        raise ValueError(f"the maximum of {trials} numbers; there is at least one")
    x = np.arange(0.0, 12.0, _STEP) + 0.5 * _STEP
    return float(np.sum(1.0 - ndtr(x) ** trials - ndtr(-x) ** trials)) * _STEP


def minimum_track_record(found: SharpeError, benchmark: float, *, years: float, confidence: float = 0.95) -> float:
    """Years of a record that would prove a ratio over a benchmark (Bailey and López de Prado, 2012).

    The error shrinks with the root of the record: a record of ``years * (z * error / (ratio - benchmark))^2`` has a
    probabilistic ratio of ``confidence``, with z its normal quantile.

    Args:
        found: ratio and error, annualised.
        benchmark: annualised.
        years: length of the record that both were measured on.
        confidence: probability to be reached, over one half.

    Returns:
        Years; infinite if the ratio is not over the benchmark, NaN where there is no error.
    """
    if not found.error > 0.0:
        return math.nan
    excess = found.ratio - benchmark
    return years * (float(ndtri(confidence)) * found.error / excess) ** 2 if excess > 0.0 else math.inf
