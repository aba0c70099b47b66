"""The reason behind each answer of the breaker and of sizing that denies an order."""

from __future__ import annotations

from trading.codes import ReasonCode
from trading.steps.breakers import CASH_ONLY, COOLING, HALT, NO_SIGNAL, NOT_FINITE, OPEN, TOO_SMALL, UNSURE, WARMING_UP

DENIALS = {
    WARMING_UP: ReasonCode.WARMING_UP,
    HALT: ReasonCode.RISK_HALTED,
    OPEN: ReasonCode.POSITION_OPEN,
    COOLING: ReasonCode.COOLDOWN,
    NO_SIGNAL: ReasonCode.NO_SIGNAL,
    UNSURE: ReasonCode.LOW_CONFIDENCE,
    TOO_SMALL: ReasonCode.SIZE_BELOW_LOT,
    NOT_FINITE: ReasonCode.NOT_FINITE,
    CASH_ONLY: ReasonCode.MARKET_CRISIS,
}
