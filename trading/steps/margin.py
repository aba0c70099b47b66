"""The margin step: how much may be held at a fill, where the exchange closes a position, and where nothing is left."""

from __future__ import annotations

from trading.arrays import Floats
from trading.steps import account as a


def entry_room(account: Floats, p: Floats, price: float, reference: float, side: float) -> float:
    """The largest entry whose notional at the fill keeps within its limit of the equity that the fill leaves.

    Args:
        account: flat, so that its equity is its cash.
        p: packed parameters.
        price: of the fill.
        reference: price at which the fill is marked.
        side: 1 to buy, -1 to sell.
    """
    cap = account[a.ORDER_CAP]
    lost = side * (price - reference) + p[a.FEE] * price
    return cap * account[a.CASH] / (price + cap * lost)


def liquidation_price(account: Floats, p: Floats) -> float:
    """The price at which equity is the maintenance margin of the notional; under 0 where no price is.

    Args:
        account: with a position.
        p: packed parameters.
    """
    quantity, margin = account[a.QUANTITY], p[a.MAINTENANCE_MARGIN]
    if quantity > 0.0:
        return -account[a.CASH] / (quantity * (1.0 - margin))
    return account[a.CASH] / (-quantity * (1.0 + margin))


def bankruptcy_price(account: Floats, p: Floats) -> float:
    """The exit price at which equity after the fee is 0; under 0 where no price is.

    Args:
        account: with a position.
        p: packed parameters.
    """
    quantity = account[a.QUANTITY]
    if quantity > 0.0:
        return -account[a.CASH] / (quantity * (1.0 - p[a.FEE]))
    return account[a.CASH] / (-quantity * (1.0 + p[a.FEE]))
