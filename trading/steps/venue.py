"""The venue step: what one bar does to an account, written once for training, backtest, stress, paper and replay.

Assumptions, printed with every report: a decision at a close fills no earlier than the next open; market fills pay
half the spread and a slippage that grows with the square root of the share of the bar's volume; one fill takes at
most a share of that volume, the rest of an entry is cancelled and the rest of an exit waits; if a bar touches both
stop and target, the stop was first; a bar that opens beyond a stop fills at its open.
"""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.bar import Bar
from trading.steps.numbers import lots, ticks

# What happened on a bar, added up.
NOTHING, ENTERED, CANCELLED, CLOSED = 0, 1, 2, 4
WIN_MEMORY = 0.9


def venue_step(account: Floats, p: Floats, bar: Bar, trade: Floats) -> int:
    """Apply one bar to an account: fills, bracket, holding time, mark to market.

    Args:
        account: of the lane (``trading.steps.account``), changed in place.
        p: packed parameters.
        bar: closed bar.
        trade: shape (TRADE_SIZE,), written when a trade closes.

    Returns:
        The sum of ENTERED, CANCELLED and CLOSED that happened.
    """
    events = NOTHING
    if account[a.ORDER_QUANTITY] != 0.0:
        if account[a.ORDER_WAIT] > 0.0:
            account[a.ORDER_WAIT] -= 1.0
        else:
            events += enter(account, p, bar)
    if account[a.QUANTITY] != 0.0 and account[a.EXIT_REASON] != 0.0:
        if account[a.EXIT_WAIT] > 0.0:
            account[a.EXIT_WAIT] -= 1.0
        else:
            leave(account, p, bar.open, True, bar.volume)
    if account[a.QUANTITY] != 0.0:
        bracket(account, p, bar)
    if account[a.QUANTITY] != 0.0:
        account[a.HELD] += 1.0
        account[a.EXPOSED] += 1.0
        if account[a.EXIT_REASON] == 0.0 and account[a.HELD] >= account[a.DURATION]:
            account[a.EXIT_REASON] = a.REASON_TIME
            account[a.EXIT_WAIT] = p[a.LATENCY]
    elif account[a.ENTRY_QUANTITY] != 0.0:
        close_trade(account, p, bar.ts, trade)
        events += CLOSED
    else:
        account[a.SINCE_EXIT] += 1.0
        if account[a.COOLDOWN] > 0.0:
            account[a.COOLDOWN] -= 1.0
    account[a.EQUITY] = account[a.CASH] + account[a.QUANTITY] * bar.close
    if account[a.EQUITY] > account[a.PEAK]:
        account[a.PEAK] = account[a.EQUITY]
    # Written so that a NaN equity halts too.
    if not account[a.EQUITY] > account[a.PEAK] * (1.0 - p[a.HALT_DRAWDOWN]):
        account[a.HALTED] = 1.0
    return events


def enter(account: Floats, p: Floats, bar: Bar) -> int:
    """Fill the waiting entry order at the open, as far as the bar's volume allows; the rest is cancelled.

    Args:
        account: of the lane.
        p: packed parameters.
        bar: at whose open the order may fill.

    Returns:
        ENTERED, or CANCELLED if the bar has no volume for a single lot.
    """
    wanted = account[a.ORDER_QUANTITY]
    account[a.ORDER_QUANTITY] = 0.0
    side = 1.0 if wanted > 0.0 else -1.0
    filled = lots(min(abs(wanted), p[a.PARTICIPATION] * bar.volume), p[a.LOT])
    if not filled > 0.0:
        return CANCELLED
    price = market_price(p, bar.open, side, filled, bar.volume)
    account[a.ENTRY_EQUITY] = account[a.EQUITY]
    book(account, p, side * filled, price, bar.open)
    account[a.ENTRY_PRICE] = price
    account[a.ENTRY_TS] = bar.ts
    account[a.ENTRY_QUANTITY] = side * filled
    account[a.EXIT_VALUE] = 0.0
    account[a.HELD] = 0.0
    account[a.DURATION] = account[a.ORDER_DURATION]
    account[a.STOP] = ticks(price * math.exp(-side * account[a.ORDER_STOP]), p[a.TICK])
    account[a.TARGET] = ticks(price * math.exp(side * account[a.ORDER_TARGET]), p[a.TICK])
    return ENTERED


