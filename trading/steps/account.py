"""The numbers of one lane: account state, parameters and trade record as flat float64 arrays with named places."""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats

# Account state.
CASH = 0
QUANTITY = 1  # signed, units of the asset
ENTRY_PRICE = 2
ENTRY_TS = 3
ENTRY_QUANTITY = 4  # signed, as filled at the entry
STOP = 5  # price, NaN when flat
TARGET = 6
HELD = 7  # bars since the entry
DURATION = 8  # bars after which to leave
TRADE_FEES = 9
EXIT_VALUE = 10  # quote currency received for what already left the position
EXIT_REASON = 11  # 0 none; a market exit waits when set
EXIT_WAIT = 12
ORDER_QUANTITY = 13  # signed; 0 when no entry order waits
ORDER_WAIT = 14
ORDER_DURATION = 15
ORDER_STOP = 16  # distance, log price
ORDER_TARGET = 17
COOLDOWN = 18
EQUITY = 19
PEAK = 20
HALTED = 21
LAST_RETURN = 22  # of the last trade, share of equity at its entry
WIN_RATE = 23  # exponentially weighted, -1..1
SINCE_EXIT = 24
DIRECTION = 25
DIRECTION_AGE = 26
TURNOVER = 27  # quote currency traded so far
COSTS = 28  # fees, spread and slippage so far, quote currency
EXPOSED = 29  # bars with a position
ENTRY_EQUITY = 30
ENTRY_SIGMA = 31
STATE_SIZE = 32

# Parameters.
FEE = 0  # fractions, not basis points
HALF_SPREAD = 1
IMPACT = 2
LATENCY = 3
PARTICIPATION = 4
LOT = 5
TICK = 6
SIZE_CAP = 7
VOLATILITY_TARGET = 8
MIN_CONFIDENCE = 9
COOLDOWN_BARS = 10
HALT_DRAWDOWN = 11
MIN_DURATION = 12
MAX_DURATION = 13
MIN_STOP = 14
MAX_STOP = 15
MIN_TARGET = 16
MAX_TARGET = 17
STOP_HORIZON = 18  # square root of the bars whose volatility is the unit of stop and target
YEAR = 19  # square root of bars per year
PARAMETERS_SIZE = 20

# Trade record.
TRADE_ENTRY_TS = 0
TRADE_EXIT_TS = 1
TRADE_QUANTITY = 2  # signed
TRADE_ENTRY = 3  # average price
TRADE_EXIT = 4
TRADE_FEES_PAID = 5
TRADE_PNL = 6  # quote currency, after all costs
TRADE_REASON = 7
TRADE_SIZE = 8

REASON_STOP, REASON_TARGET, REASON_TIME = 1, 2, 3
REASONS = {REASON_STOP: "stop", REASON_TARGET: "target", REASON_TIME: "time"}


def new_state(initial_equity: float) -> Floats:
    """A flat account."""
    state = np.zeros(STATE_SIZE)
    state[CASH] = state[EQUITY] = state[PEAK] = initial_equity
    state[STOP] = state[TARGET] = math.nan
    return state
