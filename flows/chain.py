"""The chain of stages of one symbol: what follows what."""

from __future__ import annotations

from datetime import datetime

from tasks.stages import (
    bundle_candidate,
    check_leakage,
    compute_features,
    find_report,
    finish_night,
    finish_training,
    fit_regimes,
    judge_candidate,
    load_bars,
    make_splits,
    measure_calibration,
    measure_drift,
    open_night,
    promote_candidate,
    register_candidate,
    run_backtest,
    run_stress,
    show_night,
    snapshot_champion,
    train_policy,
)
from trading.night.outcome import Candidate, ChampionSnapshot, Measurements
from trading.night.report import NightReport
from trading.night.workspace import Night
from trading.settings.models import SevengatesSettings


def run_night(settings: SevengatesSettings, symbol: str, as_of: datetime | None, *, force: bool) -> NightReport:
    """One symbol from bars to promotion, or the report of the same night if it was finished before.

    Args:
        settings: resolved settings.
        symbol: one of their symbols.
        as_of: nothing later is seen.
        force: repeat every stage even if it is finished.
    """
    night = open_night(settings, symbol, as_of, force=force)
    finished = find_report(night)
    if finished is not None:
        return finished
    snapshot = snapshot_champion(night)
    candidate = make_candidate(night, snapshot)
    version = register_candidate(night, candidate)
    outcome = promote_candidate(night, candidate, version, snapshot)
    report = finish_night(night, outcome)
    show_night(night, report)
    return report


def run_training(settings: SevengatesSettings, symbol: str, as_of: datetime | None) -> NightReport:
    """One symbol from bars to a judged bundle in a folder; nothing is registered.

    Args:
        settings: resolved settings.
        symbol: one of their symbols.
        as_of: nothing later is seen.
    """
    night = open_night(settings, symbol, as_of)
    candidate = make_candidate(night, snapshot_champion(night))
    report = finish_training(night, candidate)
    show_night(night, report)
    return report


def make_candidate(night: Night, snapshot: ChampionSnapshot) -> Candidate:
    """Train a candidate, measure it on the test split, judge it, and bundle it.

    Args:
        night: what it follows from.
        snapshot: the champion that the night began with.
    """
    bars = load_bars(night).bars_ref
    features = compute_features(night, bars)
    splits = make_splits(night, bars)
    leakage = check_leakage(night, bars, features, splits)
    regimes = fit_regimes(night, bars, features, splits)
    policy = train_policy(night, bars, splits, regimes.model_ref)
    model = policy.model_ref
    measured = Measurements(
        bars_ref=bars,
        splits_ref=splits,
        model_ref=model,
        backtest_ref=run_backtest(night, bars, splits, model),
        stress_ref=run_stress(night, bars, splits, model),
        leakage_ref=leakage,
        drift_ref=measure_drift(night, features, splits),
        calibration_ref=measure_calibration(night, bars, splits, model, regimes.report_ref),
        live_ref=snapshot.live_ref,
    )
    judged = judge_candidate(night, measured)
    return bundle_candidate(night, measured, judged, snapshot.champion)
