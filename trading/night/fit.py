"""Training stages of a night: scaler, regimes and calibrator, then the policy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from trading.night.records import get_model, get_splits, put_model
from trading.seeds import seed_for
from trading.settings.models import (
    CalibrationSpec,
    CostSpec,
    FeatureSpec,
    PolicySpec,
    RegimeSpec,
    RiskSpec,
    SevengatesSettings,
    Spec,
)
from trading.store import Ref, Store

if TYPE_CHECKING:
    from trading.training.jobs import MakeEnvironment, PolicyResult, Progress


class Fitted(Spec):
    """A model, and how it was fitted."""

    model: Ref
    report: Ref


def fit_regimes(
    store: Store,
    *,
    bars: Ref,
    features: Ref,
    splits: Ref,
    feature_spec: FeatureSpec,
    regimes: RegimeSpec,
    policy: PolicySpec,
    costs: CostSpec,
    risk: RiskSpec,
    calibration: CalibrationSpec,
    seed: int,
) -> Fitted:
    """Scaler and regimes from the training split, calibrator from the validation split; the policy is still empty.

    Args:
        store: holds what the references name.
        bars, features, splits: of the night.
        feature_spec, regimes, policy, costs, risk, calibration: what the model is made of.
        seed: root of the regime starts.

    Raises:
        TrainingError: ``HMM_DEGENERATE`` if no start gave a usable regime model.
    """
    from trading.training.assemble import fit_model

    known, parts = store.get_bars(bars), get_splits(store, splits)
    settings = SevengatesSettings(
        features=feature_spec, regimes=regimes, policy=policy, costs=costs, risk=risk, calibration=calibration
    )
    fitted = fit_model(
        known,
        store.get_arrays(features)["values"],
        train=parts.train,
        validation=parts.validation,
        settings=settings,
        engine=settings.engine.name,
        seed=seed,
    )
    return Fitted(model=put_model(store, fitted.model), report=store.put_json("regime-report", _finite(fitted.report)))


def train_policy(
    store: Store,
    *,
    bars: Ref,
    splits: Ref,
    model: Ref,
    spec: PolicySpec,
    symbol: str,
    seed: int,
    make_environment: MakeEnvironment,
    workers: int,
    progress: Progress | None = None,
) -> Fitted:
    """Train one policy for each seed and keep the best on the validation split.

    Args:
        store: holds what the references name.
        bars, splits, model: of the night; the model's policy is empty.
        spec: hyper-parameters.
        symbol: names the jobs.
        seed: root of the jobs' seeds.
        make_environment: builds the training environment of a job.
        workers: processes at a time; any number gives the same policies.
        progress: called with a job's name and the share that is done.

    Raises:
        TrainingError: if a job has nothing to decide or diverges.
    """
    from trading.engines.stream import compute_signals
    from trading.training.assemble import with_policy
    from trading.training.jobs import TrainingJob
    from trading.training.trainers import trainer

    known, parts, untrained = store.get_bars(bars), get_splits(store, splits), get_model(store, model)
    # The test split is not shown to training at all.
    seen = known.slice(0, parts.validation.stop)
    signals = compute_signals(untrained, seen)
    jobs = [
        TrainingJob(
            name=f"{symbol}-{number}",
            seed=seed_for(seed, number),
            bars=seen,
            signals=signals,
            model=untrained,
            train=parts.train,
            validation=parts.validation,
            spec=spec,
        )
        for number in range(spec.seeds)
    ]
    results = trainer(spec.trainer)(jobs, make_environment, workers=workers, progress=progress)
    best = max(results, key=lambda result: result.validation_score)
    report = {"chosen": best.name, "policies": [_policy_row(result) for result in results]}
    return Fitted(
        model=put_model(store, with_policy(untrained, best.layers)), report=store.put_json("policy-report", report)
    )


def _policy_row(result: PolicyResult) -> dict[str, Any]:
    return _finite(
        {
            "name": result.name,
            "seed": result.seed,
            "validation_score": result.validation_score,
            "curve": result.curve,
        }
    )


def _finite(value: Any) -> Any:
    """JSON data in which a number that is not finite is text."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