def bracket(account: Floats, p: Floats, bar: Bar) -> None:
    """One cancels other, pessimistically: the stop is looked at first, and a gap fills beyond it.

    Args:
        account: with an open position.
        p: packed parameters.
        bar: that may touch stop or target.
    """
    side = 1.0 if account[a.QUANTITY] > 0.0 else -1.0
    worst = bar.low if side > 0.0 else bar.high
    best = bar.high if side > 0.0 else bar.low
    if side * (worst - account[a.STOP]) <= 0.0:
        account[a.EXIT_REASON] = a.REASON_STOP
        account[a.EXIT_WAIT] = 0.0
        leave(account, p, side * min(side * bar.open, side * account[a.STOP]), True, bar.volume)
    elif account[a.EXIT_REASON] == 0.0 and side * (best - account[a.TARGET]) >= 0.0:
        account[a.EXIT_REASON] = a.REASON_TARGET
        account[a.EXIT_WAIT] = 0.0
        leave(account, p, side * max(side * bar.open, side * account[a.TARGET]), False, bar.volume)


def leave(account: Floats, p: Floats, reference: float, at_market: bool, volume: float) -> None:
    """Fill as much of the exit as the bar's volume allows; a limit fill pays neither spread nor slippage.

    Args:
        account: with an open position.
        p: packed parameters.
        reference: price the exit is meant at.
        at_market: whether it takes liquidity, or was a resting limit.
        volume: of the bar.
    """
    side = 1.0 if account[a.QUANTITY] > 0.0 else -1.0
    filled = min(abs(account[a.QUANTITY]), lots(p[a.PARTICIPATION] * volume, p[a.LOT]))
    if not filled > 0.0:
        return
    price = market_price(p, reference, -side, filled, volume) if at_market else ticks(reference, p[a.TICK])
    book(account, p, -side * filled, price, reference)
    account[a.EXIT_VALUE] += filled * price
    # Subtracting lots leaves an error of the last digit; less than half a lot is nothing.
    if abs(account[a.QUANTITY]) < 0.5 * p[a.LOT]:
        account[a.QUANTITY] = 0.0


def book(account: Floats, p: Floats, quantity: float, price: float, reference: float) -> None:
    """Move cash and position for one fill, and count its costs.

    Args:
        account: of the lane.
        p: packed parameters.
        quantity: signed, units of the asset.
        price: of the fill.
        reference: price without spread and slippage.
    """
    fee = abs(quantity) * price * p[a.FEE]
    account[a.CASH] -= quantity * price + fee
    account[a.QUANTITY] += quantity
    account[a.TRADE_FEES] += fee
    account[a.TURNOVER] += abs(quantity) * price
    account[a.COSTS] += fee + quantity * (price - reference)


def close_trade(account: Floats, p: Floats, ts: int, trade: Floats) -> None:
    """Write the finished trade and make the account ready for the next decision.

    Args:
        account: whose position has just become flat.
        p: packed parameters.
        ts: open of the bar it closed on, UTC milliseconds.
        trade: shape (TRADE_SIZE,), written.
    """
    quantity = account[a.ENTRY_QUANTITY]
    side = 1.0 if quantity > 0.0 else -1.0
    pnl = side * (account[a.EXIT_VALUE] - abs(quantity) * account[a.ENTRY_PRICE]) - account[a.TRADE_FEES]
    trade[a.TRADE_ENTRY_TS] = account[a.ENTRY_TS]
    trade[a.TRADE_EXIT_TS] = ts
    trade[a.TRADE_QUANTITY] = quantity
    trade[a.TRADE_ENTRY] = account[a.ENTRY_PRICE]
    trade[a.TRADE_EXIT] = account[a.EXIT_VALUE] / abs(quantity)
    trade[a.TRADE_FEES_PAID] = account[a.TRADE_FEES]
    trade[a.TRADE_PNL] = pnl
    trade[a.TRADE_REASON] = account[a.EXIT_REASON]
    account[a.LAST_RETURN] = pnl / account[a.ENTRY_EQUITY]
    account[a.WIN_RATE] = WIN_MEMORY * account[a.WIN_RATE] + (1.0 - WIN_MEMORY) * (1.0 if pnl > 0.0 else -1.0)
    account[a.ENTRY_QUANTITY] = 0.0
    account[a.QUANTITY] = 0.0
    account[a.EXIT_REASON] = 0.0
    account[a.TRADE_FEES] = 0.0
    account[a.EXIT_VALUE] = 0.0
    account[a.STOP] = math.nan
    account[a.TARGET] = math.nan
    account[a.SINCE_EXIT] = 0.0
    account[a.COOLDOWN] = p[a.COOLDOWN_BARS]


def market_price(p: Floats, reference: float, side: float, quantity: float, volume: float) -> float:
    """Price of a market fill: half the spread plus square-root slippage against the taker, on the tick.

    Source of the square root: Almgren et al., "Direct estimation of equity market impact", Risk 18 (2005).

    Args:
        p: packed parameters.
        reference: price without spread and slippage.
        side: 1 for a buyer, -1 for a seller.
        quantity: units of the asset.
        volume: of the bar, units of the asset.
    """
    slip = p[a.HALF_SPREAD] + p[a.IMPACT] * math.sqrt(quantity / volume)
    return ticks(reference * (1.0 + side * slip), p[a.TICK])
