"""What is left of returns beyond their market: alpha with an error that allows for dependence, and a test of timing."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats

FEWEST_RETURNS = 20
"""With fewer returns a regression on the market is a guess."""

LARGEST_BANDWIDTH = 0.1
"""Lags of a long-run variance, at most this share of the returns."""

_FLAT = 1e-15


class MarketFit(NamedTuple):
    """Returns as ``alpha + beta * market + rest``.

    Attributes:
        alpha: a year, as a simple sum of the periods.
        beta: on the market.
        alpha_t: t-value of alpha, to be read by quantiles of the normal distribution.
        alpha_sharpe: alpha over the deviation of the rest, annualised (Treynor and Black, Journal of Business 46,
            1973: the appraisal ratio).
        lags: autocovariances behind the t-value.
    """

    alpha: float
    beta: float
    alpha_t: float
    alpha_sharpe: float
    lags: int


def fit_market(returns: Floats, market: Floats, *, periods_per_year: float, lags: int) -> MarketFit:
    """Least squares of returns on the market's, with the error of Newey and West (Econometrica 55, 1987).

    The long-run variance has Bartlett weights over so many lags, a share b of the returns. As many lags as a regime is
    long are not few, and then the t-value is not normal. So it is divided by how much wider its own distribution is:
    the 95 % quantile of Kiefer and Vogelsang (Econometric Theory 21, 2005, table 1, Bartlett),
    ``1.6449 + 2.1859 b + 0.3142 b^2 - 0.3427 b^3``, over the normal 1.6449.

    Args:
        returns: shape (n,), simple return of each period.
        market: shape (n,), the market's in the same periods.
        periods_per_year: how many of them a year has.
        lags: autocovariances that count, at most a tenth of the returns.

    Returns:
        NaN in every number with fewer than ``FEWEST_RETURNS`` returns, if one is not finite, or if the market did not
        move; alone its t-value and ratio are NaN if the returns are a multiple of the market's.
    """
    if len(returns) != len(market):
        raise ValueError(f"{len(returns)} returns and {len(market)} of the market")
    count, missing = len(returns), math.nan
    used = min(lags, int(LARGEST_BANDWIDTH * count))
    usable = count >= FEWEST_RETURNS and np.isfinite(returns).all() and np.isfinite(market).all()
    if not usable or not float(np.std(market)) > _FLAT:
        return MarketFit(missing, missing, missing, missing, used)
    moves = market - float(np.mean(market))
    spread = float(np.mean(moves**2))
    beta = float(np.mean(moves * returns)) / spread
    alpha = float(np.mean(returns)) - beta * float(np.mean(market))
    rest = returns - alpha - beta * market
    deviation = math.sqrt(float(np.sum(rest**2)) / (count - 2))
    year = math.sqrt(periods_per_year)
    if not deviation > _FLAT:
        return MarketFit(alpha * periods_per_year, beta, missing, missing, used)
    # How much each period moves the estimate of alpha: its row of the inverse moments times regressors and rest.
    scores = rest * (1.0 - float(np.mean(market)) / spread * moves)
    error = math.sqrt(long_run_variance(scores, used) / count)
    bandwidth = (used + 1.0) / count
    wider = 1.0 + (2.1859 * bandwidth + 0.3142 * bandwidth**2 - 0.3427 * bandwidth**3) / 1.6449
    alpha_t = alpha / (error * wider) if error > 0.0 else missing
    return MarketFit(alpha * periods_per_year, beta, alpha_t, alpha / deviation * year, used)


def long_run_variance(values: Floats, lags: int) -> float:
    """Variance of the mean of values times their number, with Bartlett weights: never negative.

    Args:
        values: shape (n,), with a mean of zero.
        lags: autocovariances that count.
    """
    # Sums of NumPy's own: a dot product of a long series has another last digit on another number of threads.
    total = float(np.sum(values**2))
    for lag in range(1, lags + 1):
        total += 2.0 * (1.0 - lag / (lags + 1.0)) * float(np.sum(values[lag:] * values[:-lag]))
    return total / len(values)


def timing_probability(positions: Floats, market: Floats, *, closest: int) -> float:
    """Probability that positions held at other times would have met the market as well as they did.

    The null moves the whole row of positions by so many periods around the end of the record, which keeps how long and
    how often they are held and how the market moves, and breaks only when. What is compared is
    ``sum(w m) / sqrt(sum(w^2 m^2))``, with the market's returns m less their mean: so being invested earns nothing by
    itself, and positions held in wild times are not favoured. Every shift counts, none is drawn (Politis and Romano,
    1994, on circular blocks; the test is that of White's Monte Carlo permutation as in Aronson, *Evidence-Based
    Technical Analysis*, 2007).

    Args:
        positions: shape (n,), held in each period, share of equity, signed.
        market: shape (n,), the market's return in the same periods.
        closest: shifts by fewer periods than this, either way, are nearly the positions themselves and do not count.

    Returns:
        Over 0 and at most 1; NaN if nothing was held, the market did not move, a number is not finite, or there are too
        few periods for a shift.
    """
    count = len(positions)
    if len(market) != count:
        raise ValueError(f"{count} positions and {len(market)} returns of the market")
    shifts = np.arange(max(closest, 1), count - max(closest, 1) + 1)
    if not (len(shifts) and np.isfinite(positions).all() and np.isfinite(market).all()):
        return math.nan
    moves = market - float(np.mean(market))
    if not (float(np.std(moves)) > _FLAT and positions.any()):
        return math.nan
    scale = float(np.std(moves)) * float(np.sqrt(np.mean(positions**2)))
    earned = _shifted_sums(positions, moves) / scale
    risked = _shifted_sums(positions**2, moves**2) / scale**2
    # Rounded, so that the last digit of a transform cannot turn a tie.
    found = np.round(earned / np.sqrt(np.maximum(risked, 1e-12)), 9)
    return (1.0 + float(np.count_nonzero(found[shifts] >= found[0]))) / (1.0 + len(shifts))


def _shifted_sums(first: Floats, second: Floats) -> Floats:
    """For every shift s the sum of ``first[t] * second[t + s]``, going around the end."""
    return np.fft.irfft(np.conj(np.fft.rfft(first)) * np.fft.rfft(second), len(first))
