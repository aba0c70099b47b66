"""A night up to its verdict, stage by stage as plain functions: no Prefect, no registry, no champion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from envs.vectorised import LaneVecEnv
from trading.checks.check import Part
from trading.checks.table import CHECKS
from trading.engines.choice import EngineChoice
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.night import data, evidence, fit, folds, trials
from trading.night.artifacts import Features, Report
from trading.night.outcome import JudgedEvidence, Measurements
from trading.night.workspace import Night
from trading.splits import Splits
from trading.store import Ref


class Played(NamedTuple):
    """What the stages of a night left in its store.

    Attributes:
        features_ref: of the bars.
        fitted: the model whose policy is still empty, and how it was fitted.
        trained: the candidate, and how its policy was trained.
        measured: what was measured about the candidate.
        judged: the evidence, and what the gates said.
    """

    features_ref: Ref[Features]
    fitted: fit.FittedModel
    trained: fit.TrainedModel
    measured: Measurements
    judged: JudgedEvidence

    @property
    def model_ref(self) -> Ref[TradingModel]:
        """The candidate."""
        return self.trained.model_ref

    @property
    def fit_report_ref(self) -> Ref[Report]:
        """How scaler, engine and calibrator were fitted."""
        return self.fitted.report_ref


def play_night(
    night: Night, engine: EngineChoice | None = None, *, train: Callable[..., fit.TrainedModel] | None = None
) -> Played:
    """Train a candidate, measure it by every check of the table and ask the gates, in the order of the flow.

    Args:
        night: whose stages are run.
        engine: of the candidate; None is the first of the night.
        train: the stage that trains the policy; None is that of the platform.
    """
    engine = engine or night.plan.engines[0]
    bars = data.load_bars(night).bars_ref
    features = data.compute_features(night, bars)
    splits = data.make_splits(night, bars, night.plan.engines)
    fitted = fit.fit_model(night, bars, features, splits, engine)
    trained = (train or fit.train_policy)(night, bars, splits, fitted.model_ref, make_environment=LaneVecEnv)
    model = trained.model_ref
    parts: dict[Part, Ref[Any]] = {
        "bars": bars,
        "features": features,
        "splits": splits,
        "model": model,
        "refitted": fit.refit_model(night, bars, splits, fitted.model_ref, engine),
        "fit_report": fitted.report_ref,
        "policies": trained.policies_ref,
        "folds": folds.gather_folds(
            night, bars, tuple(_fold(night, engine, bars, features, fold) for fold in folds.make_folds(night, splits))
        ),
        "trials": trials.collect_trials(night),
        "policy_report": trained.report_ref,
    }
    measured = Measurements(
        engine=engine,
        bars_ref=bars,
        splits_ref=splits,
        model_ref=model,
        backtest_ref=evidence.run_backtest(night, bars, splits, model),
        check_refs={name: evidence.measuring(name)(night, evidence.parts_of(name, parts)) for name in CHECKS},
        live_ref=None,
        fit_report_ref=fitted.report_ref,
        policy_report_ref=trained.report_ref,
    )
    return Played(features, fitted, trained, measured, evidence.judge_candidate(night, measured))


def _fold(
    night: Night, engine: EngineChoice, bars: Ref[Bars], features: Ref[Features], splits: Ref[Splits]
) -> folds.Fold:
    untrained = fit.fit_model(night, bars, features, splits, engine).model_ref
    trained = fit.train_policy(night, bars, splits, untrained, make_environment=LaneVecEnv)
    return folds.Fold(
        splits_ref=splits,
        trained=trained,
        backtest_ref=evidence.run_backtest(night, bars, splits, trained.model_ref),
    )
