"""Runs every leakage check over one candidate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trading.arrays import Floats
from trading.checks.check import Check, Subject
from trading.checks.leakage.evidence import LeakageEvidence
from trading.market.bars import Bars
from trading.model.fits import FitRecord, required_parts
from trading.model.model import TradingModel
from trading.seeds import seed_for
from trading.settings.models import FeatureSpec, LeakageSpec
from trading.splits import SPLITS, Splits

if TYPE_CHECKING:
    from trading.checks.leakage.features import Compute


@dataclass(frozen=True, eq=False, kw_only=True)
class Suspect:
    """One candidate, as the leakage checks see it.

    Attributes:
        bars: all bars of the night.
        features: shape (n, F), not standardised.
        feature_names: of the F features.
        compute: the very function that made the features.
        splits: of the same bars.
        model: the candidate.
        refitted: scaler, engine and calibrator fitted again on
            :func:`trading.checks.leakage.refit.other_future`.
        fits: what the fits say they saw.
    """

    bars: Bars
    features: Floats
    feature_names: tuple[str, ...]
    compute: Compute
    splits: Splits
    model: TradingModel
    refitted: TradingModel
    fits: tuple[FitRecord, ...]


def check_leakage(suspect: Suspect, spec: LeakageSpec, seed: int) -> LeakageEvidence:
    """Run the leakage checks.

    Args:
        suspect: whom to look at.
        spec: how hard.
        seed: of the moments to look at.
    """
    # The simulation compiles when it is imported, and gates read the evidence without it.
    from trading.checks.leakage.decisions import check_decisions
    from trading.checks.leakage.delay import check_delay
    from trading.checks.leakage.features import check_prefix
    from trading.checks.leakage.overlap import check_duplicates, check_interpolation, check_splits
    from trading.checks.leakage.refit import check_refit
    from trading.checks.leakage.target import all_columns, check_horizons, check_sign, check_target
    from trading.checks.leakage.warmup import check_warmup

    bars, splits, model, train = suspect.bars, suspect.splits, suspect.model, suspect.splits.train
    columns = all_columns(suspect.features, suspect.feature_names, bars)
    return LeakageEvidence(
        prefix=check_prefix(suspect.compute, bars, suspect.feature_names, points=spec.prefix_points, seed=seed),
        decisions=check_decisions(
            model,
            bars,
            (splits.validation, splits.test),
            points=spec.decision_points,
            most_bars=spec.decision_bars,
            seed=seed_for(seed, "decisions"),
        ),
        refit=check_refit(model, suspect.refitted, asked=spec.refit),
        splits=check_splits(splits, bars.ts),
        duplicates=check_duplicates(bars, splits, length=spec.duplicate_bars),
        interpolation=check_interpolation(bars),
        target=check_target(columns, bars, train, limit=spec.max_target_correlation),
        horizons=check_horizons(columns, bars, train, limit=spec.max_horizon_correlation),
        sign=check_sign(columns, bars, train, limit=spec.max_sign_sharpe),
        warmup=check_warmup(
            model,
            bars,
            points=spec.warmup_points,
            most_changed=spec.max_warmup_change,
            seed=seed_for(seed, "warmup"),
        ),
        delay=check_delay(model, bars, splits.test),
        fits=suspect.fits,
        required_fits=required_parts(trained_policy=model.spec.policy.kind != "fixed"),
        split_ends={name: int(bars.ts[splits.part(name).stop - 1]) for name in SPLITS},
    )


def fit_records(*reports: Mapping[str, Any]) -> tuple[FitRecord, ...]:
    """What the fits of a candidate say they saw.

    Args:
        reports: of the fit and of the policy's training; one without records adds none, which the gate refuses.
    """
    return tuple(FitRecord.model_validate(record) for report in reports for record in report.get("fits", ()))


def _measure(subject: Subject) -> LeakageEvidence:
    from trading.engines.series import compute_features

    windows = subject.spec(FeatureSpec).windows
    suspect = Suspect(
        bars=subject.bars,
        features=subject.features,
        feature_names=subject.feature_names,
        compute=lambda bars: compute_features(bars, windows),
        splits=subject.splits,
        model=subject.model,
        refitted=subject.refitted,
        fits=fit_records(subject.fit_report, subject.policy_report),
    )
    return check_leakage(suspect, subject.spec(LeakageSpec), subject.seed)


LEAKAGE = Check(
    evidence=LeakageEvidence,
    measure=_measure,
    parts=("bars", "features", "splits", "model", "refitted", "fit_report", "policy_report"),
    settings=(LeakageSpec, FeatureSpec),
    seeded=True,
)
