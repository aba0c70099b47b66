"""What the loops need of a model: packed costs, limits and action bounds, and what chooses its actions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from trading.arrays import Floats
from trading.model.model import TradingModel, layer_shapes
from trading.model.spec import ActionBounds, Costs, Instrument, Limits
from trading.steps import account as a
from trading.steps.opinion import RAW, SCORE_FEATURES, Calibrator
from trading.steps.policy import ACTIONS, Layers, Policy

_UNCHANGED = np.tile(np.array([0.0, 1.0]), (2, 1))


def model_parameters(model: TradingModel) -> Floats:
    """The packed parameters of a model's own costs, limits and action bounds, shape (PARAMETERS_SIZE,).

    Args:
        model: its spec holds costs, limits, bounds, and the window that sets the stop's horizon.
    """
    spec = model.spec
    return pack_parameters(
        spec.costs,
        spec.instrument,
        spec.limits,
        spec.actions,
        interval=spec.interval,
        stop_horizon=spec.windows.medium,
        bars_per_year=spec.bars_per_year,
        break_even=spec.confidence.break_even,
    )


def pack_parameters(
    costs: Costs,
    instrument: Instrument,
    limits: Limits,
    actions: ActionBounds,
    *,
    interval: int,
    stop_horizon: int,
    bars_per_year: float,
    break_even: float | None = None,
) -> Floats:
    """Costs, units, limits and action bounds in the units of the steps: fractions and bars.

    Args:
        costs: of trading.
        instrument: units of the market.
        limits: of orders and losses.
        actions: bounds of the action.
        interval: milliseconds of a bar.
        stop_horizon: bars whose volatility is the unit of stop and target.
        bars_per_year: of the market.
        break_even: confidence from which orders have a size; None leaves sizes alone.
    """
    packed = np.zeros(a.PARAMETERS_SIZE)
    packed[a.FEE] = costs.fee_bps * 1e-4
    packed[a.HALF_SPREAD] = costs.spread_bps * 0.5e-4
    packed[a.MAKER_FEE] = costs.maker_fee_bps * 1e-4
    packed[a.IMPACT] = costs.impact_bps * 1e-4
    packed[a.VOLATILITY_IMPACT] = costs.impact
    packed[a.STOP_SLIP] = costs.stop_slip
    packed[a.LIMIT_THROUGH] = float(costs.limit_through)
    packed[a.WICK_LIMIT] = costs.wick_limit
    packed[a.LATENCY] = costs.latency_bars
    packed[a.LATENCY_MS] = costs.latency_ms
    packed[a.INTERVAL] = interval
    packed[a.FUNDING_RATE] = costs.funding_bps_per_day * 1e-4
    packed[a.BORROW_RATE] = costs.borrow_bps_per_day * 1e-4
    packed[a.PARTICIPATION] = costs.max_participation
    packed[a.LOT] = instrument.lot * instrument.contract_size
    packed[a.TICK] = instrument.tick
    packed[a.MIN_NOTIONAL] = instrument.min_notional
    packed[a.MAINTENANCE_MARGIN] = limits.maintenance_margin
    packed[a.SIZE_CAP] = limits.size_cap
    packed[a.VOLATILITY_TARGET] = limits.volatility_target
    packed[a.MIN_CONFIDENCE] = limits.min_confidence
    packed[a.SIZE_FROM] = 0.0 if break_even is None else break_even
    packed[a.SIZE_FULL] = 0.0 if break_even is None else 1.0
    packed[a.COOLDOWN_BARS] = limits.cooldown_bars
    packed[a.HALT_DRAWDOWN] = limits.halt_drawdown
    packed[a.MIN_DURATION] = actions.min_duration
    packed[a.MAX_DURATION] = actions.max_duration
    packed[a.MIN_STOP] = actions.min_stop
    packed[a.MAX_STOP] = actions.max_stop
    packed[a.MIN_TARGET] = actions.min_target
    packed[a.MAX_TARGET] = actions.max_target
    packed[a.STOP_HORIZON] = math.sqrt(stop_horizon)
    packed[a.YEAR] = math.sqrt(bars_per_year)
    packed[a.FOLLOW] = float(actions.exit_with_signal)
    packed[a.PATIENCE] = actions.exit_patience
    packed[a.REVIEW] = actions.review_bars
    return packed


def policy_of(model: TradingModel, fixed_action: Sequence[float] | None = None) -> Policy:
    """What chooses a model's actions, as the loops take it.

    Args:
        model: whose policy it is.
        fixed_action: size, duration, stop and target in [-1, 1] used instead, for comparison.
    """
    fixed = model.spec.policy.action if fixed_action is None else tuple(fixed_action)
    action = np.array(fixed, dtype=np.float64) if fixed else np.full(len(ACTIONS), math.nan)
    # Loops take layers whether they use them or not: of a fixed action, one idle unit.
    layers = zero_layers(1, len(model.spec.observation_names)) if model.layers is None else model.layers
    return Policy(layers, action)


def zero_layers(hidden: int, inputs: int) -> Layers:
    """Layers that always act in the middle of every range.

    Args:
        hidden: units of each layer.
        inputs: numbers in an observation.
    """
    return Layers(**{name: np.zeros(shape) for name, shape in layer_shapes(hidden, inputs).items()})


def raw_calibrator(features: int) -> Calibrator:
    """The calibrator that leaves an engine's confidence as it is.

    Args:
        features: that the model knows.
    """
    weights = np.zeros((2, SCORE_FEATURES + features))
    weights[:, RAW] = 1.0
    return Calibrator(weights, _UNCHANGED, _UNCHANGED)
