"""The numbers of one lane: account state, parameters and trade record as flat float64 arrays with named places."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trading.config import CostSpec, PolicySpec, RiskSpec
from trading.model import TradingModel

Floats = NDArray[np.float64]

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


def model_parameters(model: TradingModel) -> Floats:
    """The packed parameters of a model's own costs, limits and action bounds."""
    spec = model.spec
    return pack_parameters(spec.costs, spec.risk, spec.policy, spec.features.medium, spec.bars_per_year)


def pack_parameters(
    costs: CostSpec, risk: RiskSpec, policy: PolicySpec, stop_horizon: int, bars_per_year: float
) -> Floats:
    """Costs, limits and action bounds in the units of the steps: fractions and bars."""
    packed = np.zeros(PARAMETERS_SIZE)
    packed[FEE] = costs.fee_bps * 1e-4
    packed[HALF_SPREAD] = costs.spread_bps * 0.5e-4
    packed[IMPACT] = costs.impact_bps * 1e-4
    packed[LATENCY] = costs.latency_bars
    packed[PARTICIPATION] = costs.max_participation
    packed[LOT] = costs.lot
    packed[TICK] = costs.tick
    packed[SIZE_CAP] = risk.size_cap
    packed[VOLATILITY_TARGET] = risk.volatility_target
    packed[MIN_CONFIDENCE] = risk.min_confidence
    packed[COOLDOWN_BARS] = risk.cooldown_bars
    packed[HALT_DRAWDOWN] = risk.halt_drawdown
    packed[MIN_DURATION] = policy.min_duration
    packed[MAX_DURATION] = policy.max_duration
    packed[MIN_STOP] = policy.min_stop
    packed[MAX_STOP] = policy.max_stop
    packed[MIN_TARGET] = policy.min_target
    packed[MAX_TARGET] = policy.max_target
    packed[STOP_HORIZON] = math.sqrt(stop_horizon)
    packed[YEAR] = math.sqrt(bars_per_year)
    return packed
