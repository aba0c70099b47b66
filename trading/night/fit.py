"""Training stages of a night: scaler, engine and calibrator, then the policy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from trading.engines.choice import EngineChoice
from trading.errors import TrainingError
from trading.market.bars import Bars
from trading.model.depth import TrainingDepth
from trading.model.fits import joined_records
from trading.model.model import TradingModel
from trading.night.artifacts import (
    BARS,
    FEATURES,
    FIT_REPORT,
    MODEL,
    POLICIES,
    POLICY_REPORT,
    SPLITS,
    Features,
    Policies,
    Report,
)
from trading.night.reads import reads
from trading.night.workspace import Night
from trading.seeds import seed_for
from trading.splits import Splits
from trading.store import Ref
from trading.values import Frozen

if TYPE_CHECKING:
    from trading.training.jobs import MakeEnvironment, PolicyResult, Progress


class FittedModel(Frozen):
    """A model, and how it was fitted."""

    model_ref: Ref[TradingModel]
    report_ref: Ref[Report]


class TrainedModel(FittedModel):
    """A model with its policy, how it was trained, and the policy of every seed."""

    policies_ref: Ref[Policies]


@reads(
    "features",
    "market_regimes",
    "policy",
    "costs",
    "instrument",
    "risk",
    "calibration",
    "depth",
    "splits",
    "history_bars",
    seed="regimes",
)
def fit_model(
    night: Night,
    bars_ref: Ref[Bars],
    features_ref: Ref[Features],
    splits_ref: Ref[Splits],
    engine: EngineChoice,
    *,
    say: Callable[[str], None] | None = None,
) -> FittedModel:
    """Scaler and engine from the training split, calibrator from what they say; the policy is still empty.

    Args:
        night: what the model is made of.
        bars_ref: of the night.
        features_ref: of these bars.
        splits_ref: of these bars.
        engine: what says direction and confidence.
        say: called with what the fit learned from, a sentence each.

    Raises:
        TrainingError: if the engine cannot be fitted, such as ``HMM_DEGENERATE``.
        DataError: ``DEPTH_TOO_SHALLOW`` if the settings refuse to train on so few bars.
    """
    from trading.training import assemble

    store = night.store
    splits, bars = store.get(SPLITS, splits_ref), store.get(BARS, bars_ref)
    fitted = assemble.fit_model(
        bars,
        store.get(FEATURES, features_ref),
        train=splits.train,
        validation=splits.validation,
        settings=night.settings,
        engine=engine,
        depth=_depth(night, bars, splits),
        seed=night.plan.seeds["regimes"],
    )
    if say is not None:
        for line in learned_from(fitted.model, fitted.report):
            say(f"{bars.symbol}: {line}")
    return FittedModel(
        model_ref=store.put(MODEL, fitted.model), report_ref=store.put(FIT_REPORT, _finite(fitted.report))
    )


@reads(
    *("features", "market_regimes", "policy", "costs", "instrument", "risk", "calibration", "leakage", "depth"),
    *("splits", "history_bars"),
    seed="regimes",
)
def refit_model(
    night: Night,
    bars_ref: Ref[Bars],
    splits_ref: Ref[Splits],
    model_ref: Ref[TradingModel],
    engine: EngineChoice,
) -> Ref[TradingModel]:
    """Fit scaler, engine and calibrator once more on bars that are another market after the validation split.

    The leakage check compares the two: what differs saw the test split.

    Args:
        night: what the model is made of.
        bars_ref: of the night.
        splits_ref: of these bars.
        model_ref: the model that the first fit gave; returned as it is if ``leakage.refit`` leaves this out.
        engine: what says direction and confidence.

    Raises:
        TrainingError: if the engine cannot be fitted, such as ``HMM_DEGENERATE``.
        DataError: ``DEPTH_TOO_SHALLOW`` if the settings refuse to train on so few bars.
    """
    from trading.checks.leakage.refit import other_future
    from trading.engines import series
    from trading.training import assemble

    if not night.settings.leakage.refit:
        return model_ref
    store = night.store
    splits = store.get(SPLITS, splits_ref)
    bars = other_future(store.get(BARS, bars_ref), splits.validation.stop)
    fitted = assemble.fit_model(
        bars,
        series.compute_features(bars, night.settings.features.windows),
        train=splits.train,
        validation=splits.validation,
        settings=night.settings,
        engine=engine,
        depth=_depth(night, bars, splits),
        seed=night.plan.seeds["regimes"],
    )
    return store.put(MODEL, fitted.model)


@reads("policy", "symbol", seed="policy")
def train_policy(
    night: Night,
    bars_ref: Ref[Bars],
    splits_ref: Ref[Splits],
    model_ref: Ref[TradingModel],
    *,
    make_environment: MakeEnvironment,
    make_progress: Callable[[str, int], Progress] | None = None,
    say: Callable[[str], None] | None = None,
) -> TrainedModel:
    """Train one policy for each seed and keep the best on the validation split, or the mean of the best.

    A fixed action needs no training.

    An engine without a direction on any training bar gets a policy that never trades, and so does one whose policies
    are none: that never trade on the validation split, or take one action whatever they see.

    Any number of workers gives the same policies.

    Args:
        night: hyper-parameters.
        bars_ref: of the night.
        splits_ref: of these bars.
        model_ref: scaler, engine and calibrator; its policy is empty.
        make_environment: builds the training environment of a job.
        make_progress: called with the symbol and the number of jobs; gives what is called as they proceed.
        say: called with the problem of every policy that has one.

    Raises:
        TrainingError: if every policy broke down, or there are too few bars for one episode.
    """
    from trading.engines.stream import compute_signals
    from trading.training.assemble import idle_model, with_policy
    from trading.training.average import average_layers
    from trading.training.jobs import TrainingJob
    from trading.training.trainers import trainer
    from trading.training.unseen import unseen_confidence

    store, spec = night.store, night.settings.policy
    if spec.kind == "fixed":
        report: Report = {"chosen": "fixed", "policies": [], "fits": []}
        return TrainedModel(
            model_ref=model_ref,
            report_ref=store.put(POLICY_REPORT, report),
            policies_ref=store.put(POLICIES, ()),
        )
    splits, untrained = store.get(SPLITS, splits_ref), store.get(MODEL, model_ref)
    # The test split is not shown to training at all.
    seen = store.get(BARS, bars_ref).slice(0, splits.validation.stop)
    # The fit has held the engine to bar by bar on these bars.
    taught, signals = unseen_confidence(untrained, seen, compute_signals(untrained, seen), splits.train)
    if not (signals.direction[slice(*splits.train)] != 0).any():
        # Where nothing is ever decided nothing can be learned. The night goes on: its gates refuse what never trades,
        # and its champion is judged like on any other.
        report = {"chosen": "idle", "policies": [], "fits": []}
        return TrainedModel(
            model_ref=store.put(MODEL, idle_model(untrained)),
            report_ref=store.put(POLICY_REPORT, report),
            policies_ref=store.put(POLICIES, ()),
        )
    jobs = [
        TrainingJob(
            name=f"{night.symbol}-{number}",
            seed=seed_for(night.plan.seeds["policy"], number),
            bars=seen,
            signals=signals,
            model=taught,
            train=splits.train,
            validation=splits.validation,
            spec=spec,
        )
        for number in range(spec.seeds)
    ]
    progress = None if make_progress is None else make_progress(night.symbol, len(jobs))
    results = trainer(spec.trainer)(jobs, make_environment, workers=night.workers, progress=progress)
    sound = [result for result in results if result.problem is None]
    for result in results:
        if say is not None and result.problem is not None:
            say(f"policy {result.name} is not taken, {result.problem}")
    _require_learning(results)
    best = sorted(sound, key=lambda result: result.validation_score, reverse=True)[: spec.average]
    # Every policy took part in the choice, so what any of them saw counts.
    fits = joined_records(record for result in results for record in result.fits)
    report = {
        "chosen": "idle" if not best else best[0].name,
        "averaged": [result.name for result in best] if len(best) > 1 else [],
        "policies": [_policy_row(result) for result in results],
        "fits": [record.model_dump() for record in fits],
    }
    # Of seeds that all learned nothing none is taken: a policy that never trades is what the gates refuse.
    model = with_policy(untrained, average_layers([each.layers for each in best])) if best else idle_model(untrained)
    return TrainedModel(
        model_ref=store.put(MODEL, model),
        report_ref=store.put(POLICY_REPORT, report),
        policies_ref=store.put(POLICIES, tuple(result.layers for result in sound)),
    )


def _require_learning(results: Sequence[PolicyResult]) -> None:
    """Refuse a training in which every policy broke down; whether policies are any good the gates judge."""
    from trading.training.jobs import BREAKDOWNS

    broken = [result for result in results if result.problem is not None and result.problem.code in BREAKDOWNS]
    if len(broken) < len(results):
        return
    problems = "; ".join(f"{result.name}, {result.problem}" for result in broken)
    first = broken[0].problem
    assert first is not None
    raise TrainingError(
        first.code,
        f"every policy broke down while it learned: {problems}.",
        remedy="Lower policy.learning_rate or policy.epochs, or raise policy.batch_size.",
        policies=[result.name for result in broken],
    )


def learned_from(model: TradingModel, report: Report) -> list[str]:
    """What a fit learned from, in sentences: the depth of the training, and how many bars count if newer ones do more.

    Args:
        model: just fitted.
        report: of its fit.
    """
    lines = [f"training depth is {model.spec.depth}"]
    recency = report["engine"].get("recency") if model.spec.engine.name == "regimes" else None
    if recency is not None:
        lines.append(
            f"with a half-life of {recency['half_life_bars']:,} bars the {recency['bars']:,} bars of the training "
            f"split count as {recency['effective_bars']:,.0f}"
        )
    return lines


def _depth(night: Night, bars: Bars, splits: Splits) -> TrainingDepth:
    from trading.training.depth import training_depth

    return training_depth(
        bars,
        splits.train,
        night.settings.depth,
        train_share=night.settings.splits.train,
        history_bars=night.plan.history_bars,
    )


def _policy_row(result: PolicyResult) -> dict[str, Any]:
    return _finite(
        {
            "name": result.name,
            "seed": result.seed,
            "validation_score": result.validation_score,
            "problem": "" if result.problem is None else str(result.problem),
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
