"""The paper venue: the venue step of the backtest, called once a bar."""

from __future__ import annotations

import math

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
from trading.simulation.accounts import Account
from trading.simulation.bookkeeping import simulate_bar
from trading.steps.bar import Bar


class PaperVenue:
    """Fills by the assumptions of :mod:`trading.steps.venue`; it remembers nothing but its account.

    Attributes:
        account: the venue's book.
    """

    guarantees = Guarantees(money="paper", fills="bars", idempotent_submit=True, cancel=True)

    def __init__(self, account: Account) -> None:
        self.account = account

    def on_bar(self, bar: Bar) -> BarReport:
        outcome = simulate_bar(self.account, bar)
        cancelled = () if outcome.cancelled is None else (outcome.cancelled,)
        return bar_report(self.account, outcome.fills, cancelled, outcome.trade)

    def submit(self, intent: Intent) -> Acknowledgement:
        account = self.account
        if intent.id == account.order_id:
            return Acknowledgement(intent_id=intent.id)
        if not (math.isfinite(intent.quantity) and intent.quantity != 0.0):
            return Acknowledgement(
                intent_id=intent.id, code=ReasonCode.NOT_FINITE, message=f"the quantity is {intent.quantity:g}"
            )
        if account.order is not None or account.open_trade is not None:
            return Acknowledgement(
                intent_id=intent.id,
                code=ReasonCode.POSITION_OPEN,
                message=f"order {account.order_id} waits or is filled, and there is one position at a time",
            )
        account.place(intent.id, intent)
        return Acknowledgement(intent_id=intent.id)

    def cancel(self, intent_id: str) -> Acknowledgement:
        if self.account.order is None or intent_id != self.account.order_id:
            return Acknowledgement(
                intent_id=intent_id, code=ReasonCode.ORDER_UNKNOWN, message=f"order {intent_id} does not wait"
            )
        self.account.withdraw()
        return Acknowledgement(intent_id=intent_id)

    def positions(self) -> tuple[Position, ...]:
        return account_positions(self.account)

    def close(self) -> None:
        """Nothing is open."""
