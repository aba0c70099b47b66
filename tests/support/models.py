"""Models for tests and benchmarks: valid, quick to make, and meaning nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from trading.arrays import Floats
from trading.model.depth import TimeframeDepth, TrainingDepth
from trading.model.model import TradingModel, layer_shapes, model_from
from trading.model.spec import (
    ActionBounds,
    Condition,
    Costs,
    EngineIdentity,
    Instrument,
    Limits,
    MarketRule,
    ModelSpec,
    PolicyShape,
    Windows,
)
from trading.steps.features import FEATURE_NAMES
from trading.steps.observation import observation_names
from trading.steps.opinion import RAW, SCORE_FEATURES

HOUR_MS = 3_600_000
KNOWN = FEATURE_NAMES[:12]
"""Features that these models know: some of those that there are."""
INPUTS = len(observation_names(KNOWN))
REGIME_FEATURES = ("log_range_medium", "log_volatility_medium", "trend_slow")

COSTS = Costs(
    fee_bps=4.0,
    maker_fee_bps=2.0,
    spread_bps=2.0,
    impact_bps=0.0,
    impact=1.0,
    stop_slip=0.25,
    limit_through=True,
    wick_limit=20.0,
    latency_bars=0,
    latency_ms=500,
    funding_bps_per_day=1.0,
    borrow_bps_per_day=3.0,
    max_participation=0.1,
)
SIMPLE = COSTS.model_copy(
    update={
        "maker_fee_bps": 4.0,
        "impact_bps": 20.0,
        "impact": 0.0,
        "stop_slip": 0.0,
        "limit_through": False,
        "wick_limit": 0.0,
        "latency_ms": 0,
        "funding_bps_per_day": 0.0,
        "borrow_bps_per_day": 0.0,
    }
)
INSTRUMENT = Instrument(tick=1e-8, lot=1e-6, contract_size=1.0, min_notional=0.0)
LIMITS = Limits(
    initial_equity=100_000.0,
    size_cap=0.35,
    max_leverage=1.0,
    maintenance_margin=0.05,
    volatility_target=0.25,
    min_confidence=0.0,
    cooldown_bars=1,
    halt_drawdown=0.25,
)
ACTIONS = ActionBounds(min_duration=2, max_duration=30, min_stop=0.5, max_stop=4.0, min_target=1.0, max_target=8.0)
SHORT_WINDOWS = Windows(fast=3, medium=6, slow=24, vwap=12)
USUAL_WINDOWS = Windows(fast=6, medium=12, slow=96, vwap=48)


def costs_of(**changes: Any) -> Costs:
    """The usual costs with some changed."""
    return COSTS.model_copy(update=changes)


def limits_of(**changes: Any) -> Limits:
    """Loose limits, under which a model trades often, with some changed."""
    return LIMITS.model_copy(update=changes)


def regimes_of(features: tuple[str, ...] = REGIME_FEATURES, threshold: float = 0.3) -> EngineIdentity:
    """The regimes engine over some features."""
    return EngineIdentity(
        name="regimes",
        tag="hmm_v1",
        revision=1,
        options={"features": list(features), "threshold": threshold},
        extras=("p_bull", "p_bear", "p_chop"),
    )


def one_map(x: Sequence[float], y: Sequence[float]) -> dict[str, Floats]:
    """Arrays of a calibrator that reads an engine's confidence of either side on one curve."""
    weights = np.zeros((2, SCORE_FEATURES + len(KNOWN)))
    weights[:, RAW] = 1.0
    return {
        "calibrator.weights": weights,
        "calibrator.x": np.tile(np.array(x, dtype=float), (2, 1)),
        "calibrator.y": np.tile(np.array(y, dtype=float), (2, 1)),
    }


def make_model(
    arrays: Mapping[str, Floats],
    *,
    interval: int = HOUR_MS,
    windows: Windows = SHORT_WINDOWS,
    engine: EngineIdentity | None = None,
    policy: PolicyShape | None = None,
    actions: ActionBounds = ACTIONS,
    costs: Costs = COSTS,
    instrument: Instrument = INSTRUMENT,
    limits: Limits = LIMITS,
) -> TradingModel:
    """A checked model of these arrays and parts."""
    spec = ModelSpec(
        symbol="SIM",
        interval=interval,
        bars_per_year=31_557_600_000 / interval,
        feature_names=KNOWN,
        windows=windows,
        observation_names=observation_names(KNOWN),
        engine=engine or regimes_of(),
        policy=policy or PolicyShape(kind="ppo", hidden=len(arrays["policy.b0"])),
        actions=actions,
        costs=costs,
        instrument=instrument,
        limits=limits,
    )
    return model_from(spec, arrays)


