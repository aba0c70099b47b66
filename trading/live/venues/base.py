"""What a venue is: values in, values out, and an account of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from trading.codes import ReasonCode
from trading.simulation.accounts import Account, Order, TradingState
from trading.simulation.bookkeeping import Fill
from trading.simulation.trades import ClosedTrade
from trading.steps.bar import Bar


@dataclass(frozen=True, kw_only=True)
class Guarantees:
    """What a venue promises; the runner refuses one that promises too little.

    Attributes:
        money: ``real`` if a fill costs somebody something.
        fills: ``bars`` if they are computed from bars, ``events`` if a market reports them.
        idempotent_submit: the same intent twice is one order. The runner needs it: after a crash it submits the last
            intent once more, because nobody can know whether the venue received it.
        cancel: an order that waits can be cancelled.
    """

    money: Literal["paper", "real"]
    fills: Literal["bars", "events"]
    idempotent_submit: bool
    cancel: bool


@dataclass(frozen=True, kw_only=True)
class Intent(Order):
    """An order the runner means to place; it is in the journal before it is sent to a venue.

    Attributes:
        id: names the order, and no other.
        ts: open of the bar at whose close it was decided, UTC milliseconds.
    """

    id: str
    ts: int


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """A venue's answer to an order or a cancellation.

    Attributes:
        intent_id: of what was answered.
        code: OK, or why it was refused.
        message: what the venue says about a refusal.
    """

    intent_id: str
    code: ReasonCode = ReasonCode.OK
    message: str = ""

    @property
    def accepted(self) -> bool:
        return self.code is ReasonCode.OK


@dataclass(frozen=True, kw_only=True)
class Position:
    """What is held of a market.

    Attributes:
        symbol: the market.
        quantity: signed, units of the asset.
        entry_price: average.
    """

    symbol: str
    quantity: float
    entry_price: float


@dataclass(frozen=True, kw_only=True)
class BarReport:
    """What happened on a bar, and the account after it.

    Attributes:
        fills: in the order in which they happened.
        cancelled: ids of orders that ended without a fill.
        trade: the trade that closed, if one did.
        position: units of the asset, signed.
        equity: quote currency.
        state: HALTED once the drawdown limit was reached.
    """

    fills: tuple[Fill, ...]
    cancelled: tuple[str, ...]
    trade: ClosedTrade | None
    position: float
    equity: float
    state: TradingState


class Venue(Protocol):
    """A place to trade one market. It is used by one thread, and raises only what must stop the runner."""

    @property
    def guarantees(self) -> Guarantees: ...

    @property
    def account(self) -> Account:
        """The venue's book of the market. The runner shows it to the model, stores it, and never changes its money."""
        ...

    def on_bar(self, bar: Bar) -> BarReport:
        """Take in what happened up to the close of a bar.

        Args:
            bar: the bar that closed; each is shown once, in order.
        """
        ...

    def submit(self, intent: Intent) -> Acknowledgement:
        """Place an order; placing the same intent again changes nothing and is answered as before.

        Args:
            intent: decided at the close of the last bar.
        """
        ...

    def cancel(self, intent_id: str) -> Acknowledgement:
        """Cancel an order that waits.

        Args:
            intent_id: of the intent.
        """
        ...

    def positions(self) -> tuple[Position, ...]:
        """What the venue holds now."""
        ...

    def close(self) -> None:
        """Let go of connections; orders and positions stay."""
        ...


OpenVenue = Callable[[Account], Venue]
"""Opens a venue on an account: a new one, or as the journal stored it."""


@dataclass(frozen=True)
class VenueKind:
    """A venue that can be opened.

    Attributes:
        name: as ``live.venue`` names it; a journal belongs to one.
        open: makes the venue.
    """

    name: str
    open: OpenVenue


def bar_report(
    account: Account, fills: tuple[Fill, ...], cancelled: tuple[str, ...], trade: ClosedTrade | None
) -> BarReport:
    """A report with the account as it is now.

    Args:
        account: after the bar.
        fills: in the order in which they happened.
        cancelled: ids of orders that ended without a fill.
        trade: the trade that closed, if one did.
    """
    return BarReport(
        fills=fills,
        cancelled=cancelled,
        trade=trade,
        position=account.position,
        equity=account.equity,
        state=account.trading_state,
    )


def account_positions(account: Account) -> tuple[Position, ...]:
    """The positions of a venue that holds what its account says.

    Args:
        account: of the venue.
    """
    trade = account.open_trade
    if trade is None or account.position == 0.0:
        return ()
    return (Position(symbol=account.symbol, quantity=account.position, entry_price=trade.entry_price),)
