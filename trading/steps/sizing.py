"""The sizing step: from an action in [-1, 1] to an order that the limits allow."""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.breakers import ALLOWED, NOT_FINITE, TOO_SMALL
from trading.steps.numbers import lots, unit
from trading.steps.observation import Signal

WIDEST_LOG_DISTANCE = 0.9


def order_step(account: Floats, p: Floats, action: Floats, signal: Signal) -> int:
    """Turn an action into a waiting entry order in the account, or deny it.

    The notional is ``size * size_cap`` of equity times the edge that the confidence leaves, see :func:`edge_step`,
    scaled down where the asset's annualised volatility is over the volatility target; both limits bind again at the
    price of the fill. Duration is geometric between its bounds; stop
    and target are multiples of the volatility of a medium-horizon return.

    Args:
        account: whose order fields are written.
        p: packed parameters.
        action: shape (len(ACTIONS),), size, duration, stop and target in [-1, 1].
        signal: at the close of the bar: side, price and volatility of one bar's log return.

    Returns:
        ALLOWED, TOO_SMALL or NOT_FINITE.
    """
    volatility = math.exp(signal.log_volatility)
    close = signal.close
    total = action[0] + action[1] + action[2] + action[3] + close + volatility + account[a.EQUITY]
    if not (math.isfinite(total) and close > 0.0 and volatility > 0.0 and account[a.EQUITY] > 0.0):
        return NOT_FINITE
    cap = min(p[a.SIZE_CAP], p[a.VOLATILITY_TARGET] / (volatility * p[a.YEAR]))
    share = min(unit(action[0]) * p[a.SIZE_CAP], cap) * edge_step(p, signal.confidence)
    quantity = lots(share * account[a.EQUITY] / close, p[a.LOT])
    if not (quantity > 0.0 and quantity * close >= p[a.MIN_NOTIONAL]):
        return TOO_SMALL
    spread = volatility * p[a.STOP_HORIZON]
    stop = (p[a.MIN_STOP] + unit(action[2]) * (p[a.MAX_STOP] - p[a.MIN_STOP])) * spread
    target = (p[a.MIN_TARGET] + unit(action[3]) * (p[a.MAX_TARGET] - p[a.MIN_TARGET])) * spread
    account[a.ORDER_QUANTITY] = signal.direction * quantity
    account[a.ORDER_WAIT] = p[a.LATENCY]
    account[a.ORDER_READY] = signal.close_ts + p[a.LATENCY_MS]
    account[a.ORDER_CAP] = cap
    account[a.ORDER_CONFIDENCE] = signal.confidence
    account[a.ORDER_DURATION] = math.floor(
        p[a.MIN_DURATION] * (p[a.MAX_DURATION] / p[a.MIN_DURATION]) ** unit(action[1]) + 0.5
    )
    account[a.ORDER_STOP] = min(stop, WIDEST_LOG_DISTANCE)
    account[a.ORDER_TARGET] = min(target, WIDEST_LOG_DISTANCE)
    return ALLOWED


def edge_step(p: Floats, confidence: float) -> float:
    """The part of an order that its confidence leaves of it, 0 to 1; nothing of a confidence that is no number.

    Args:
        p: packed parameters; between the two confidences that they name the part grows in a straight line.
        confidence: effective.
    """
    if confidence >= p[a.SIZE_FULL]:
        return 1.0
    if not confidence > p[a.SIZE_FROM]:
        return 0.0
    return (confidence - p[a.SIZE_FROM]) / (p[a.SIZE_FULL] - p[a.SIZE_FROM])
