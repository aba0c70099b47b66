"""The booking step: what a fill, and the end of a trade, change in an account."""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.numbers import tick_down, tick_up

WIN_MEMORY = 0.9


def book(account: Floats, quantity: float, price: float, base: float, fee: float, spread: float) -> None:
    """Move cash and position for one fill, and count its cost parts.

    Args:
        account: of the lane.
        quantity: signed, units of the asset.
        price: of the fill.
        base: price that the order was meant at; what lies between, without the spread, is slippage.
        fee: quote currency.
        spread: quote currency, the part of the price that is half the spread.
    """
    slippage = quantity * (price - base) - spread
    notional = abs(quantity) * price
    account[a.CASH] -= quantity * price + fee
    account[a.QUANTITY] += quantity
    account[a.TRADE_FEES] += fee
    account[a.TRADE_SPREAD] += spread
    account[a.TRADE_SLIPPAGE] += slippage
    account[a.TURNOVER] += notional
    account[a.TURNS] += notional / account[a.ENTRY_EQUITY]
    account[a.FEES] += fee
    account[a.SPREAD] += spread
    account[a.SLIPPAGE] += slippage
    account[a.COSTS] += fee + spread + slippage


def open_trade(account: Floats, p: Floats, ts: int, quantity: float, price: float) -> None:
    """Make a filled entry the open trade, with its bracket: stop and target rounded outward.

    Args:
        account: whose order has filled and is booked; the order is no longer waiting.
        p: packed parameters.
        ts: open of the bar it filled on, UTC milliseconds.
        quantity: signed, as filled.
        price: average.
    """
    account[a.ENTRY_PRICE] = price
    account[a.ENTRY_TS] = ts
    account[a.ENTRY_QUANTITY] = quantity
    account[a.EXIT_VALUE] = 0.0
    account[a.HELD] = 0.0
    account[a.DURATION] = account[a.ORDER_DURATION]
    account[a.CONFIDENCE] = account[a.ORDER_CONFIDENCE]
    account[a.REGIME] = account[a.ORDER_REGIME]
    account[a.WORST_PRICE] = price
    account[a.BEST_PRICE] = price
    below = price * math.exp(-(account[a.ORDER_STOP] if quantity > 0.0 else account[a.ORDER_TARGET]))
    above = price * math.exp(account[a.ORDER_TARGET] if quantity > 0.0 else account[a.ORDER_STOP])
    below, above = tick_down(below, p[a.TICK]), tick_up(above, p[a.TICK])
    account[a.STOP] = below if quantity > 0.0 else above
    account[a.TARGET] = above if quantity > 0.0 else below


def see_price(account: Floats, price: float) -> None:
    """Take a price into the worst and the best of the open trade.

    Args:
        account: with an open trade.
        price: that its position met.
    """
    side = 1.0 if account[a.ENTRY_QUANTITY] > 0.0 else -1.0
    account[a.WORST_PRICE] = side * min(side * account[a.WORST_PRICE], side * price)
    account[a.BEST_PRICE] = side * max(side * account[a.BEST_PRICE], side * price)


def close_trade(account: Floats, p: Floats, ts: int, trade: Floats) -> None:
    """Write the finished trade and make the account ready for the next decision.

    Args:
        account: whose position has just become flat.
        p: packed parameters.
        ts: open of the bar it closed on, UTC milliseconds.
        trade: shape (TRADE_SIZE,), written.
    """
    quantity, entry = account[a.ENTRY_QUANTITY], account[a.ENTRY_PRICE]
    side = 1.0 if quantity > 0.0 else -1.0
    moved = side * (account[a.EXIT_VALUE] - abs(quantity) * entry)
    pnl = moved - account[a.TRADE_FEES] - account[a.TRADE_FUNDING]
    trade[a.TRADE_ENTRY_TS] = account[a.ENTRY_TS]
    trade[a.TRADE_EXIT_TS] = ts
    trade[a.TRADE_QUANTITY] = quantity
    trade[a.TRADE_ENTRY] = entry
    trade[a.TRADE_EXIT] = account[a.EXIT_VALUE] / abs(quantity)
    trade[a.TRADE_FEES_PAID] = account[a.TRADE_FEES]
    trade[a.TRADE_SPREAD_PAID] = account[a.TRADE_SPREAD]
    trade[a.TRADE_SLIPPAGE_PAID] = account[a.TRADE_SLIPPAGE]
    trade[a.TRADE_FUNDING_PAID] = account[a.TRADE_FUNDING]
    trade[a.TRADE_PNL] = pnl
    trade[a.TRADE_REASON] = account[a.EXIT_REASON]
    trade[a.TRADE_HELD] = account[a.HELD]
    trade[a.TRADE_CONFIDENCE] = account[a.CONFIDENCE]
    trade[a.TRADE_REGIME] = account[a.REGIME]
    trade[a.TRADE_MAE] = side * (entry - account[a.WORST_PRICE]) / entry
    trade[a.TRADE_MFE] = side * (account[a.BEST_PRICE] - entry) / entry
    account[a.LAST_RETURN] = pnl / account[a.ENTRY_EQUITY]
    account[a.WIN_RATE] = WIN_MEMORY * account[a.WIN_RATE] + (1.0 - WIN_MEMORY) * (1.0 if pnl > 0.0 else -1.0)
    # A fill at the bankruptcy price leaves nothing but an error of the last digit.
    if abs(account[a.CASH]) <= 1e-9 * account[a.ENTRY_EQUITY]:
        account[a.CASH] = 0.0
    account[a.ENTRY_QUANTITY] = 0.0
    account[a.QUANTITY] = 0.0
    account[a.EXIT_REASON] = 0.0
    account[a.EXIT_QUANTITY] = 0.0
    account[a.TRADE_FEES] = 0.0
    account[a.TRADE_SPREAD] = 0.0
    account[a.TRADE_SLIPPAGE] = 0.0
    account[a.TRADE_FUNDING] = 0.0
    account[a.EXIT_VALUE] = 0.0
    account[a.STOP] = math.nan
    account[a.TARGET] = math.nan
    account[a.SINCE_EXIT] = 0.0
    account[a.COOLDOWN] = p[a.COOLDOWN_BARS]