def random_model(
    seed: int, *, costs: Costs = COSTS, limits: Limits = LIMITS, policy: PolicyShape | None = None
) -> TradingModel:
    """A model that trades often."""
    rng = np.random.default_rng(seed)
    hidden = 8
    scale = {"w0": 0.3, "b0": 0.1, "w1": 0.5, "b1": 0.1, "w2": 0.8, "b2": 0.3}
    arrays = {
        "scaler.mean": np.full(len(KNOWN), -1.0) + rng.normal(size=len(KNOWN)) * 0.1,
        "scaler.deviation": rng.uniform(0.5, 3.0, size=len(KNOWN)),
        "engine.startprob": np.full(3, 1.0 / 3.0),
        "engine.transmat": np.full((3, 3), 0.05) + np.eye(3) * 0.85,
        "engine.means": rng.normal(size=(3, 3)),
        "engine.covars": np.stack([np.eye(3) * rng.uniform(0.5, 2.0) for _ in range(3)]),
        **one_map([0.0, 0.5, 1.0], [0.3, 0.5, 0.8]),
    }
    layers = {
        f"policy.{name}": rng.normal(size=shape) * scale[name] for name, shape in layer_shapes(hidden, INPUTS).items()
    }
    return make_model(arrays if policy else arrays | layers, costs=costs, limits=limits, policy=policy)


def small_model(seed: int = 0) -> TradingModel:
    """A model with random weights, four hidden units and the usual features."""
    rng = np.random.default_rng(seed)
    arrays = {
        "scaler.mean": np.r_[np.zeros(4), -5.0, -5.0, np.zeros(3), -4.0, 0.0, 0.0],
        "scaler.deviation": np.full(len(KNOWN), 0.02),
        "engine.startprob": np.full(3, 1 / 3),
        "engine.transmat": np.full((3, 3), 0.05) + 0.85 * np.eye(3),
        "engine.means": np.array([[1.0, 1.0], [-1.0, -1.0], [0.0, 0.0]]),
        "engine.covars": np.stack([np.eye(2)] * 3),
        **one_map([0.0, 1.0], [0.3, 0.8]),
        **{f"policy.{name}": rng.normal(size=shape) for name, shape in layer_shapes(4, INPUTS).items()},
    }
    return make_model(
        arrays,
        windows=USUAL_WINDOWS,
        engine=regimes_of(KNOWN[2:4], threshold=0.2),
        actions=ActionBounds(
            min_duration=6, max_duration=96, min_stop=3.0, max_stop=6.0, min_target=1.0, max_target=8.0
        ),
        limits=limits_of(min_confidence=0.3, cooldown_bars=12),
    )


def at_depth(model: TradingModel, modifier: float) -> TradingModel:
    """The same model of a training that was too short for full depth.

    Args:
        model: any.
        modifier: of its confidence.
    """
    hours = TimeframeDepth(interval=HOUR_MS, bars=1_000, target_bars=4_000)
    depth = TrainingDepth(timeframes=(hours,), tier="shallow", modifier=modifier, full_at_ms=1_640_995_200_000)
    return replace(model, spec=model.spec.changed(depth=depth))


WILD = MarketRule(regime="crisis", when=(Condition(input="price_zscore", at_least=1.2),), reason="far above its mean")
"""A rule that calls many bars of the small market a crisis, and many not."""


def ruled(model: TradingModel, *rules: MarketRule) -> TradingModel:
    """The same model with rules that name its market.

    Args:
        model: of any engine.
        *rules: in their order.
    """
    return replace(model, spec=model.spec.changed(market_rules=[rule.model_dump() for rule in rules]))


def reviewing(model: TradingModel, review_bars: int) -> TradingModel:
    """The same model, asked about its positions too; it says of one much the same as it would of an entry.

    Args:
        model: with a policy.
        review_bars: of a position between two questions.
    """
    assert model.layers is not None
    actions = model.spec.actions.model_copy(update={"review_bars": review_bars})
    names = observation_names(model.spec.feature_names, reviewed=True)
    rng = np.random.default_rng(review_bars)
    more = rng.normal(scale=0.8, size=(len(model.layers.b0), len(names) - len(model.spec.observation_names)))
    layers = model.layers._replace(w0=np.concatenate([model.layers.w0, more], axis=1))
    spec = model.spec.changed(actions=actions.model_dump(), observation_names=names)
    return replace(model, spec=spec, layers=layers)
