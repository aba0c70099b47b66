"""The venue step: what one bar does to an account, written once for training, backtest, stress, paper and replay.

Assumptions, printed with every report: a decision at a close fills no earlier than the next open; market fills pay
half the spread and a slippage that grows with the square root of the share of the bar's volume; one fill takes at
most a share of that volume, the rest of an entry is cancelled and the rest of an exit waits; if a bar touches both
stop and target, the stop was first; a bar that opens beyond a stop fills at its open.
"""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps.account import (
    CASH,
    COOLDOWN,
    COOLDOWN_BARS,
    COSTS,
    DURATION,
    ENTRY_EQUITY,
    ENTRY_PRICE,
    ENTRY_QUANTITY,
    ENTRY_TS,
    EQUITY,
    EXIT_REASON,
    EXIT_VALUE,
    EXIT_WAIT,
    EXPOSED,
    FEE,
    HALF_SPREAD,
    HALT_DRAWDOWN,
    HALTED,
    HELD,
    IMPACT,
    LAST_RETURN,
    LATENCY,
    LOT,
    ORDER_DURATION,
    ORDER_QUANTITY,
    ORDER_STOP,
    ORDER_TARGET,
    ORDER_WAIT,
    PARTICIPATION,
    PEAK,
    QUANTITY,
    REASON_STOP,
    REASON_TARGET,
    REASON_TIME,
    SINCE_EXIT,
    STOP,
    TARGET,
    TICK,
    TRADE_ENTRY,
    TRADE_ENTRY_TS,
    TRADE_EXIT,
    TRADE_EXIT_TS,
    TRADE_FEES,
    TRADE_FEES_PAID,
    TRADE_PNL,
    TRADE_QUANTITY,
    TRADE_REASON,
    TURNOVER,
    WIN_RATE,
)
from trading.steps.numbers import lots, ticks

# What happened on a bar, added up.
NOTHING, ENTERED, CANCELLED, CLOSED = 0, 1, 2, 4
WIN_MEMORY = 0.9


def venue_step(
    state: Floats, p: Floats, ts: int, open_: float, high: float, low: float, close: float, volume: float, trade: Floats
) -> int:
    """Apply one bar to an account: fills, bracket, holding time, mark to market.

    Args:
        state: account state (``trading.steps.account``), changed in place.
        p: packed parameters.
        ts: UTC milliseconds of the bar's open.
        open_, high, low, close: prices; volume: traded quantity.
        trade: shape (TRADE_SIZE,), written when a trade closes.

    Returns:
        The sum of ENTERED, CANCELLED and CLOSED that happened.
    """
    events = NOTHING
    if state[ORDER_QUANTITY] != 0.0:
        if state[ORDER_WAIT] > 0.0:
            state[ORDER_WAIT] -= 1.0
        else:
            events += enter(state, p, ts, open_, volume)
    if state[QUANTITY] != 0.0 and state[EXIT_REASON] != 0.0:
        if state[EXIT_WAIT] > 0.0:
            state[EXIT_WAIT] -= 1.0
        else:
            leave(state, p, open_, True, volume)
    if state[QUANTITY] != 0.0:
        bracket(state, p, open_, high, low, volume)
    if state[QUANTITY] != 0.0:
        state[HELD] += 1.0
        state[EXPOSED] += 1.0
        if state[EXIT_REASON] == 0.0 and state[HELD] >= state[DURATION]:
            state[EXIT_REASON] = REASON_TIME
            state[EXIT_WAIT] = p[LATENCY]
    elif state[ENTRY_QUANTITY] != 0.0:
        close_trade(state, p, ts, trade)
        events += CLOSED
    else:
        state[SINCE_EXIT] += 1.0
        if state[COOLDOWN] > 0.0:
            state[COOLDOWN] -= 1.0
    state[EQUITY] = state[CASH] + state[QUANTITY] * close
    if state[EQUITY] > state[PEAK]:
        state[PEAK] = state[EQUITY]
    # Written so that a NaN equity halts too.
    if not state[EQUITY] > state[PEAK] * (1.0 - p[HALT_DRAWDOWN]):
        state[HALTED] = 1.0
    return events


def enter(state: Floats, p: Floats, ts: int, open_: float, volume: float) -> int:
    """Fill the waiting entry order at the open, as far as the bar's volume allows; the rest is cancelled."""
    wanted = state[ORDER_QUANTITY]
    state[ORDER_QUANTITY] = 0.0
    side = 1.0 if wanted > 0.0 else -1.0
    filled = lots(min(abs(wanted), p[PARTICIPATION] * volume), p[LOT])
    if not filled > 0.0:
        return CANCELLED
    price = market_price(p, open_, side, filled, volume)
    state[ENTRY_EQUITY] = state[EQUITY]
    book(state, p, side * filled, price, open_)
    state[ENTRY_PRICE] = price
    state[ENTRY_TS] = ts
    state[ENTRY_QUANTITY] = side * filled
    state[EXIT_VALUE] = 0.0
    state[HELD] = 0.0
    state[DURATION] = state[ORDER_DURATION]
    state[STOP] = ticks(price * math.exp(-side * state[ORDER_STOP]), p[TICK])
    state[TARGET] = ticks(price * math.exp(side * state[ORDER_TARGET]), p[TICK])
    return ENTERED


