"""The unit of every metric of a backtest, as ``docs/metrics.md`` has it, for tables and pages that people read."""

from __future__ import annotations

COUNT, MONEY, SHARE, RATIO, A_YEAR, SHARE_A_YEAR = "count", "quote currency", "share", "ratio", "a year", "share a year"
_PEAK, _ENTRY = "share of the peak", "share of the entry price"

_EXACT = {
    "trades": COUNT,
    "days": COUNT,
    "max_consecutive_losses": COUNT,
    "costs": MONEY,
    "mean_trade": MONEY,
    "total_return": SHARE,
    "exposure": SHARE,
    "cost_share": SHARE,
    "cagr": SHARE_A_YEAR,
    "calmar": A_YEAR,
    "turnover": "equities a year",
    "mean_bars_held": "bars",
    "tail_ratio": RATIO,
}
_PREFIXES = {
    "exits_": COUNT,
    "cost_": MONEY,
    "mae_": _ENTRY,
    "mfe_": _ENTRY,
    "sharpe": A_YEAR,
    "sortino": A_YEAR,
    "volatility": SHARE_A_YEAR,
    "max_drawdown": _PEAK,
    "intrabar_drawdown": _PEAK,
}
_SUFFIXES = {"_trades": COUNT, "_pnl": MONEY, "win_rate": SHARE, "profit_factor": RATIO}


def unit_of(metric: str) -> str:
    """The unit of a metric; empty if it is none of :mod:`trading.simulation.metrics`.

    >>> unit_of("sharpe_daily_low"), unit_of("regime_bull_pnl")
    ('a year', 'quote currency')

    Args:
        metric: its name.
    """
    if metric in _EXACT:
        return _EXACT[metric]
    by_end = [unit for end, unit in _SUFFIXES.items() if metric.endswith(end)]
    by_start = [unit for start, unit in _PREFIXES.items() if metric.startswith(start)]
    return [*by_end, *by_start, ""][0]
