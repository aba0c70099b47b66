"""Backtest metrics, with their conventions stated; a number that does not exist is NaN, never zero."""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats
from trading.steps.account import COSTS, EXPOSED, TRADE_PNL, TURNOVER


def sharpe(returns: Floats, bars_per_year: float) -> float:
    """Annualised Sharpe ratio of per-bar returns, risk-free rate zero (Sharpe, J. Portfolio Management 21, 1994).

    ``mean / standard deviation * sqrt(bars_per_year)``, sample deviation; NaN if nothing moved.

    Args:
        returns: shape (n,), simple return of each bar.
        bars_per_year: how many bars a year has.
    """
    if len(returns) < 2:
        return math.nan
    deviation = float(np.std(returns, ddof=1))
    return float(np.mean(returns)) / deviation * math.sqrt(bars_per_year) if deviation > 0.0 else math.nan


def sortino(returns: Floats, bars_per_year: float) -> float:
    """Annualised Sortino ratio: mean over the root mean square of the negative returns.

    Args:
        returns: shape (n,), simple return of each bar.
        bars_per_year: how many bars a year has.
    """
    if len(returns) < 2:
        return math.nan
    downside = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2)))
    return float(np.mean(returns)) / downside * math.sqrt(bars_per_year) if downside > 0.0 else math.nan


def max_drawdown(equity: Floats, initial: float) -> float:
    """Largest fall from a peak, share of that peak; the start counts as a peak.

    Args:
        equity: shape (n,), at every close, quote currency.
        initial: equity before the first bar.
    """
    path = np.r_[initial, equity]
    return float(np.max(1.0 - path / np.maximum.accumulate(path)))


def longest_losing_streak(pnl: Floats) -> int:
    """Longest run of trades that did not gain.

    Args:
        pnl: shape (m,), gain of each trade after costs, in the order of closing.
    """
    longest = run = 0
    for gain in pnl:
        run = 0 if gain > 0.0 else run + 1
        longest = max(longest, run)
    return longest


def backtest_metrics(
    equity: Floats, trades: Floats, account: Floats, initial: float, bars_per_year: float
) -> dict[str, float]:
    """Every metric of one lane.

    Args:
        equity: shape (n,), at every close, quote currency.
        trades: shape (m, TRADE_SIZE), in the order of closing.
        account: shape (ACCOUNT_SIZE,), after the last bar; it sums costs, turnover and bars with a position.
        initial: equity before the first bar.
        bars_per_year: how many bars a year has.

    Returns:
        ``total_return`` and ``max_drawdown`` as shares, ``volatility`` annualised, ``win_rate`` and ``exposure`` as
        shares, ``turnover`` in equities per year, ``cost_share`` as fees, spread and slippage over gross gains of
        trades, ``trades`` and ``max_consecutive_losses`` as counts.
    """
    returns = np.diff(np.r_[initial, equity]) / np.r_[initial, equity[:-1]]
    pnl = trades[:, TRADE_PNL]
    gains, losses = float(pnl[pnl > 0.0].sum()), float(-pnl[pnl <= 0.0].sum())
    years = len(equity) / bars_per_year
    return {
        "sharpe": sharpe(returns, bars_per_year),
        "sortino": sortino(returns, bars_per_year),
        "max_drawdown": max_drawdown(equity, initial),
        "volatility": float(np.std(returns, ddof=1)) * math.sqrt(bars_per_year) if len(returns) > 1 else math.nan,
        "total_return": float(equity[-1]) / initial - 1.0,
        "win_rate": float(np.mean(pnl > 0.0)) if len(pnl) else math.nan,
        "profit_factor": gains / losses if losses > 0.0 else math.nan,
        "max_consecutive_losses": longest_losing_streak(pnl),
        "mean_trade": float(np.mean(pnl)) if len(pnl) else math.nan,
        "trades": len(pnl),
        "exposure": float(account[EXPOSED]) / len(equity),
        "turnover": float(account[TURNOVER]) / initial / years,
        "cost_share": float(account[COSTS]) / gains if gains > 0.0 else math.nan,
        "costs": float(account[COSTS]),
    }
