"""What an order pays beyond the best price when it takes the levels of one side of a standing order book."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats


def cost_beyond_best(prices: Floats, quantities: Floats, wanted: Floats) -> Floats:
    """How far the average price of an order lies from the best price, in units of price; NaN if the book ends first.

    Args:
        prices: shape (n, levels), of one side, the best first.
        quantities: shape (n, levels), units of the asset.
        wanted: shape (n,), size of the order at each snapshot, units of the asset, over 0.

    >>> cost_beyond_best(np.array([[10.0, 11.0]]), np.array([[1.0, 1.0]]), np.array([2.0])).tolist()
    [0.5]
    >>> cost_beyond_best(np.array([[10.0, 11.0]]), np.array([[1.0, 1.0]]), np.array([2.1])).tolist()
    [nan]
    """
    through = np.cumsum(quantities, axis=1)
    taken = np.clip(wanted[:, None] - (through - quantities), 0.0, quantities)
    paid = (taken * np.abs(prices - prices[:, :1])).sum(axis=1) / wanted
    return np.where(through[:, -1] >= wanted, paid, np.nan)
