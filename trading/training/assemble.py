"""Assembling a model: scaler, engine and calibrator around a policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.engines.base import TrainingData, engine_errors
from trading.engines.checked import checked_signals
from trading.engines.choice import EngineChoice
from trading.engines.table import engine_class
from trading.errors import ConfigError
from trading.market.bars import Bars
from trading.model.depth import TrainingDepth
from trading.model.fits import FitRecord, fit_record
from trading.model.model import TradingModel
from trading.model.rules import rule_inputs, unknown_inputs
from trading.model.spec import (
    ActionBounds,
    ConfidenceMeaning,
    Costs,
    EngineIdentity,
    Limits,
    MarketRule,
    ModelSpec,
    PolicyShape,
    Windows,
)
from trading.settings.models import CalibrationSpec, CostSpec, PolicySpec, SevengatesSettings
from trading.simulation.outcomes import signal_outcomes
from trading.simulation.parameters import raw_calibrator, zero_layers
from trading.steps.features import FEATURE_NAMES, LOG_RETURN_1
from trading.steps.observation import observation_names
from trading.steps.policy import Layers
from trading.training.calibrator import METHODS, FittedCalibrator, fit_calibrator
from trading.training.instruments import instrument_of
from trading.training.maps import Method
from trading.training.scaler import fit_scaler

IDENTITY_MAP = np.array([0.0, 1.0])


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedParts:
    """A model whose policy is still empty, and how its parts were fitted."""

    model: TradingModel
    calibrator: FittedCalibrator
    report: dict[str, Any]


def fit_model(
    bars: Bars,
    raw: Floats,
    *,
    train: tuple[int, int],
    validation: tuple[int, int],
    settings: SevengatesSettings,
    engine: EngineChoice,
    depth: TrainingDepth,
    seed: int,
) -> FittedParts:
    """Fit scaler and engine on the training split, then the calibrator on what they say of both splits.

    Args:
        bars: the whole series.
        raw: shape (n, FEATURES), its features.
        train: half-open range of bars.
        validation: half-open range of bars.
        settings: tables of features, calibration, costs, limits and policy.
        engine: with its options.
        depth: of the train split, see :func:`trading.training.depth.training_depth`.
        seed: of everything random in the engine's fit.

    Raises:
        EngineError: ``ENGINE_CHECK`` if a user's form for series differs from bar by bar on these splits.
    """
    rows, kind, names = slice(*train), engine_class(engine.name), settings.features.names
    known = raw[rows][:, [FEATURE_NAMES.index(name) for name in names]]
    mean, deviation, scaler_record = fit_scaler(known, bars.ts[rows])
    data = TrainingData(
        bars=bars.slice(*train),
        returns=raw[rows, LOG_RETURN_1],
        features=(known - mean) / deviation,
        feature_names=names,
        seed=seed,
    )
    with engine_errors(engine.name, "be fitted"):
        fitted = kind.fit(data, kind.Options.model_validate(engine.options))
    identity = EngineIdentity(
        name=engine.name,
        tag=engine.tag,
        revision=kind.revision,
        code=engine.code,
        options=dict(fitted.options),
        extras=kind.extras,
    )
    model = TradingModel(
        spec=model_spec(data.bars, settings, identity),
        scaler_mean=mean,
        scaler_deviation=deviation,
        engine={name: np.ascontiguousarray(array, dtype=np.float64) for name, array in fitted.arrays.items()},
        calibrator=raw_calibrator(len(names)),
        layers=_empty_layers(settings.policy, names),
    )
    calibrator, calibrator_record = _calibrate(model, bars, train, validation, settings.calibration)
    meaning = ConfidenceMeaning(
        method=calibrator.method,
        horizon_bars=settings.calibration.horizon_bars,
        break_even=calibrator.break_even if settings.risk.size_by_confidence else None,
    )
    return FittedParts(
        model=replace(
            model, spec=model.spec.changed(confidence=meaning, depth=depth), calibrator=calibrator.calibrator
        ),
        calibrator=calibrator,
        report={
            "engine": dict(fitted.report),
            "calibrator": calibrator.report,
            "depth": depth.described(),
            "fits": [record.model_dump() for record in (scaler_record, data.record, calibrator_record)],
        },
    )


def model_spec(train_bars: Bars, settings: SevengatesSettings, engine: EngineIdentity) -> ModelSpec:
    """The JSON part of a model: the one place where settings become what outlives them.

    Args:
        train_bars: of the training split.
        settings: of the night.
        engine: what says direction and confidence.

    Raises:
        ConfigError: ``CONFIG_INVALID`` if a rule of ``market_regimes`` asks for what this model does not have.
    """
    features, policy, risk = settings.features, settings.policy, settings.risk
    spec = ModelSpec(
        symbol=train_bars.symbol,
        interval=train_bars.interval,
        bars_per_year=train_bars.bars_per_year,
        feature_names=features.names,
        market_rules=tuple(MarketRule.model_validate(rule.model_dump()) for rule in settings.market_regimes.rules),
        windows=Windows(fast=features.fast, medium=features.medium, slow=features.slow, vwap=features.vwap),
        observation_names=observation_names(features.names, reviewed=policy.review_bars > 0),
        engine=engine,
        policy=policy_shape(policy),
        actions=ActionBounds(
            min_duration=policy.min_duration,
            max_duration=policy.max_duration,
            min_stop=policy.min_stop,
            max_stop=policy.max_stop,
            min_target=policy.min_target,
            max_target=policy.max_target,
            exit_with_signal=policy.exit_with_signal,
            exit_patience=policy.exit_patience,
            review_bars=policy.review_bars,
        ),
        costs=model_costs(settings.costs),
        instrument=instrument_of(settings.instrument, train_bars.symbol),
        limits=Limits(
            initial_equity=risk.initial_equity,
            size_cap=risk.size_cap,
            max_leverage=risk.max_leverage,
            maintenance_margin=risk.maintenance_margin,
            volatility_target=risk.volatility_target,
            min_confidence=risk.min_confidence,
            cooldown_bars=risk.cooldown_bars,
            halt_drawdown=risk.halt_drawdown,
        ),
    )
    for name in unknown_inputs(spec):
        known = list(rule_inputs(spec))
        near = get_close_matches(name, known, n=1, cutoff=0.5)
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"a rule of market_regimes asks for {name!r}, which the model does not have"
            + (f"; the nearest is {near[0]}." if near else "."),
            remedy=f"Ask for one of {', '.join(known)}, or add a feature to features.names.",
        )
    return spec


def model_costs(costs: CostSpec) -> Costs:
    """The costs of the settings as a model holds them.

    Args:
        costs: the table ``[costs]``; its level of realism chooses which of the others are used.
    """
    real = costs.realism == "realistic"
    return Costs(
        fee_bps=costs.fee_bps,
        maker_fee_bps=costs.maker_fee_bps,
        spread_bps=costs.spread_bps,
        impact_bps=0.0 if real else costs.impact_bps,
        impact=costs.impact if real else 0.0,
        stop_slip=costs.stop_slip if real else 0.0,
        limit_through=costs.limit_through and real,
        wick_limit=costs.wick_limit if real else 0.0,
        latency_bars=costs.latency_bars,
        latency_ms=costs.latency_ms if real else 0,
        funding_bps_per_day=costs.funding_bps_per_day if real else 0.0,
        borrow_bps_per_day=costs.borrow_bps_per_day if real else 0.0,
        max_participation=costs.max_participation,
    )


def policy_shape(policy: PolicySpec) -> PolicyShape:
    """What a bundle says of the policy that the settings ask for.

    Args:
        policy: the section ``[policy]``: a fixed action, or the hidden layers of a network to train.
    """
    if policy.kind == "fixed":
        return PolicyShape(kind="fixed", action=policy.action)
    return PolicyShape(kind="ppo", hidden=policy.hidden)


def with_policy(model: TradingModel, layers: Layers) -> TradingModel:
    """The same model with a trained policy.

    Args:
        model: whose policy is empty.
        layers: of the policy, of any width.
    """
    policy = model.spec.policy.model_copy(update={"hidden": len(layers.b0)})
    return replace(model, spec=model.spec.changed(policy=policy.model_dump()), layers=layers)


def idle_model(model: TradingModel) -> TradingModel:
    """The same model with a policy that never trades: always the smallest size, which is none.

    Args:
        model: whose policy is empty.
    """
    idle = PolicyShape(kind="fixed", action=(-1.0, 0.0, 0.0, 0.0))
    return replace(model, spec=model.spec.changed(policy=idle.model_dump()), layers=None)


def _empty_layers(policy: PolicySpec, feature_names: tuple[str, ...]) -> Layers | None:
    if policy.kind == "fixed":
        return None
    return zero_layers(policy.hidden, len(observation_names(feature_names, reviewed=policy.review_bars > 0)))


def _calibrate(
    model: TradingModel, bars: Bars, train: tuple[int, int], validation: tuple[int, int], spec: CalibrationSpec
) -> tuple[FittedCalibrator, FitRecord]:
    # Only bars up to the end of the validation split are shown, so no later bar can matter; a user's engine whose form
    # for series knows later ones within them ends here, before anything is trained on it.
    seen = bars.slice(0, validation[1])
    signals = checked_signals(model, seen)
    learned, judged = (
        signal_outcomes(seen, signals, part, horizon_bars=spec.horizon_bars, costs=model.spec.costs)
        for part in (train, validation)
    )
    # An outcome is known at an open after its signal; without any signal there was still the range to look for them.
    known = [row for part in (learned, judged) for row in (part.index, part.index + 1 + spec.horizon_bars)]
    rows = np.concatenate([*known, np.arange(*train), np.arange(*validation)])
    record = fit_record("calibrator", seen.ts[rows])
    return fit_calibrator(learned, judged, _methods(spec), horizon_bars=spec.horizon_bars), record


def _methods(spec: CalibrationSpec) -> tuple[Method, ...]:
    if spec.method == "auto":
        return METHODS
    return ("platt" if spec.method == "sigmoid" else spec.method,)
