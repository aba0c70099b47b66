"""The entry breaker: may a new position be opened on this bar, and if not, why."""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.observation import Signal

ANSWERS = (
    "ALLOWED",
    "WARMING_UP",
    "HALT",
    "OPEN",
    "COOLING",
    "NO_SIGNAL",
    "UNSURE",
    "TOO_SMALL",
    "NOT_FINITE",
    "CASH_ONLY",
    "REVIEW",
)
(
    ALLOWED,
    WARMING_UP,
    HALT,
    OPEN,
    COOLING,
    NO_SIGNAL,
    UNSURE,
    TOO_SMALL,
    NOT_FINITE,
    CASH_ONLY,
    REVIEW,
) = range(len(ANSWERS))


def breaker_step(account: Floats, p: Floats, signal: Signal) -> int:
    """Decide whether the policy is asked at all; every comparison is written so that NaN denies.

    Args:
        account: of the lane.
        p: packed parameters.
        signal: at the close of the bar.

    Returns:
        ALLOWED, or the denial; ``trading.simulation.denials`` names the reason of each.
    """
    if signal.warm == 0:
        return WARMING_UP
    if account[a.HALTED] != 0.0:
        return HALT
    if signal.cash != 0:
        return CASH_ONLY
    if not (account[a.ENTRY_QUANTITY] == 0.0 and account[a.ORDER_QUANTITY] == 0.0):
        return OPEN
    if not account[a.COOLDOWN] <= 0.0:
        return COOLING
    if signal.direction == 0:
        return NO_SIGNAL
    if not math.isfinite(signal.confidence):
        return NOT_FINITE
    if not signal.confidence >= p[a.MIN_CONFIDENCE]:
        return UNSURE
    return ALLOWED
