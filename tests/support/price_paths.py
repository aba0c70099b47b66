"""Mini price paths with everything that a simulation of them must say.

A path states its settings, bars, one entry order, and what must come of it by the page on the simulator's rules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

HOUR_MS = 3_600_000
START_MS = 1_704_067_200_000  # 2024-01-01, a Monday

#: open, high, low, close, volume
Prices = tuple[float, float, float, float, float]
#: entries by the index of the bar at whose close each is decided
Orders = Mapping[int, "EntryOrder"]
#: what filled (entry, stop, target, time, liquidation; exit if it is not told which), signed quantity, price, bar
Filled = tuple[str, float, float, int]
#: cash, position, equity at the close of a bar
After = tuple[float, float, float]

# Nothing costs anything, everything fills: a path changes what it is about.
FREE: Mapping[str, Any] = {
    "fee_bps": 0.0,
    "maker_fee_bps": 0.0,
    "spread_bps": 0.0,
    "impact_bps": 0.0,
    "impact": 0.0,
    "stop_slip": 0.0,
    "limit_through": False,
    "wick_limit": 0.0,
    "latency_bars": 0,
    "latency_ms": 0,
    "funding_bps_per_day": 0.0,
    "borrow_bps_per_day": 0.0,
    "max_participation": 1.0,
    "tick": 0.01,
    "lot": 0.001,
    "contract_size": 1.0,
    "min_notional": 0.0,
    "initial_equity": 10_000.0,
    "size_cap": 1.0,
    "max_leverage": 1.0,
    "maintenance_margin": 0.25,
    "halt_drawdown": 1.0,
}


@dataclass(frozen=True)
class EntryOrder:
    """An order decided at the close of a bar.

    Attributes:
        quantity: signed, units of the asset.
        stop: price it would have if the entry filled at ``at``.
        target: the same of the target.
        at: fill price that the two are meant for.
        duration: bars after which to leave.
        cap: largest notional at the fill, share of equity.
        after: index of the bar at whose close it is decided; -1 for before the first.
    """

    quantity: float
    stop: float
    target: float
    at: float = 100.0
    duration: int = 99
    cap: float = 100.0
    after: int = 0

    @property
    def stop_log(self) -> float:
        """Distance of the stop, log price."""
        return abs(math.log(self.stop / self.at))

    @property
    def target_log(self) -> float:
        """Distance of the target, log price."""
        return abs(math.log(self.target / self.at))


def buy(quantity: float, *, stop: float = 50.0, target: float = 200.0, **rest: float) -> EntryOrder:
    """An order to buy, with stop and target out of the way unless said.

    Args:
        quantity: units of the asset.
        stop: price.
        target: price.
        **rest: further fields of the order.
    """
    return EntryOrder(quantity, stop, target, **rest)  # pyright: ignore[reportArgumentType]


def sell(quantity: float, *, stop: float = 400.0, target: float = 25.0, **rest: float) -> EntryOrder:
    """An order to sell, with stop and target out of the way unless said.

    Args:
        quantity: units of the asset, positive.
        stop: price.
        target: price.
        **rest: further fields of the order.
    """
    return EntryOrder(-quantity, stop, target, **rest)  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True, kw_only=True)
class TradeRow:
    """What a closed trade must say; costs in quote currency, mae and mfe as shares of the entry price."""

    reason: str
    pnl: float
    held: int
    mae: float
    mfe: float
    fees: float = 0.0
    spread: float = 0.0
    slippage: float = 0.0
    funding: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PricePath:
    """A row of the table.

    Attributes:
        name: the rule it holds, as a sentence.
        bars: in their order.
        order: the one entry order.
        fills: in the order in which they happen.
        after: cash, position and equity at the close of every bar.
        trade: the closed trade; None if the position is open at the end, or there was none.
        given: settings that differ from ``FREE``.
        hours: of the open of each bar from the first; every hour unless said.
        funding: rates by index of the bar.
        halted: whether the drawdown limit was hit, at the close of every bar; not asked unless said.
    """

    name: str
    bars: Sequence[Prices]
    order: EntryOrder
    fills: Sequence[Filled]
    after: Sequence[After]
    trade: TradeRow | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    hours: Sequence[float] = ()
    funding: Mapping[int, float] = field(default_factory=dict)
    halted: Sequence[bool] = ()


def bars_of(path: PricePath) -> list[tuple[float, ...]]:
    """The bars of a path: ts, open, high, low, close, volume, funding.

    Args:
        path: a row of the table.
    """
    hours = path.hours or range(len(path.bars))
    return [
        (START_MS + int(hour * HOUR_MS), *prices, path.funding.get(index, 0.0))
        for index, (hour, prices) in enumerate(zip(hours, path.bars, strict=True))
    ]


def summed(fills: Sequence[Filled]) -> list[Filled]:
    """The fills with the exits of a bar as one at their average price, of the last one's kind.

    Args:
        fills: in their order.
    """
    sums: list[Filled] = []
    for kind, quantity, price, bar in fills:
        if kind != "entry" and sums and sums[-1][3] == bar and sums[-1][0] != "entry":
            _, before, average, _ = sums.pop()
            quantity, price = before + quantity, (before * average + quantity * price) / (before + quantity)
        sums.append((kind, quantity, price, bar))
    return sums


@dataclass(frozen=True)
class Played:
    """What a player made of a path, in the terms of a row.

    Attributes:
        fills: in their order.
        after: cash, position and equity at the close of every bar.
        trades: that closed, in their order.
        halted: at the close of every bar.
        paid: fees, funding, spread and slippage since the start, at the close of every bar.
        taken: indexes of the bars whose orders were taken, since the account was flat and nothing waited.
    """

    fills: list[Filled]
    after: list[After]
    trades: list[TradeRow]
    halted: list[bool]
    paid: list[tuple[float, float, float, float]]
    taken: list[int]
