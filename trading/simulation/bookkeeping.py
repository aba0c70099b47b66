"""How a bar and its fills change an account: by the venue step's assumptions, or as a venue reports them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.simulation.accounts import Account
from trading.simulation.trades import ClosedTrade, Reason, closed_trade
from trading.steps import account as a
from trading.steps.bar import Bar
from trading.steps.booking import book, open_trade, see_price
from trading.steps.extremes import confirm_step
from trading.steps.venue import CANCELLED, CLOSED, ENTERED, end_step, venue_step

_REASON_NUMBERS = {name: number for number, name in a.REASONS.items()}


@dataclass(frozen=True, kw_only=True)
class Fill:
    """What changed hands on a bar.

    Attributes:
        kind: whether it opened or closed a position.
        quantity: signed, units of the asset.
        price: average.
    """

    kind: Literal["entry", "exit"]
    quantity: float
    price: float


@dataclass(frozen=True, kw_only=True)
class BarOutcome:
    """What a bar did to an account.

    Attributes:
        fills: in the order in which they happened.
        cancelled: id of the order that found no volume at all, if one did.
        trade: the trade that closed, if one did.
    """

    fills: tuple[Fill, ...]
    cancelled: str | None
    trade: ClosedTrade | None


def simulate_bar(account: Account, bar: Bar) -> BarOutcome:
    """Apply a bar by the assumptions of :mod:`trading.steps.venue`.

    Args:
        account: changed in place.
        bar: the bar that closed.
    """
    state = account.state
    position, exit_value, order = account.position, float(state[a.EXIT_VALUE]), account.order_id
    record = np.zeros(a.TRADE_SIZE)
    events = venue_step(state, account.parameters, bar, record)
    trade = closed_trade(record.tolist()) if events & CLOSED else None
    fills: list[Fill] = []
    if events & ENTERED:
        entered = float(state[a.ENTRY_QUANTITY]) if trade is None else trade.quantity
        price = float(state[a.ENTRY_PRICE]) if trade is None else trade.entry_price
        fills.append(Fill(kind="entry", quantity=entered, price=price))
        position += entered
        exit_value = 0.0
    left = position - account.position
    if left != 0.0:
        total = float(state[a.EXIT_VALUE]) if trade is None else trade.exit_price * abs(trade.quantity)
        fills.append(Fill(kind="exit", quantity=-left, price=(total - exit_value) / abs(left)))
    return BarOutcome(fills=tuple(fills), cancelled=order if events & CANCELLED else None, trade=trade)


def record_entry(account: Account, *, ts: int, quantity: float, price: float, fee: float) -> None:
    """Book the fill of the waiting order as a venue reported it; what did not fill no longer waits.

    Args:
        account: changed in place.
        ts: UTC milliseconds of the open of the bar on which it filled.
        quantity: signed, units of the asset.
        price: average.
        fee: quote currency.

    Raises:
        LiveError: ``VENUE_INVALID`` if no order waits, a trade is open already, or a number cannot be.
    """
    order = account.order
    if order is None or account.open_trade is not None:
        raise _impossible(account, f"an entry of {quantity:g} that no order asks for")
    _require_fill(account, quantity, price, fee)
    state = account.state
    account.withdraw()
    state[a.ENTRY_EQUITY] = state[a.EQUITY]
    # Of the costs only the fee is known: spread and slippage are in the price.
    book(state, quantity, price, price, fee, 0.0)
    open_trade(state, account.parameters, ts, quantity, price)


def record_exit(account: Account, *, quantity: float, price: float, fee: float, reason: Reason) -> None:
    """Book a fill that closed a position, or a part of it, as a venue reported it.

    Args:
        account: changed in place.
        quantity: signed, against the position.
        price: average.
        fee: quote currency.
        reason: why the position is left.

    Raises:
        LiveError: ``VENUE_INVALID`` if there is no such position, or a number cannot be.
    """
    _require_fill(account, quantity, price, fee)
    state, half_lot = account.state, 0.5 * float(account.parameters[a.LOT])
    if quantity * account.position >= 0.0 or abs(quantity) > abs(account.position) + half_lot:
        raise _impossible(account, f"an exit of {quantity:g} from a position of {account.position:g}")
    book(state, quantity, price, price, fee, 0.0)
    state[a.EXIT_VALUE] += abs(quantity) * price
    see_price(state, price)
    state[a.EXIT_REASON] = _REASON_NUMBERS[reason]
    state[a.EXIT_WAIT] = 0.0
    state[a.EXIT_READY] = 0.0
    # As in the venue step: less than half a lot is a rounding error of the subtraction.
    if abs(state[a.QUANTITY]) < half_lot:
        state[a.QUANTITY] = 0.0


def end_bar(account: Account, bar: Bar) -> ClosedTrade | None:
    """End a bar whose fills were recorded: ages, cooldown, mark to market, drawdown.

    Args:
        account: changed in place.
        bar: the bar that closed.

    Returns:
        The trade, if the last of the position has left.
    """
    state = account.state
    # What the venue did is recorded: the rest of the venue step, without its fills.
    record = np.zeros(a.TRADE_SIZE)
    events = end_step(state, account.parameters, bar, confirm_step(state, account.parameters, bar), record)
    return closed_trade(record.tolist()) if events & CLOSED else None


def _require_fill(account: Account, quantity: float, price: float, fee: float) -> None:
    if not (math.isfinite(quantity) and quantity != 0.0 and math.isfinite(price) and price > 0.0):
        raise _impossible(account, f"a fill of {quantity:g} at {price:g}")
    if not math.isfinite(fee):
        raise _impossible(account, f"a fee of {fee:g}")


def _impossible(account: Account, what: str) -> LiveError:
    return LiveError(
        ReasonCode.VENUE_INVALID,
        f"{account.symbol}: the venue reported {what}.",
        remedy="Nothing was written for this bar. Compare the journal with the venue, and correct its adapter.",
    )
