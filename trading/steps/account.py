"""The numbers of one lane: account, parameters and trade record as flat float64 arrays with named places.

Sizes follow from the names, so a new field is one new name. What outlives a process stores the account by these
names, never by place.
"""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats

ACCOUNT_FIELDS = (
    "cash",
    "quantity",  # signed, units of the asset
    "entry_price",
    "entry_ts",
    "entry_quantity",  # signed, as filled at the entry
    "stop",  # price, NaN when flat
    "target",
    "held",  # bars since the entry
    "duration",  # bars after which to leave
    "trade_fees",
    "exit_value",  # quote currency received for what already left the position
    "exit_reason",  # 0 none; a market exit waits when set
    "exit_wait",
    "order_quantity",  # signed; 0 when no entry order waits
    "order_wait",
    "order_duration",
    "order_stop",  # distance, log price
    "order_target",
    "cooldown",
    "equity",
    "peak",
    "halted",
    "last_return",  # of the last trade, share of equity at its entry
    "win_rate",  # exponentially weighted, -1..1
    "since_exit",
    "direction",
    "direction_age",
    "turnover",  # quote currency traded so far
    "costs",  # fees, spread and slippage so far, quote currency
    "exposed",  # bars with a position
    "entry_equity",
)
(
    CASH,
    QUANTITY,
    ENTRY_PRICE,
    ENTRY_TS,
    ENTRY_QUANTITY,
    STOP,
    TARGET,
    HELD,
    DURATION,
    TRADE_FEES,
    EXIT_VALUE,
    EXIT_REASON,
    EXIT_WAIT,
    ORDER_QUANTITY,
    ORDER_WAIT,
    ORDER_DURATION,
    ORDER_STOP,
    ORDER_TARGET,
    COOLDOWN,
    EQUITY,
    PEAK,
    HALTED,
    LAST_RETURN,
    WIN_RATE,
    SINCE_EXIT,
    DIRECTION,
    DIRECTION_AGE,
    TURNOVER,
    COSTS,
    EXPOSED,
    ENTRY_EQUITY,
) = range(len(ACCOUNT_FIELDS))
ACCOUNT_SIZE = len(ACCOUNT_FIELDS)

PARAMETER_FIELDS = (
    "fee",  # fractions, not basis points
    "half_spread",
    "impact",
    "latency",
    "participation",
    "lot",
    "tick",
    "size_cap",
    "volatility_target",
    "min_confidence",
    "cooldown_bars",
    "halt_drawdown",
    "min_duration",
    "max_duration",
    "min_stop",
    "max_stop",
    "min_target",
    "max_target",
    "stop_horizon",  # square root of the bars whose volatility is the unit of stop and target
    "year",  # square root of bars per year
)
(
    FEE,
    HALF_SPREAD,
    IMPACT,
    LATENCY,
    PARTICIPATION,
    LOT,
    TICK,
    SIZE_CAP,
    VOLATILITY_TARGET,
    MIN_CONFIDENCE,
    COOLDOWN_BARS,
    HALT_DRAWDOWN,
    MIN_DURATION,
    MAX_DURATION,
    MIN_STOP,
    MAX_STOP,
    MIN_TARGET,
    MAX_TARGET,
    STOP_HORIZON,
    YEAR,
) = range(len(PARAMETER_FIELDS))
PARAMETERS_SIZE = len(PARAMETER_FIELDS)

TRADE_FIELDS = (
    "entry_ts",
    "exit_ts",
    "quantity",  # signed
    "entry_price",  # average
    "exit_price",
    "fees",
    "pnl",  # quote currency, after all costs
    "reason",
)
(
    TRADE_ENTRY_TS,
    TRADE_EXIT_TS,
    TRADE_QUANTITY,
    TRADE_ENTRY,
    TRADE_EXIT,
    TRADE_FEES_PAID,
    TRADE_PNL,
    TRADE_REASON,
) = range(len(TRADE_FIELDS))
TRADE_SIZE = len(TRADE_FIELDS)

REASON_STOP, REASON_TARGET, REASON_TIME = 1, 2, 3
REASONS = {REASON_STOP: "stop", REASON_TARGET: "target", REASON_TIME: "time"}


def new_account(initial_equity: float) -> Floats:
    """A flat account, shape (ACCOUNT_SIZE,).

    Args:
        initial_equity: quote currency.
    """
    account = np.zeros(ACCOUNT_SIZE)
    account[CASH] = initial_equity
    account[EQUITY] = initial_equity
    account[PEAK] = initial_equity
    account[STOP] = math.nan
    account[TARGET] = math.nan
    return account
