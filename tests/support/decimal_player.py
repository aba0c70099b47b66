"""Plays paths by the page in decimals, and lets the account in decimals tell trades and costs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import localcontext
from typing import Any

from tests.support.decimal_account import (
    DIGITS,
    BookedFill,
    DecimalBar,
    Rates,
    Replay,
    confirmed,
    decimal_bars,
    replay,
)
from tests.support.decimal_simulator import DecimalSimulator, SimulatedFill
from tests.support.price_paths import HOUR_MS, After, Orders, Played, TradeRow


def play_in_decimals(given: Mapping[str, Any], bars: list[tuple[float, ...]], orders: Orders) -> Played:
    """Play bars by the page in decimals; the account in decimals tells the trades.

    Args:
        given: every setting.
        bars: ts, open, high, low, close, volume, funding.
        orders: by the index of the bar at whose close each is decided, if the account is free then.
    """
    with localcontext() as context:
        context.prec = DIGITS
        return _play(DecimalSimulator(given), given, decimal_bars(bars), orders)


def _play(simulator: DecimalSimulator, given: Mapping[str, Any], bars: list[DecimalBar], orders: Orders) -> Played:
    fills: list[tuple[int, SimulatedFill]] = []
    after: list[After] = []
    halted: list[bool] = []
    taken: list[int] = []
    for index, bar in enumerate(bars):
        order = orders.get(index - 1)
        if order is not None and simulator.free:
            simulator.decide(order, bars[index - 1].ts + HOUR_MS if index else bar.ts)
            taken.append(index - 1)
        fills += [(index, fill) for fill in simulator.play(bar)]
        after.append((float(simulator.cash), float(simulator.position), float(simulator.equity)))
        halted.append(simulator.halted)
    ledger = [(fill.kind, float(fill.quantity), float(fill.price), index) for index, fill in fills]
    booked = _book(given, bars, fills)
    paid = [
        (
            float(close.fees),
            float(close.funding),
            float(sum(fill.spread for bar, fill in fills if bar <= index)),
            float(sum(fill.slippage for bar, fill in fills if bar <= index)),
        )
        for index, close in enumerate(booked.closes)
    ]
    return Played(ledger, after, _trades(booked, [fill for _, fill in fills]), halted, paid, taken)


def _book(given: Mapping[str, Any], bars: list[DecimalBar], fills: list[tuple[int, SimulatedFill]]) -> Replay:
    rates = Rates(*(given[name] for name in Rates._fields))
    ledger = [BookedFill(index, fill.quantity, fill.price, fill.kind == "target") for index, fill in fills]
    return replay(confirmed(bars, given["wick_limit"]), ledger, rates, initial=given["initial_equity"])


def _trades(booked: Replay, waiting: list[SimulatedFill]) -> list[TradeRow]:
    rows: list[TradeRow] = []
    for trade in booked.trades:
        own = [waiting.pop(0)]
        while abs(sum(fill.quantity for fill in own)) > 0:
            own.append(waiting.pop(0))
        rows.append(
            TradeRow(
                reason=own[-1].kind,
                held=trade.held,
                spread=float(sum(fill.spread for fill in own)),
                slippage=float(sum(fill.slippage for fill in own)),
                **{name: float(getattr(trade, name)) for name in ("pnl", "mae", "mfe", "fees", "funding")},
            )
        )
    return rows
