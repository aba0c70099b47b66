"""The packed parameters of a lane: costs, limits and action bounds in the units of the steps."""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats
from trading.model.model import TradingModel
from trading.settings.models import CostSpec, PolicySpec, RiskSpec
from trading.steps import account as a


def model_parameters(model: TradingModel) -> Floats:
    """The packed parameters of a model's own costs, limits and action bounds."""
    spec = model.spec
    return pack_parameters(spec.costs, spec.risk, spec.policy, spec.features.medium, spec.bars_per_year)


def pack_parameters(
    costs: CostSpec, risk: RiskSpec, policy: PolicySpec, stop_horizon: int, bars_per_year: float
) -> Floats:
    """Costs, limits and action bounds in the units of the steps: fractions and bars."""
    packed = np.zeros(a.PARAMETERS_SIZE)
    packed[a.FEE] = costs.fee_bps * 1e-4
    packed[a.HALF_SPREAD] = costs.spread_bps * 0.5e-4
    packed[a.IMPACT] = costs.impact_bps * 1e-4
    packed[a.LATENCY] = costs.latency_bars
    packed[a.PARTICIPATION] = costs.max_participation
    packed[a.LOT] = costs.lot
    packed[a.TICK] = costs.tick
    packed[a.SIZE_CAP] = risk.size_cap
    packed[a.VOLATILITY_TARGET] = risk.volatility_target
    packed[a.MIN_CONFIDENCE] = risk.min_confidence
    packed[a.COOLDOWN_BARS] = risk.cooldown_bars
    packed[a.HALT_DRAWDOWN] = risk.halt_drawdown
    packed[a.MIN_DURATION] = policy.min_duration
    packed[a.MAX_DURATION] = policy.max_duration
    packed[a.MIN_STOP] = policy.min_stop
    packed[a.MAX_STOP] = policy.max_stop
    packed[a.MIN_TARGET] = policy.min_target
    packed[a.MAX_TARGET] = policy.max_target
    packed[a.STOP_HORIZON] = math.sqrt(stop_horizon)
    packed[a.YEAR] = math.sqrt(bars_per_year)
    return packed
