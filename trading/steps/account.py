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
    "trade_fees",  # of the open trade, quote currency, as the next three
    "trade_spread",
    "trade_slippage",
    "trade_funding",
    "exit_value",  # quote currency received for what already left the position
    "exit_reason",  # 0 none; a market exit waits when set
    "exit_quantity",  # not signed; a part of the position that a market exit takes, 0 none waits
    "exit_wait",  # bars
    "exit_ready",  # UTC milliseconds
    "worst_price",  # against the open trade
    "best_price",  # for it
    "confidence",  # at the decision of the open trade
    "regime",  # the same, see order_regime
    "order_quantity",  # signed; 0 when no entry order waits
    "order_wait",  # bars
    "order_ready",  # UTC milliseconds from which it may fill
    "order_cap",  # largest notional, share of equity
    "order_duration",
    "order_stop",  # distance, log price
    "order_target",
    "order_confidence",
    "order_regime",  # which of the engine's further numbers was largest, from 1; 0 none
    "cooldown",
    "equity",
    "low_equity",  # at the extreme of the bar that hurts
    "peak",
    "halted",
    "last_return",  # of the last trade, share of equity at its entry
    "win_rate",  # exponentially weighted, -1..1
    "since_exit",
    "direction",
    "direction_age",
    "unnamed",  # closes in a row at which the signal did not name the position's side
    "turnover",  # quote currency traded so far
    "turns",  # the same in equities of the time
    "costs",  # all parts so far, quote currency
    "fees",
    "spread",
    "slippage",
    "funding",  # paid, both parts of the carry
    "exposed",  # bars with a position
    "entry_equity",
    "typical_range",  # mean relative range of the bars, NaN before the first
    "last_ts",  # open of the last bar, NaN before the first
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
    TRADE_SPREAD,
    TRADE_SLIPPAGE,
    TRADE_FUNDING,
    EXIT_VALUE,
    EXIT_REASON,
    EXIT_QUANTITY,
    EXIT_WAIT,
    EXIT_READY,
    WORST_PRICE,
    BEST_PRICE,
    CONFIDENCE,
    REGIME,
    ORDER_QUANTITY,
    ORDER_WAIT,
    ORDER_READY,
    ORDER_CAP,
    ORDER_DURATION,
    ORDER_STOP,
    ORDER_TARGET,
    ORDER_CONFIDENCE,
    ORDER_REGIME,
    COOLDOWN,
    EQUITY,
    LOW_EQUITY,
    PEAK,
    HALTED,
    LAST_RETURN,
    WIN_RATE,
    SINCE_EXIT,
    DIRECTION,
    DIRECTION_AGE,
    UNNAMED,
    TURNOVER,
    TURNS,
    COSTS,
    FEES,
    SPREAD,
    SLIPPAGE,
    FUNDING,
    EXPOSED,
    ENTRY_EQUITY,
    TYPICAL_RANGE,
    LAST_TS,
) = range(len(ACCOUNT_FIELDS))
ACCOUNT_SIZE = len(ACCOUNT_FIELDS)

PARAMETER_FIELDS = (
    "fee",  # fractions, not basis points; of a taker
    "maker_fee",
    "half_spread",
    "impact",  # constant
    "volatility_impact",  # times the volatility of the bar
    "stop_slip",
    "limit_through",  # 1 if a resting limit needs a trade-through
    "wick_limit",  # 0 is none
    "latency",  # bars
    "latency_ms",
    "interval",  # milliseconds of a bar
    "funding_rate",  # a day, as the next
    "borrow_rate",
    "participation",
    "lot",  # units of the asset
    "tick",
    "min_notional",
    "size_cap",
    "maintenance_margin",
    "volatility_target",
    "min_confidence",
    "size_from",  # confidence at which an order has no size
    "size_full",  # confidence at which it has all of it
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
    "follow",  # 1 if a position is left when the signal no longer names its side
    "patience",  # closes that a side may stay unnamed before its position is left
    "review",  # bars of a position between two questions what to do with it, 0 none is asked
)
(
    FEE,
    MAKER_FEE,
    HALF_SPREAD,
    IMPACT,
    VOLATILITY_IMPACT,
    STOP_SLIP,
    LIMIT_THROUGH,
    WICK_LIMIT,
    LATENCY,
    LATENCY_MS,
    INTERVAL,
    FUNDING_RATE,
    BORROW_RATE,
    PARTICIPATION,
    LOT,
    TICK,
    MIN_NOTIONAL,
    SIZE_CAP,
    MAINTENANCE_MARGIN,
    VOLATILITY_TARGET,
    MIN_CONFIDENCE,
    SIZE_FROM,
    SIZE_FULL,
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
    FOLLOW,
    PATIENCE,
    REVIEW,
) = range(len(PARAMETER_FIELDS))
PARAMETERS_SIZE = len(PARAMETER_FIELDS)

TRADE_FIELDS = (
    "entry_ts",
    "exit_ts",
    "quantity",  # signed
    "entry_price",  # average
    "exit_price",  # average
    "fees",  # quote currency
    "pnl",  # after all costs
    "reason",
    "spread",  # quote currency, as the next two
    "slippage",
    "funding",
    "held",  # bars
    "confidence",  # at the decision
    "regime",  # at the decision, see order_regime
    "mae",  # share of the entry price
    "mfe",  # share of the entry price
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
    TRADE_SPREAD_PAID,
    TRADE_SLIPPAGE_PAID,
    TRADE_FUNDING_PAID,
    TRADE_HELD,
    TRADE_CONFIDENCE,
    TRADE_REGIME,
    TRADE_MAE,
    TRADE_MFE,
) = range(len(TRADE_FIELDS))
TRADE_SIZE = len(TRADE_FIELDS)

(
    REASON_STOP,
    REASON_TARGET,
    REASON_TIME,
    REASON_LIQUIDATION,
    REASON_END,
    REASON_SIGNAL,
    REASON_CRISIS,
    REASON_POLICY,
) = range(1, 9)
REASONS = {
    REASON_STOP: "stop",
    REASON_TARGET: "target",
    REASON_TIME: "time",
    REASON_LIQUIDATION: "liquidation",
    REASON_END: "end",
    REASON_SIGNAL: "signal",
    REASON_CRISIS: "crisis",
    REASON_POLICY: "policy",
}


def new_account(initial_equity: float) -> Floats:
    """A flat account, shape (ACCOUNT_SIZE,).

    Args:
        initial_equity: quote currency.
    """
    account = np.zeros(ACCOUNT_SIZE)
    account[CASH] = initial_equity
    account[EQUITY] = initial_equity
    account[LOW_EQUITY] = initial_equity
    account[PEAK] = initial_equity
    account[STOP] = math.nan
    account[TARGET] = math.nan
    account[TYPICAL_RANGE] = math.nan
    account[LAST_TS] = math.nan
    return account
