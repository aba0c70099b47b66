"""Venues: where intents become fills. The paper venue is the venue step of the backtest, called once a bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from trading.arrays import Floats
from trading.steps.account import (
    ENTRY_PRICE,
    ENTRY_QUANTITY,
    EXIT_VALUE,
    ORDER_DURATION,
    ORDER_QUANTITY,
    ORDER_STOP,
    ORDER_TARGET,
    ORDER_WAIT,
    QUANTITY,
    TRADE_ENTRY,
    TRADE_EXIT,
    TRADE_QUANTITY,
    TRADE_SIZE,
)
from trading.steps.bar import Bar
from trading.steps.venue import CANCELLED, CLOSED, ENTERED, venue_step


@dataclass(frozen=True)
class Intent:
    """An order the runner means to place; it is in the journal before any venue hears of it.

    Attributes:
        id: names the order for ever; a venue that hears of it twice places it once.
        ts: open of the bar at whose close it was decided, UTC milliseconds.
        quantity: signed, units of the asset.
        wait_bars: extra bars before it may fill.
        duration_bars: longest holding time.
        stop_log, target_log: distances of the bracket from the fill, log price.
    """

    id: str
    ts: int
    quantity: float
    wait_bars: float
    duration_bars: float
    stop_log: float
    target_log: float


@dataclass(frozen=True)
class Fill:
    """Quantity (signed) that changed hands on a bar, and its average price."""

    kind: Literal["entry", "exit"]
    quantity: float
    price: float


@dataclass(frozen=True, eq=False)
class BarReport:
    """What a bar did to the account.

    Attributes:
        fills: in the order in which they happened.
        cancelled: whether an entry order found no volume at all.
        trade: shape (TRADE_SIZE,), the trade that closed, or None.
    """

    fills: tuple[Fill, ...]
    cancelled: bool
    trade: Floats | None


class Venue(Protocol):
    """A place to trade. The account array is the one truth about money and position; a venue only changes it."""

    def on_bar(self, account: Floats, parameters: Floats, bar: Bar) -> BarReport:
        """Apply what happened during a bar to the account."""
        ...

    def submit(self, account: Floats, intent: Intent) -> None:
        """Place an order; placing the same intent again changes nothing."""
        ...


class PaperVenue:
    """Fills by the assumptions of :mod:`trading.steps.venue`; it has no memory but the account."""

    def on_bar(self, account: Floats, parameters: Floats, bar: Bar) -> BarReport:
        position, exit_value = float(account[QUANTITY]), float(account[EXIT_VALUE])
        trade = np.zeros(TRADE_SIZE)
        events = venue_step(account, parameters, bar, trade)
        fills: list[Fill] = []
        closed = trade if events & CLOSED else None
        if events & ENTERED:
            quantity, price = account[ENTRY_QUANTITY], account[ENTRY_PRICE]
            if closed is not None:
                quantity, price = closed[TRADE_QUANTITY], closed[TRADE_ENTRY]
            fills.append(Fill("entry", float(quantity), float(price)))
            position += float(quantity)
            exit_value = 0.0
        left = position - float(account[QUANTITY])
        if left != 0.0:
            total = account[EXIT_VALUE] if closed is None else closed[TRADE_EXIT] * abs(closed[TRADE_QUANTITY])
            fills.append(Fill("exit", -left, float(total - exit_value) / abs(left)))
        return BarReport(tuple(fills), bool(events & CANCELLED), closed)

    def submit(self, account: Floats, intent: Intent) -> None:
        account[ORDER_QUANTITY] = intent.quantity
        account[ORDER_WAIT] = intent.wait_bars
        account[ORDER_DURATION] = intent.duration_bars
        account[ORDER_STOP] = intent.stop_log
        account[ORDER_TARGET] = intent.target_log


def take_intent(account: Floats, symbol: str, ts: int) -> Intent:
    """Take the order that a decision left in the account out of it, so that it can be written down first."""
    intent = Intent(
        id=f"{symbol}-{ts}",
        ts=ts,
        quantity=float(account[ORDER_QUANTITY]),
        wait_bars=float(account[ORDER_WAIT]),
        duration_bars=float(account[ORDER_DURATION]),
        stop_log=float(account[ORDER_STOP]),
        target_log=float(account[ORDER_TARGET]),
    )
    account[ORDER_QUANTITY] = 0.0
    return intent