def bracket(state: Floats, p: Floats, open_: float, high: float, low: float, volume: float) -> None:
    """One cancels other, pessimistically: the stop is looked at first, and a gap fills beyond it."""
    side = 1.0 if state[QUANTITY] > 0.0 else -1.0
    worst = low if side > 0.0 else high
    best = high if side > 0.0 else low
    if side * (worst - state[STOP]) <= 0.0:
        state[EXIT_REASON] = REASON_STOP
        state[EXIT_WAIT] = 0.0
        leave(state, p, side * min(side * open_, side * state[STOP]), True, volume)
    elif state[EXIT_REASON] == 0.0 and side * (best - state[TARGET]) >= 0.0:
        state[EXIT_REASON] = REASON_TARGET
        state[EXIT_WAIT] = 0.0
        leave(state, p, side * max(side * open_, side * state[TARGET]), False, volume)


def leave(state: Floats, p: Floats, reference: float, at_market: bool, volume: float) -> None:
    """Fill as much of the exit as the bar's volume allows; a limit fill pays neither spread nor slippage."""
    side = 1.0 if state[QUANTITY] > 0.0 else -1.0
    filled = min(abs(state[QUANTITY]), lots(p[PARTICIPATION] * volume, p[LOT]))
    if not filled > 0.0:
        return
    price = market_price(p, reference, -side, filled, volume) if at_market else ticks(reference, p[TICK])
    book(state, p, -side * filled, price, reference)
    state[EXIT_VALUE] += filled * price
    # Subtracting lots leaves dust of the last digit; less than half a lot is nothing.
    if abs(state[QUANTITY]) < 0.5 * p[LOT]:
        state[QUANTITY] = 0.0


def book(state: Floats, p: Floats, quantity: float, price: float, reference: float) -> None:
    """Move cash and position for one fill, and count its costs."""
    fee = abs(quantity) * price * p[FEE]
    state[CASH] -= quantity * price + fee
    state[QUANTITY] += quantity
    state[TRADE_FEES] += fee
    state[TURNOVER] += abs(quantity) * price
    state[COSTS] += fee + quantity * (price - reference)


def close_trade(state: Floats, p: Floats, ts: int, trade: Floats) -> None:
    """Write the finished trade and make the account ready for the next decision."""
    quantity = state[ENTRY_QUANTITY]
    side = 1.0 if quantity > 0.0 else -1.0
    pnl = side * (state[EXIT_VALUE] - abs(quantity) * state[ENTRY_PRICE]) - state[TRADE_FEES]
    trade[TRADE_ENTRY_TS] = state[ENTRY_TS]
    trade[TRADE_EXIT_TS] = ts
    trade[TRADE_QUANTITY] = quantity
    trade[TRADE_ENTRY] = state[ENTRY_PRICE]
    trade[TRADE_EXIT] = state[EXIT_VALUE] / abs(quantity)
    trade[TRADE_FEES_PAID] = state[TRADE_FEES]
    trade[TRADE_PNL] = pnl
    trade[TRADE_REASON] = state[EXIT_REASON]
    state[LAST_RETURN] = pnl / state[ENTRY_EQUITY]
    state[WIN_RATE] = WIN_MEMORY * state[WIN_RATE] + (1.0 - WIN_MEMORY) * (1.0 if pnl > 0.0 else -1.0)
    state[ENTRY_QUANTITY] = 0.0
    state[QUANTITY] = 0.0
    state[EXIT_REASON] = 0.0
    state[TRADE_FEES] = 0.0
    state[EXIT_VALUE] = 0.0
    state[STOP] = math.nan
    state[TARGET] = math.nan
    state[SINCE_EXIT] = 0.0
    state[COOLDOWN] = p[COOLDOWN_BARS]


def market_price(p: Floats, reference: float, side: float, quantity: float, volume: float) -> float:
    """Price of a market fill: half the spread plus square-root slippage against the taker, on the tick.

    Source of the square root: Almgren et al., "Direct estimation of equity market impact", Risk 18 (2005).
    """
    slip = p[HALF_SPREAD] + p[IMPACT] * math.sqrt(quantity / volume)
    return ticks(reference * (1.0 + side * slip), p[TICK])
