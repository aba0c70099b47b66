"""vectorbt: ``Portfolio.from_signals`` with its own stops and targets and a compiled signal function for the time."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module, metadata
from typing import Any, NamedTuple

import numpy as np

from bench.peers.asked import Asked, Trade
from bench.peers.backtesting_py import reason_of

PACKAGE = "vectorbt"
CASH = 1e12
HAIR = 1e-15


class Prepared(NamedTuple):
    """The call, and what of it is made afresh each time: the bar at which each column's position is due."""

    from_signals: Any
    function: Any
    arguments: tuple[Any, ...]
    settings: dict[str, Any]


def version() -> str:
    """Of the installed package."""
    return metadata.version(PACKAGE)


def prepare(asked: Asked) -> Prepared:
    """Everything that is made once and is not the simulation.

    Args:
        asked: bars and entries.
    """
    import pandas as pd

    library = import_module("vectorbt")
    n, fill = len(asked.ts), asked.open[asked.entry]
    quantity, duration = np.zeros(n), np.zeros(n, dtype=np.int64)
    stop, target = np.full(n, np.nan), np.full(n, np.nan)
    quantity[asked.entry], duration[asked.entry] = asked.quantity, asked.duration
    # Levels are shares of the fill here: a hair nearer, so that a rounding error puts none beyond its tick.
    stop[asked.entry] = np.abs(asked.stop / fill - 1.0) - HAIR
    target[asked.entry] = np.abs(asked.target / fill - 1.0) - HAIR

    settings = {
        "close": pd.Series(asked.close),
        "open": asked.open,
        "high": asked.high,
        "low": asked.low,
        "price": asked.open,
        "size": np.abs(quantity),
        "sl_stop": stop,
        "tp_stop": target,
        "stop_entry_price": "fillprice",
        "fees": asked.fee,
        "init_cash": CASH,
        "freq": pd.Timedelta(milliseconds=asked.interval),
        "max_orders": 2 * len(asked.entry) + 2,
    }
    return Prepared(library.Portfolio.from_signals, _signal_function(), (quantity, duration), settings)


def simulate(prepared: Prepared) -> Any:
    """The simulation itself, with the metrics that need equity and trades.

    Args:
        prepared: from :func:`prepare`.
    """
    due = np.zeros(1, dtype=np.int64)
    portfolio = prepared.from_signals(
        signal_func_nb=prepared.function, signal_args=(*prepared.arguments, due), **prepared.settings
    )
    # Orders alone are no backtest: equity, its metrics and the trades are worked out when they are asked for.
    for measure in (portfolio.total_return, portfolio.sharpe_ratio, portfolio.max_drawdown, portfolio.trades.win_rate):
        measure()
    return portfolio


def trades(asked: Asked, result: Any) -> list[Trade]:
    """The trades in the order of their entries.

    Args:
        asked: bars and entries.
        result: from :func:`simulate`.
    """
    numbers = dict(zip(asked.entry.tolist(), range(len(asked.entry)), strict=True))
    found = []
    for row in result.trades.values:
        if row["status"] == 1:
            entry, left, price = int(row["entry_idx"]), int(row["exit_idx"]), float(row["exit_price"])
            reason = reason_of(asked, numbers[entry], left, price)
            found.append(Trade(entry, float(row["entry_price"]), left, price, reason))
    return sorted(found)


@lru_cache(maxsize=1)
def _signal_function() -> Any:
    """Made once, so that it is compiled once and not in what is timed."""
    import numba

    @numba.njit
    def signal(c: Any, wanted: Any, held: Any, due: Any) -> tuple[bool, bool, bool, bool]:
        if c.position_now == 0.0:
            if wanted[c.i] == 0.0:
                return False, False, False, False
            due[c.col] = c.i + held[c.i]
            return wanted[c.i] > 0.0, False, wanted[c.i] < 0.0, False
        leave = c.i >= due[c.col]
        return False, leave and c.position_now > 0.0, False, leave and c.position_now < 0.0

    return signal
