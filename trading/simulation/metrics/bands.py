"""How far the metrics of a backtest would have moved by chance: bootstrap bands of an equity and of its trades.

Every figure of a draw is computed by the formula of the figure itself, so a metric has one formula.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trading.arrays import Floats, Ints
from trading.seeds import seed_for
from trading.simulation.metrics.drawdown import max_drawdown
from trading.simulation.metrics.ratios import cagr, calmar, sharpe, sortino, tail_ratio, volatility
from trading.simulation.metrics.returns import bar_returns, compounded, daily_returns
from trading.simulation.metrics.trades import (
    TradeColumns,
    longest_losing_streak,
    profit_factor,
    trade_metrics,
    win_rate,
)
from trading.simulation.metrics.uncertainty import MIN_RETURNS
from trading.statistics.resample import Band, quantile_band, resampled_positions

DRAWS = 300


@dataclass(frozen=True, eq=False, kw_only=True)
class EquityBands:
    """What an equity might have been, had its own stretches of returns come in another order and number.

    Attributes:
        metrics: 90 % band of every metric of returns, by name.
        points: shape (k,), bars at which the equity has a band.
        low: shape (k,), 5 % quantile of the equity over its start.
        high: shape (k,), 95 % quantile.
        block: mean length of a block, bars.
        draws: how often it was drawn again.
    """

    metrics: Mapping[str, Band]
    points: Ints
    low: Floats
    high: Floats
    block: int
    draws: int


def equity_bands(
    ts: Ints,
    equity: Floats,
    initial: float,
    bars_per_year: float,
    *,
    block: int,
    points: Ints,
    seed: int,
    draws: int = DRAWS,
) -> EquityBands:
    """Bands of an equity and of the metrics of its returns; NaN where a return does not exist.

    Args:
        ts: shape (n,), open of each bar, UTC milliseconds.
        equity: shape (n,), at every close.
        initial: equity before the first bar.
        bars_per_year: how many bars a year has.
        block: mean length of a block, bars; at most a third of the series is used.
        points: bars at which the equity's band is wanted.
        seed: of the draws.
        draws: how often it is drawn again.
    """
    returns, (daily, days_per_year) = bar_returns(equity, initial), daily_returns(ts, equity, initial)
    used = max(1, min(block, len(returns) // 3))
    found: dict[str, list[float]] = {}
    paths = np.full((draws, len(points)), math.nan)
    if len(returns) and np.isfinite(returns).all():
        rng = np.random.default_rng(seed_for(seed, "bands", "bars"))
        for draw, positions in enumerate(resampled_positions(rng, len(returns), draws, used)):
            path = compounded(returns[positions])
            paths[draw] = path[points]
            _note(found, _bar_figures(returns[positions], path, bars_per_year))
        if len(daily) >= MIN_RETURNS:
            rng = np.random.default_rng(seed_for(seed, "bands", "days"))
            days = max(1, min(math.ceil(used * len(daily) / len(returns)), len(daily) // 3))
            for positions in resampled_positions(rng, len(daily), draws, days):
                _note(found, _daily_figures(daily[positions], days_per_year))
    low, high = np.quantile(paths, (0.05, 0.95), axis=0)
    bands = {name: quantile_band(values) for name, values in found.items()}
    return EquityBands(metrics=bands, points=points, low=low, high=high, block=used, draws=draws)


def trade_bands(
    trades: TradeColumns, regimes: Sequence[str], *, bars: int, seed: int, draws: int = DRAWS
) -> dict[str, Band]:
    """90 % band of every metric of trades but their number, from whole trades drawn again; none of fewer than two.

    Args:
        trades: closed, in the order of closing.
        regimes: names of the regimes that trades may name.
        bars: that the backtest traded.
        seed: of the draws.
        draws: how often they are drawn again.
    """
    count = len(trades.pnl)
    if count < 2:
        return {}
    found: dict[str, list[float]] = {}
    rng = np.random.default_rng(seed_for(seed, "bands", "trades"))
    for positions in resampled_positions(rng, count, draws, max(1.0, count ** (1.0 / 3.0))):
        drawn = TradeColumns._make(column[positions] for column in trades)
        _note(found, _trade_figures(drawn, bars) | trade_metrics(drawn, regimes))
    return {name: quantile_band(values) for name, values in found.items()}


def _bar_figures(returns: Floats, path: Floats, bars_per_year: float) -> dict[str, float]:
    return {
        "sharpe": sharpe(returns, bars_per_year),
        "sortino": sortino(returns, bars_per_year),
        "volatility": volatility(returns, bars_per_year),
        "max_drawdown": max_drawdown(path, 1.0),
        "total_return": float(path[-1]) - 1.0,
    }


def _daily_figures(returns: Floats, days_per_year: float) -> dict[str, float]:
    return {
        "sharpe_daily": sharpe(returns, days_per_year),
        "sortino_daily": sortino(returns, days_per_year),
        "volatility_daily": volatility(returns, days_per_year),
        "max_drawdown_daily": max_drawdown(compounded(returns), 1.0),
        "cagr": cagr(returns, days_per_year),
        "calmar": calmar(returns, days_per_year),
        "tail_ratio": tail_ratio(returns),
    }


def _trade_figures(trades: TradeColumns, bars: int) -> dict[str, float]:
    pnl = trades.pnl
    gains = float(pnl[pnl > 0.0].sum())
    # What a trade of release 0.1 does not say is NaN, and so is what follows from it.
    costs = float((trades.fees + trades.spread + trades.slippage + trades.funding).sum())
    return {
        "win_rate": win_rate(pnl),
        "profit_factor": profit_factor(pnl),
        "max_consecutive_losses": longest_losing_streak(pnl),
        "mean_trade": float(np.mean(pnl)),
        "exposure": float(trades.held.sum()) / bars,
        "costs": costs,
        "cost_share": costs / gains if gains > 0.0 else math.nan,
    }


def _note(found: dict[str, list[float]], figures: Mapping[str, float]) -> None:
    for name, value in figures.items():
        found.setdefault(name, []).append(value)
