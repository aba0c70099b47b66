"""The entry breaker: may a new position be opened on this bar, and if not, why."""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps.account import COOLDOWN, ENTRY_QUANTITY, HALTED, MIN_CONFIDENCE, ORDER_QUANTITY

ALLOWED, WARMING_UP, HALT, OPEN, COOLING, NO_SIGNAL, UNSURE, TOO_SMALL, NOT_FINITE = 0, 1, 2, 3, 4, 5, 6, 7, 8


def breaker_step(state: Floats, p: Floats, warm: int, direction: int, confidence: float) -> int:
    """Decide whether the policy is asked at all; every comparison is written so that NaN denies.

    Args:
        state: account state; p: packed parameters.
        warm: 1 once features and regime filter have seen enough bars.
        direction: side of the regime signal.
        confidence: effective confidence.

    Returns:
        ALLOWED, or the denial, see ``trading.simulation.denials``.
    """
    if warm == 0:
        return WARMING_UP
    if state[HALTED] != 0.0:
        return HALT
    if not (state[ENTRY_QUANTITY] == 0.0 and state[ORDER_QUANTITY] == 0.0):
        return OPEN
    if not state[COOLDOWN] <= 0.0:
        return COOLING
    if direction == 0:
        return NO_SIGNAL
    if not math.isfinite(confidence):
        return NOT_FINITE
    if not confidence >= p[MIN_CONFIDENCE]:
        return UNSURE
    return ALLOWED
