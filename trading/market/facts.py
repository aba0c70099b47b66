"""Stylised facts of a market: how its returns and volume behave, so that two markets can be compared.

Source of the list: Cont, "Empirical properties of asset returns", Quantitative Finance 1 (2001).
"""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats
from trading.market.bars import Bars
from trading.market.contract.quality import excess_kurtosis

FACTS = {
    "bars": "number of bars",
    "annual_volatility": "standard deviation of log returns, annualised",
    "excess_kurtosis": "fat tails: 0 for a normal distribution",
    "autocorrelation_returns_1": "of log returns at lag 1: about 0 where nothing is predictable from one bar",
    "autocorrelation_absolute_1": "of absolute returns at lag 1: volatility clusters",
    "autocorrelation_absolute_60": "of absolute returns at lag 60: clusters last",
    "volume_volatility": "rank correlation of volume and absolute return",
}


def stylised_facts(bars: Bars) -> dict[str, float]:
    """Every fact of :data:`FACTS` by name; NaN where there are too few bars or nothing varies.

    Args:
        bars: of one market, oldest first.
    """
    returns = np.diff(np.log(bars.close))
    size = np.abs(returns)
    return {
        "bars": float(len(bars)),
        "annual_volatility": float(returns.std()) * math.sqrt(bars.bars_per_year) if len(returns) > 1 else math.nan,
        "excess_kurtosis": excess_kurtosis(returns),
        "autocorrelation_returns_1": _autocorrelation(returns, 1),
        "autocorrelation_absolute_1": _autocorrelation(size, 1),
        "autocorrelation_absolute_60": _autocorrelation(size, 60),
        "volume_volatility": _correlation(_ranks(bars.volume[1:]), _ranks(size)),
    }


def _autocorrelation(values: Floats, lag: int) -> float:
    return _correlation(values[:-lag], values[lag:])


def _correlation(one: Floats, other: Floats) -> float:
    if len(one) < 3 or one.std() == 0.0 or other.std() == 0.0:
        return math.nan
    return float(np.corrcoef(one, other)[0, 1])


def _ranks(values: Floats) -> Floats:
    return np.argsort(np.argsort(values, kind="stable"), kind="stable").astype(np.float64)
