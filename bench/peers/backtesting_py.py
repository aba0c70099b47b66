"""backtesting.py: a strategy that enters where it is asked to and leaves after the asked time."""

from __future__ import annotations

from importlib import import_module, metadata
from typing import Any

import numpy as np

from bench.peers.asked import Asked, Trade

PACKAGE = "backtesting"
CASH = 1e12


def version() -> str:
    """Of the installed package."""
    return metadata.version(PACKAGE)


def prepare(asked: Asked) -> Any:
    """Everything that is made once and is not the simulation.

    Args:
        asked: bars and entries.
    """
    import pandas as pd

    library = import_module("backtesting")
    # Its sizes are whole units: a unit is a lot here, and prices are those of a lot.
    data = pd.DataFrame(
        {name.title(): getattr(asked, name) * asked.lot for name in ("open", "high", "low", "close")},
        index=pd.to_datetime(asked.ts, unit="ms"),
    )
    entries = dict(zip(asked.entry.tolist(), range(len(asked.entry)), strict=True))
    units = np.rint(asked.quantity / asked.lot).astype(np.int64).tolist()
    stops, targets = (asked.stop * asked.lot).tolist(), (asked.target * asked.lot).tolist()
    durations = asked.duration.tolist()

    class Replay(library.Strategy):
        def init(self) -> None:
            pass

        def next(self) -> None:
            # The bar that has just closed; what is ordered now is filled at the next open.
            now = len(self.data) - 1
            for trade in self.trades:
                if now - trade.entry_bar + 1 >= durations[trade.tag]:
                    trade.close()
            asked_for = entries.get(now + 1)
            if asked_for is not None:
                order = self.buy if units[asked_for] > 0 else self.sell
                placed = order(size=abs(units[asked_for]), tag=asked_for)
                # The call itself refuses a bracket around the next open that the last close lies outside of.
                placed._replace(sl_price=stops[asked_for], tp_price=targets[asked_for])

    return library.Backtest(data, Replay, cash=CASH, commission=asked.fee, hedging=True)


def simulate(prepared: Any) -> Any:
    """The simulation itself.

    Args:
        prepared: from :func:`prepare`.
    """
    return prepared.run()


def trades(asked: Asked, result: Any) -> list[Trade]:
    """The trades in the order of their entries.

    Args:
        asked: bars and entries.
        result: from :func:`simulate`.
    """
    found = []
    for row in result["_trades"].itertuples():
        # The bracket order that closed a trade is gone from it; the other one was cancelled and is gone too.
        asked_for, exit_price = int(row.Tag), row.ExitPrice / asked.lot
        found.append(
            Trade(
                int(row.EntryBar), row.EntryPrice / asked.lot, int(row.ExitBar), exit_price,
                reason_of(asked, asked_for, int(row.ExitBar), exit_price),
            )
        )  # fmt: skip
    return sorted(found)


def reason_of(asked: Asked, number: int, exit_bar: int, exit_price: float) -> str:
    """Why a trade ended, of a peer that does not say it: by the price it left at.

    Args:
        asked: bars and entries.
        number: of the entry.
        exit_bar: position of the bar.
        exit_price: of the fill.
    """
    half_tick, opened = 0.5 * asked.tick, float(asked.open[exit_bar])
    due = int(asked.entry[number] + asked.duration[number])
    if exit_bar == due and abs(exit_price - opened) < half_tick:
        return "time"
    side = 1.0 if asked.quantity[number] > 0.0 else -1.0
    return "stop" if side * (exit_price - float(asked.stop[number])) < half_tick else "target"
