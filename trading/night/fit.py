"""Training stages of a night: scaler, regimes and calibrator, then the policy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from trading.model.model import TradingModel
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
    from trading.training.assemble import fit_untrained_model

    known, parts = store.get_bars(bars), get_splits(store, splits)
    settings = SevengatesSettings(
        features=feature_spec, regimes=regimes, policy=policy, costs=costs, risk=risk, calibration=calibration
    )
    fitted = fit_untrained_model(
        known, store.get_arrays(features)["values"], parts.train, parts.validation, settings, seed
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
    from trading.simulation.signals import compute_signals
    from trading.training.assemble import with_policy
    from trading.training.jobs import TrainingJob, train

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
    results = train(jobs, make_environment, workers, progress)
    best = max(results, key=lambda result: result.validation_score)
    report = {"chosen": best.name, "policies": [_policy_row(result) for result in results]}
    return Fitted(
        model=put_model(store, with_policy(untrained, best.layers)), report=store.put_json("policy-report", report)
    )


def match_regimes(candidate: TradingModel, champion: TradingModel) -> dict[str, Any]:
    """Which regime of the champion each regime of a candidate is nearest to, and whether their names agree."""
    from trading.engines.regimes.hmm import RegimeFit, match_champion
    from trading.steps.features import FEATURE_NAMES

    columns = [FEATURE_NAMES.index(name) for name in candidate.spec.regime_features]
    fit = RegimeFit(
        startprob=candidate.startprob,
        transmat=candidate.transmat,
        means=candidate.means,
        covars=candidate.covars,
        log_likelihood=math.nan,
        seed=0,
    )
    return match_champion(fit, (candidate.scaler_mean[columns], candidate.scaler_std[columns]), champion)


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
