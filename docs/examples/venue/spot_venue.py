"""A user's venue: a spot exchange on paper, which trades at the close alone and sells nothing that is not held."""

from __future__ import annotations

from trading.codes import ReasonCode
from trading.live.venues.base import (
    Acknowledgement,
    BarReport,
    Guarantees,
    Intent,
    Position,
    account_positions,
    bar_report,
)
from trading.simulation.accounts import Account, OpenTrade
from trading.simulation.bookkeeping import Fill, end_bar, record_entry, record_exit
from trading.simulation.trades import Reason
from trading.steps.bar import Bar

FEE = 0.001  # share of the notional, charged on every fill


class SpotVenue:
    """Fills whole orders at the close of the next bar, and watches the bracket at closes.

    All it remembers is in its account, which the runner stores with every bar. An adapter to a real exchange would
    instead send the order in ``submit``, under the intent's id, and ask the exchange for its fills in ``on_bar``; it
    would book them with the same calls.
    """

    guarantees = Guarantees(money="paper", fills="bars", idempotent_submit=True, cancel=True)

    def __init__(self, account: Account) -> None:
        self.account = account

    def on_bar(self, bar: Bar) -> BarReport:
        """Fill what waits at the close, or leave where the bracket or the holding time says so."""
        account, order, trade = self.account, self.account.order, self.account.open_trade
        fills: tuple[Fill, ...] = ()
        if order is not None:
            fee = order.quantity * bar.close * FEE
            record_entry(account, ts=bar.ts, quantity=order.quantity, price=bar.close, fee=fee)
            fills = (Fill(kind="entry", quantity=order.quantity, price=bar.close),)
        elif trade is not None and (reason := reason_to_leave(trade, bar)) is not None:
            held = account.position
            record_exit(account, quantity=-held, price=bar.close, fee=held * bar.close * FEE, reason=reason)
            fills = (Fill(kind="exit", quantity=-held, price=bar.close),)
        return bar_report(account, fills, (), end_bar(account, bar))

    def submit(self, intent: Intent) -> Acknowledgement:
        """Take an order in, unless it sells short."""
        if intent.quantity < 0.0:
            return Acknowledgement(
                intent_id=intent.id, code=ReasonCode.ORDER_REFUSED, message="nothing is held that could be sold"
            )
        # After a crash the runner submits its last intent again.
        if intent.id != self.account.order_id:
            self.account.place(intent.id, intent)
        return Acknowledgement(intent_id=intent.id)

    def cancel(self, intent_id: str) -> Acknowledgement:
        """Take a waiting order back."""
        if self.account.order is None or intent_id != self.account.order_id:
            return Acknowledgement(intent_id=intent_id, code=ReasonCode.ORDER_UNKNOWN, message="it does not wait")
        self.account.withdraw()
        return Acknowledgement(intent_id=intent_id)

    def positions(self) -> tuple[Position, ...]:
        """What is held."""
        return account_positions(self.account)

    def close(self) -> None:
        """Nothing is open; a real venue would close its connections."""


def reason_to_leave(trade: OpenTrade, bar: Bar) -> Reason | None:
    """Why a long position is left at this close, if it is."""
    if bar.close <= trade.stop:
        return "stop"
    if bar.close >= trade.target:
        return "target"
    return "time" if trade.held_bars >= trade.duration_bars else None
