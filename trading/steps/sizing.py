"""The sizing step: from an action in [-1, 1] to an order that the limits allow."""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps.account import (
    EQUITY,
    LATENCY,
    LOT,
    MAX_DURATION,
    MAX_STOP,
    MAX_TARGET,
    MIN_DURATION,
    MIN_STOP,
    MIN_TARGET,
    ORDER_DURATION,
    ORDER_QUANTITY,
    ORDER_STOP,
    ORDER_TARGET,
    ORDER_WAIT,
    SIZE_CAP,
    STOP_HORIZON,
    VOLATILITY_TARGET,
    YEAR,
)
from trading.steps.breakers import ALLOWED, NOT_FINITE, TOO_SMALL
from trading.steps.numbers import lots

WIDEST_LOG_DISTANCE = 0.9


def order_step(state: Floats, p: Floats, action: Floats, direction: int, close: float, volatility: float) -> int:
    """Turn an action into a waiting entry order in the account state, or deny it.

    The notional is ``size * size_cap`` of equity, scaled down where the asset's annualised volatility is over the
    volatility target. Duration is geometric between its bounds; stop and target are multiples of the volatility of a
    medium-horizon return.

    Args:
        state: account state, whose order fields are written.
        p: packed parameters.
        action: shape (4,), size, duration, stop and target in [-1, 1].
        direction: 1 long, -1 short.
        close: price at the decision.
        volatility: standard deviation of one bar's log return.

    Returns:
        ALLOWED, TOO_SMALL or NOT_FINITE.
    """
    total = action[0] + action[1] + action[2] + action[3] + close + volatility + state[EQUITY]
    if not (math.isfinite(total) and close > 0.0 and volatility > 0.0 and state[EQUITY] > 0.0):
        return NOT_FINITE
    share = min(unit(action[0]) * p[SIZE_CAP], p[SIZE_CAP], p[VOLATILITY_TARGET] / (volatility * p[YEAR]))
    quantity = lots(share * state[EQUITY] / close, p[LOT])
    if not quantity > 0.0:
        return TOO_SMALL
    spread = volatility * p[STOP_HORIZON]
    stop = (p[MIN_STOP] + unit(action[2]) * (p[MAX_STOP] - p[MIN_STOP])) * spread
    target = (p[MIN_TARGET] + unit(action[3]) * (p[MAX_TARGET] - p[MIN_TARGET])) * spread
    state[ORDER_QUANTITY] = direction * quantity
    state[ORDER_WAIT] = p[LATENCY]
    state[ORDER_DURATION] = math.floor(p[MIN_DURATION] * (p[MAX_DURATION] / p[MIN_DURATION]) ** unit(action[1]) + 0.5)
    state[ORDER_STOP] = min(stop, WIDEST_LOG_DISTANCE)
    state[ORDER_TARGET] = min(target, WIDEST_LOG_DISTANCE)
    return ALLOWED


def unit(value: float) -> float:
    """Map [-1, 1] to [0, 1], clipping what is outside."""
    return min(max(0.5 * (value + 1.0), 0.0), 1.0)
