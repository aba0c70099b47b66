"""The carry step: what holding a position costs by the clock. Its null version has rates of zero."""

from __future__ import annotations

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.bar import Bar

DAY_MS = 86_400_000.0


def carry_step(account: Floats, p: Floats, bar: Bar) -> None:
    """Charge funding and borrow on the position that is held as a bar opens.

    A long pays positive funding to the shorts; a short pays for the asset it borrowed, a long for borrowed cash. Time
    runs from the open of the bar before, closed hours included.

    Args:
        account: with a position.
        p: packed parameters.
        bar: closed bar.
    """
    days = (bar.ts - account[a.LAST_TS]) / DAY_MS
    # No bar before: of an account that an earlier release stored.
    if not days >= 0.0:
        days = 0.0
    notional = account[a.QUANTITY] * bar.open
    borrowed = max(-notional, 0.0) + max(-account[a.CASH], 0.0)
    paid = notional * (bar.funding + p[a.FUNDING_RATE] * days) + borrowed * p[a.BORROW_RATE] * days
    account[a.CASH] -= paid
    account[a.TRADE_FUNDING] += paid
    account[a.FUNDING] += paid
    account[a.COSTS] += paid
