"""Figures of a series of simple returns: growth, volatility, and what was earned for the risk."""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats
from trading.simulation.metrics.drawdown import max_drawdown
from trading.simulation.metrics.returns import compounded

NO_DEVIATION = 1e-15
"""Returns that deviate less are equal but for rounding: a return is a quotient near one, known to about 2e-16."""


def sharpe(returns: Floats, periods_per_year: float) -> float:
    """Annualised Sharpe ratio, risk-free rate zero (Sharpe, J. Portfolio Management 21, 1994).

    ``mean / standard deviation * sqrt(periods_per_year)``, sample deviation; NaN if all returns are equal.

    Args:
        returns: shape (n,), simple return of each bar or day.
        periods_per_year: how many of them a year has.
    """
    if len(returns) < 2:
        return math.nan
    deviation = float(np.std(returns, ddof=1))
    return float(np.mean(returns)) / deviation * math.sqrt(periods_per_year) if deviation > NO_DEVIATION else math.nan


def sortino(returns: Floats, periods_per_year: float) -> float:
    """Annualised Sortino ratio: mean over the root mean square of the negative returns; NaN without a negative one.

    Args:
        returns: shape (n,), simple return of each bar or day.
        periods_per_year: how many of them a year has.
    """
    if len(returns) < 2:
        return math.nan
    downside = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2)))
    return float(np.mean(returns)) / downside * math.sqrt(periods_per_year) if downside > 0.0 else math.nan


def volatility(returns: Floats, periods_per_year: float) -> float:
    """Annualised sample deviation of returns; zero if nothing moved, NaN with fewer than two.

    Args:
        returns: shape (n,), simple return of each bar or day.
        periods_per_year: how many of them a year has.
    """
    return float(np.std(returns, ddof=1)) * math.sqrt(periods_per_year) if len(returns) > 1 else math.nan


def cagr(returns: Floats, periods_per_year: float) -> float:
    """Compound annual growth rate, a share: ``product of (1 + return) ** (periods_per_year / n) - 1``.

    NaN without returns, if equity fell under zero, or if the rate is too large for a number.

    Args:
        returns: shape (n,), simple return of each bar or day.
        periods_per_year: how many of them a year has.
    """
    growth = float(np.prod(1.0 + returns))
    if not len(returns) or not growth >= 0.0:
        return math.nan
    try:
        rate = growth ** (periods_per_year / len(returns)) - 1.0
    except OverflowError:
        return math.nan
    return rate if math.isfinite(rate) else math.nan


def calmar(returns: Floats, periods_per_year: float) -> float:
    """Compound annual growth over the largest drawdown of the same returns (Young, Futures 20, 1991); NaN without one.

    Args:
        returns: shape (n,), simple return of each bar or day.
        periods_per_year: how many of them a year has.
    """
    drawdown = max_drawdown(compounded(returns), 1.0)
    return cagr(returns, periods_per_year) / drawdown if drawdown > 0.0 else math.nan


def tail_ratio(returns: Floats) -> float:
    """How far the best twentieth reaches over the worst: ``|95th percentile| / |5th percentile|``, interpolated.

    NaN without returns or if the lower percentile is zero.

    Args:
        returns: shape (n,), simple return of each bar or day.
    """
    if not len(returns):
        return math.nan
    low, high = (abs(float(value)) for value in np.percentile(returns, (5.0, 95.0)))
    return high / low if low > 0.0 else math.nan
