"""Mini price paths with everything a simulation of them must say, and the one place that plays them.

A path states its settings, bars, one entry order, and what must come of it by the page on the simulator's rules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trading.arrays import Floats
from trading.model.spec import ActionBounds, Costs, Instrument, Limits
from trading.simulation.accounts import Account
from trading.simulation.bookkeeping import BarOutcome, simulate_bar
from trading.simulation.parameters import pack_parameters
from trading.steps import account as a
from trading.steps.bar import Bar

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
FREE: Mapping[str, float | bool | None] = {
    "fee_bps": 0.0,
    "maker_fee_bps": 0.0,
    "spread_bps": 0.0,
    "impact_bps": 0.0,
    "impact": 0.0,
    "stop_slip": 0.0,
    "limit_through": False,
    "wick_limit": None,
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
    given: Mapping[str, float | bool | None] = field(default_factory=dict)
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


def simulate(given: Mapping[str, Any], bars: Sequence[tuple[float, ...]], orders: Orders) -> Played:
    """Play bars by the simulator.

    Args:
        given: every setting.
        bars: ts, open, high, low, close, volume, funding.
        orders: by the index of the bar at whose close each is decided, if the account is free then.
    """
    account = Account(
        symbol="SIM", interval=HOUR_MS, initial_equity=given["initial_equity"], parameters=packed_parameters(given)
    )
    played = Played([], [], [], [], [], [])
    for index, bar in enumerate(bars):
        order = orders.get(index - 1)
        state = account.state
        if order is not None and state[a.QUANTITY] == 0.0 and state[a.ORDER_QUANTITY] == 0.0 and not state[a.HALTED]:
            place(state, order, bars[index - 1][0] + HOUR_MS if index else bar[0], given)
            played.taken.append(index - 1)
        # A target does not fill while a market exit waits.
        leaving = state[a.EXIT_REASON] != 0.0
        outcome = simulate_bar(account, Bar(int(bar[0]), *bar[1:]))
        played.fills.extend(_fills(outcome, index, math.nan if leaving else float(state[a.TARGET])))
        played.after.append((float(state[a.CASH]), float(state[a.QUANTITY]), float(state[a.EQUITY])))
        fees, funding, spread, slippage = state[[a.FEES, a.FUNDING, a.SPREAD, a.SLIPPAGE]].tolist()
        played.paid.append((fees, funding, spread, slippage))
        played.halted.append(bool(state[a.HALTED]))
        if outcome.trade is not None:
            row = outcome.trade._asdict()
            played.trades.append(TradeRow(**{name: row[name] for name in TradeRow.__dataclass_fields__}))
    return played


def packed_parameters(given: Mapping[str, Any]) -> Floats:
    """Settings as the steps take them.

    Args:
        given: every setting.
    """
    values = {"volatility_target": 1.0, "min_confidence": 0.0, "cooldown_bars": 0, **given}
    costs, instrument, limits = (
        model.model_validate({name: values[name] for name in model.model_fields})
        for model in (Costs, Instrument, Limits)
    )
    bounds = ActionBounds(min_duration=1, max_duration=99, min_stop=1, max_stop=2, min_target=1, max_target=2)
    return pack_parameters(costs, instrument, limits, bounds, interval=HOUR_MS, stop_horizon=1, bars_per_year=8_766.0)


def place(state: Floats, order: EntryOrder, close_ms: float, given: Mapping[str, Any]) -> None:
    """Let an entry wait as a decision does.

    Args:
        state: of the account, changed in place.
        order: the entry.
        close_ms: UTC milliseconds of the close at which it is decided.
        given: every setting.
    """
    state[a.ORDER_QUANTITY] = order.quantity
    state[a.ORDER_WAIT] = given["latency_bars"]
    state[a.ORDER_READY] = close_ms + given["latency_ms"]
    state[a.ORDER_CAP] = min(order.cap, given["size_cap"])
    state[a.ORDER_DURATION] = order.duration
    state[a.ORDER_STOP], state[a.ORDER_TARGET] = order.stop_log, order.target_log


def _fills(outcome: BarOutcome, index: int, target: float) -> list[Filled]:
    """What a bar filled; of its exits the simulator tells the sum at the average price, and the reason of the last."""
    fills: list[Filled] = []
    for fill in outcome.fills:
        kind = str(fill.kind)
        if kind == "exit" and outcome.trade is not None:
            kind = outcome.trade.reason
        elif kind == "exit" and math.isclose(fill.price, target, rel_tol=1e-12):
            kind = "target"
        fills.append((kind, fill.quantity, fill.price, index))
    return fills
