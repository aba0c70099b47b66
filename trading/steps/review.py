"""The review step: asked again of a position that is open, the policy keeps all of it, a part or nothing of it."""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.breakers import NOT_FINITE, OPEN
from trading.steps.leaving import exit_time, leave_step
from trading.steps.numbers import lots, tick_away
from trading.steps.observation import Signal
from trading.steps.sizing import WIDEST_LOG_DISTANCE

KEPT_FROM = -0.5
"""Size and stop say nothing from here on: most of their range lets a position be, so that small noise ends no trade."""
LEAST_PART = 0.1
"""Share of an entry under which nothing is kept, and nothing is traded."""


def review_due(account: Floats, p: Floats) -> bool:
    """Whether the policy is asked about the open position at this close.

    Args:
        account: of the lane.
        p: packed parameters.
    """
    if p[a.REVIEW] == 0.0 or account[a.QUANTITY] == 0.0:
        return False
    if account[a.EXIT_REASON] != 0.0 or account[a.EXIT_QUANTITY] != 0.0:
        return False
    return account[a.HELD] % p[a.REVIEW] == 0.0


def review_step(account: Floats, p: Floats, action: Floats, signal: Signal) -> int:
    """Carry out what the policy says of an open position; its target and holding time stay.

    A size from ``KEPT_FROM`` on keeps everything; below, the share of the entry that is kept falls in a straight line
    to nothing at -1. What is to leave does so at the market, as late as every exit. A stop under ``KEPT_FROM`` moves
    the stop to the closest distance from the close that an order may have, if that is closer.

    Args:
        account: with a position that nothing makes leave.
        p: packed parameters.
        action: shape (len(ACTIONS),), each in [-1, 1].
        signal: at the close of the bar.

    Returns:
        OPEN, or NOT_FINITE if nothing could be told from the numbers, and nothing was changed.
    """
    volatility = math.exp(signal.log_volatility)
    total = action[0] + action[2] + signal.close + volatility
    if not (math.isfinite(total) and signal.close > 0.0 and volatility > 0.0):
        return NOT_FINITE
    entry, held = abs(account[a.ENTRY_QUANTITY]), abs(account[a.QUANTITY])
    if action[0] < KEPT_FROM:
        share = (action[0] + 1.0) / (KEPT_FROM + 1.0)
        kept = lots(share * entry, p[a.LOT])
        leaving = held - kept
        if share < LEAST_PART:
            leave_step(account, p, signal, a.REASON_POLICY)
        elif leaving > LEAST_PART * entry:
            account[a.EXIT_QUANTITY] = leaving
            exit_time(account, p, signal)
    if action[2] < KEPT_FROM:
        side = 1.0 if account[a.QUANTITY] > 0.0 else -1.0
        distance = min(p[a.MIN_STOP] * volatility * p[a.STOP_HORIZON], WIDEST_LOG_DISTANCE)
        closer = tick_away(signal.close * math.exp(-side * distance), p[a.TICK], -side)
        if side * closer > side * account[a.STOP]:
            account[a.STOP] = closer
    return OPEN
