"""The entry breaker: may a new position be opened on this bar, and if not, why."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trading.codes import ReasonCode
from trading.simulation.state import COOLDOWN, ENTRY_QUANTITY, HALTED, MIN_CONFIDENCE, ORDER_QUANTITY

Floats = NDArray[np.float64]

ALLOWED, WARMING_UP, HALT, OPEN, COOLING, NO_SIGNAL, UNSURE, TOO_SMALL, NOT_FINITE = 0, 1, 2, 3, 4, 5, 6, 7, 8
DENIALS = {
    WARMING_UP: ReasonCode.WARMING_UP,
    HALT: ReasonCode.RISK_HALTED,
    OPEN: ReasonCode.POSITION_OPEN,
    COOLING: ReasonCode.COOLDOWN,
    NO_SIGNAL: ReasonCode.NO_SIGNAL,
    UNSURE: ReasonCode.LOW_CONFIDENCE,
    TOO_SMALL: ReasonCode.SIZE_BELOW_LOT,
    NOT_FINITE: ReasonCode.NOT_FINITE,
}


def breaker_step(state: Floats, p: Floats, warm: int, direction: int, confidence: float) -> int:
    """Decide whether the policy is asked at all; every comparison is written so that NaN denies.

    Args:
        state: account state; p: packed parameters.
        warm: 1 once features and regime filter have seen enough bars.
        direction: side of the regime signal.
        confidence: effective confidence.

    Returns:
        ALLOWED, or the denial, see :data:`DENIALS`.
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
