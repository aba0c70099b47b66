"""The slippage step: what a market fill pays beside the reference price.

``slip = half spread + impact sqrt(q / V) + volatility impact x sigma sqrt(q / V)``. The middle term is a constant,
blind to the market, the null version of the last, which is the square-root law of Toth et al., "Anomalous price impact
and the critical nature of liquidity in financial markets", Phys. Rev. X 1, 021006 (2011).
"""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.extremes import VenueBar
from trading.steps.numbers import tick_away


def market_price(p: Floats, bar: VenueBar, reference: float, side: float, quantity: float) -> float:
    """Price of a market fill, on the tick, rounded against the taker.

    Args:
        p: packed parameters.
        bar: as fills see it.
        reference: price without spread and slippage.
        side: 1 for a buyer, -1 for a seller.
        quantity: what fills, units of the asset.
    """
    # A liquidation may take more than the bar traded, or come on a bar that traded nothing.
    share = quantity / bar.volume if bar.volume > quantity else 1.0
    slip = p[a.HALF_SPREAD] + (p[a.IMPACT] + p[a.VOLATILITY_IMPACT] * bar.sigma) * math.sqrt(share)
    return tick_away(reference * (1.0 + side * slip), p[a.TICK], side)
