"""Assembling a model: scaler, regimes and calibrator around a policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trading.arrays import Floats
from trading.engines.regimes.hmm import RegimeFit, fit_regimes, fit_scaler
from trading.market.bars import Bars
from trading.model.model import ModelSpec, TradingModel
from trading.settings.models import SevengatesSettings
from trading.simulation.outcomes import signal_outcomes
from trading.simulation.signals import compute_signals
from trading.steps.features import FEATURE_NAMES
from trading.training.calibrator import Calibrator, fit_calibrator
from trading.training.jobs import Layers, zero_layers

IDENTITY_X, IDENTITY_Y = np.array([0.0, 1.0]), np.array([0.0, 1.0])


@dataclass(frozen=True, eq=False)
class FittedRegimes:
    """A model whose policy is still empty, and how its parts were fitted."""

    model: TradingModel
    fit: RegimeFit
    calibrator: Calibrator
    report: dict[str, Any]


def fit_untrained_model(
    bars: Bars,
    raw: Floats,
    train: tuple[int, int],
    validation: tuple[int, int],
    settings: SevengatesSettings,
    seed: int,
) -> FittedRegimes:
    """Fit scaler and regimes on the training split, then the calibrator on the validation split.

    Args:
        bars: the whole series; raw: shape (n, F), its features.
        train, validation: half-open ranges of bars.
        settings: specs of features, regimes, calibration, costs, limits and policy.
        seed: root of the regime starts.
    """
    rows = slice(*train)
    mean, deviation = fit_scaler(raw[rows])
    columns = [FEATURE_NAMES.index(name) for name in settings.regimes.features]
    scaled = (raw[rows] - mean) / deviation
    fit = fit_regimes(np.ascontiguousarray(scaled[:, columns]), raw[rows, 0], settings.regimes, seed)
    spec = ModelSpec(
        symbol=bars.symbol,
        interval=bars.interval,
        bars_per_year=bars.slice(*train).bars_per_year,
        feature_names=FEATURE_NAMES,
        regime_features=settings.regimes.features,
        direction_threshold=settings.regimes.direction_threshold,
        features=settings.features,
        policy=settings.policy,
        costs=settings.costs,
        risk=settings.risk,
    )
    model = TradingModel(
        spec=spec,
        scaler_mean=mean,
        scaler_std=deviation,
        startprob=fit.startprob,
        transmat=fit.transmat,
        means=fit.means,
        covars=fit.covars,
        calibrator_x=IDENTITY_X,
        calibrator_y=IDENTITY_Y,
        **zero_layers(settings.policy.hidden),
    )
    calibrator = _calibrate(model, bars, validation, settings)
    return FittedRegimes(
        replace(model, calibrator_x=calibrator.x, calibrator_y=calibrator.y),
        fit,
        calibrator,
        {"regimes": fit.report, "calibrator": {"informative": calibrator.informative, "reason": calibrator.reason}},
    )


def with_policy(model: TradingModel, layers: Layers) -> TradingModel:
    """The same model with a trained policy."""
    return replace(model, **layers)


def _calibrate(
    model: TradingModel, bars: Bars, validation: tuple[int, int], settings: SevengatesSettings
) -> Calibrator:
    # Only bars up to the end of the validation split are shown, so no later bar can matter.
    seen = bars.slice(0, validation[1])
    signals = compute_signals(model, seen)
    outcomes = signal_outcomes(
        seen,
        signals.beliefs,
        signals.direction,
        signals.confidence,
        *validation,
        settings.calibration.horizon_bars,
        settings.costs,
    )
    return fit_calibrator(outcomes.raw, outcomes.won, settings.calibration.method)
