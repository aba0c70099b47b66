"""Every metric of a backtest by name; ``docs/metrics.md`` gives formula, unit and source of each."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats, Ints
from trading.simulation.metrics.drawdown import intrabar_drawdown, max_drawdown
from trading.simulation.metrics.ratios import cagr, calmar, sharpe, sortino, tail_ratio, volatility
from trading.simulation.metrics.returns import DailyReturns, bar_returns, compounded, daily_returns
from trading.simulation.metrics.trades import (
    longest_losing_streak,
    profit_factor,
    trade_columns,
    trade_metrics,
    win_rate,
)
from trading.simulation.metrics.uncertainty import MIN_RETURNS, sharpe_interval, sharpe_standard_error
from trading.steps.account import COSTS, EXPOSED, TRADE_PNL, TURNS

# Equal equity has equal metrics, whatever night measured it: the draws follow from no night's seed.
_SEED = 0


class Details(NamedTuple):
    """What a lane may tell beside equity and trades, for the metrics that need it.

    Attributes:
        ts: shape (n,), open of each bar, UTC milliseconds, increasing.
        low_equity: shape (n,), at each bar's adverse extreme.
        regimes: names of the regimes that the trades name by number, from 1.
    """

    ts: Ints
    low_equity: Floats
    regimes: tuple[str, ...] = ()


def backtest_metrics(
    equity: Floats,
    trades: Floats,
    account: Floats,
    initial: float,
    bars_per_year: float,
    details: Details | None = None,
) -> dict[str, float]:
    """Every metric of one lane.

    Args:
        equity: shape (n,), at every close, quote currency.
        trades: shape (m, TRADE_SIZE), in the order of closing.
        account: shape (ACCOUNT_SIZE,), after the last bar; it sums costs, turnover and bars with a position.
        initial: equity before the first bar.
        bars_per_year: how many bars a year has.
        details: what more is known; None leaves out the metrics that need it, and those of trades beside their gains.

    Returns:
        ``total_return`` and ``max_drawdown`` as shares, ``volatility`` annualised, ``win_rate`` and ``exposure`` as
        shares, ``turnover`` in equities per year, ``cost_share`` as fees, spread and slippage over gross gains of
        trades, ``trades`` and ``max_consecutive_losses`` as counts; and what the details add.
    """
    returns = bar_returns(equity, initial)
    pnl = trades[:, TRADE_PNL]
    gains = float(pnl[pnl > 0.0].sum())
    years = len(equity) / bars_per_year
    found: dict[str, float] = {
        "sharpe": sharpe(returns, bars_per_year),
        "sortino": sortino(returns, bars_per_year),
        "max_drawdown": max_drawdown(equity, initial),
        "volatility": volatility(returns, bars_per_year),
        "total_return": float(equity[-1]) / initial - 1.0,
        "win_rate": win_rate(pnl),
        "profit_factor": profit_factor(pnl),
        "max_consecutive_losses": longest_losing_streak(pnl),
        "mean_trade": float(np.mean(pnl)) if len(pnl) else math.nan,
        "trades": len(pnl),
        "exposure": float(account[EXPOSED]) / len(equity),
        "turnover": float(account[TURNS]) / years,
        "cost_share": float(account[COSTS]) / gains if gains > 0.0 else math.nan,
        "costs": float(account[COSTS]),
    }
    if details is None:
        return found
    found |= daily_metrics(daily_returns(details.ts, equity, initial))
    found["intrabar_drawdown"] = intrabar_drawdown(equity, details.low_equity, initial)
    return found | trade_metrics(trade_columns(trades, details.regimes), details.regimes)


def daily_metrics(daily: DailyReturns) -> dict[str, float]:
    """Metrics of daily returns; all but the count are NaN with fewer than ``MIN_RETURNS`` days.

    Args:
        daily: of an account.

    Returns:
        ``sharpe_daily`` with its standard error and the ends of a 90 % interval, ``sortino_daily``,
        ``volatility_daily`` and ``cagr`` annualised, ``max_drawdown_daily`` a share, ``calmar``, ``tail_ratio``,
        ``days`` a count.
    """
    returns, per_year = daily
    interval = sharpe_interval(returns, per_year, seed=_SEED)
    found = {
        "sharpe_daily": sharpe(returns, per_year),
        "sharpe_daily_se": sharpe_standard_error(returns, per_year),
        "sharpe_daily_low": interval.low,
        "sharpe_daily_high": interval.high,
        "sortino_daily": sortino(returns, per_year),
        "volatility_daily": volatility(returns, per_year),
        "max_drawdown_daily": max_drawdown(compounded(returns), 1.0),
        "cagr": cagr(returns, per_year),
        "calmar": calmar(returns, per_year),
        "tail_ratio": tail_ratio(returns),
    }
    enough = len(returns) >= MIN_RETURNS
    return {"days": len(returns)} | {name: value if enough else math.nan for name, value in found.items()}
