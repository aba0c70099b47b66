"""The chain of stages of one symbol: what follows what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from tasks.stage import recording
from tasks.stages import (
    bundle_candidate,
    compute_features,
    find_report,
    finish_night,
    finish_training,
    fit_model,
    gather_folds,
    judge_candidate,
    load_bars,
    make_folds,
    make_splits,
    measure_checks,
    open_night,
    promote_candidate,
    publish_page,
    refit_model,
    register_candidate,
    run_backtest,
    show_night,
    snapshot_champion,
    train_policy,
    trials_of,
    write_page,
)
from trading.checks.check import Part
from trading.checks.trials import Trials
from trading.engines.choice import EngineChoice
from trading.market.bars import Bars
from trading.night.artifacts import Features
from trading.night.evaluation_page import failed_page
from trading.night.evidence import parts_of
from trading.night.folds import Fold
from trading.night.manifest import MadeCandidate, StageRun
from trading.night.outcome import Candidate, CandidatePage, ChampionSnapshot, Measurements
from trading.night.report import NightReport
from trading.night.workspace import Night
from trading.settings.models import SevengatesSettings
from trading.splits import Splits
from trading.store import Ref


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
    bars = load_night(night)
    snapshot = snapshot_champion(night, bars.bars_ref)
    registered = tuple(register_candidate(night, made) for made in make_candidates(night, bars, snapshot))
    outcome = promote_candidate(night, registered, snapshot)
    pages = tuple(
        drawn_page(partial(publish_page, night, outcome, one), one.candidate, one.version) for one in outcome.registered
    )
    report = finish_night(night, outcome, pages)
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
    bars = load_night(night)
    candidates = make_candidates(night, bars, snapshot_champion(night, bars.bars_ref))
    pages = tuple(drawn_page(partial(write_page, night, made.candidate), made.candidate) for made in candidates)
    report = finish_training(night, candidates, pages)
    show_night(night, report)
    return report


def drawn_page(draw: Callable[[], CandidatePage], candidate: Candidate, version: int | None = None) -> CandidatePage:
    """The page of a candidate, or why there is none.

    A page that cannot be drawn undoes nothing that was decided: its task shows as failed, and the report says why.

    Args:
        draw: the stage.
        candidate: whose page it is.
        version: in the registry, or None.
    """
    try:
        return draw()
    except Exception as error:  # noqa: BLE001
        return failed_page(candidate, version, error)


class Loaded(NamedTuple):
    """The bars of a night, and the stage that read them."""

    bars_ref: Ref[Bars]
    stages: tuple[StageRun, ...]


def load_night(night: Night) -> Loaded:
    """Read the bars that everything else is made of.

    Args:
        night: whose market it is.
    """
    with recording() as stages:
        bars = load_bars(night).bars_ref
    return Loaded(bars, tuple(stages))


def make_candidates(night: Night, loaded: Loaded, snapshot: ChampionSnapshot) -> tuple[MadeCandidate, ...]:
    """Train a candidate of each engine of the settings on the same splits, measure it, judge it, and bundle it.

    Args:
        night: what they follow from.
        loaded: bars of the night.
        snapshot: the champion that the night began with.
    """
    bars = loaded.bars_ref
    with recording() as prepared:
        data = NightData(
            bars,
            compute_features(night, bars),
            make_splits(night, bars, night.plan.engines),
            trials_of(night, snapshot),
        )
    shared = (*loaded.stages, *prepared)
    made: list[MadeCandidate] = []
    for engine in night.plan.engines:
        with recording() as own:
            candidate = make_candidate(night, engine, data, snapshot)
        made.append(MadeCandidate(candidate, (*shared, *own), snapshot))
        # Made once for all engines of the night, so the next one found it there.
        shared = tuple(stage.model_copy(update={"reused": True}) for stage in shared)
    return tuple(made)


class NightData(NamedTuple):
    """What all candidates of a night are made of, and what came before them."""

    bars_ref: Ref[Bars]
    features_ref: Ref[Features]
    splits_ref: Ref[Splits]
    trials_ref: Ref[Trials]


def make_candidate(night: Night, engine: EngineChoice, data: NightData, snapshot: ChampionSnapshot) -> Candidate:
    """Train a candidate of one engine, measure it on the test split, judge it, and bundle it.

    Args:
        night: what it follows from.
        engine: what says direction and confidence.
        data: bars, features, splits and earlier candidates.
        snapshot: the champion that the night began with.
    """
    bars, features, splits, trials = data
    fitted = fit_model(night, bars, features, splits, engine)
    trained = train_policy(night, bars, splits, fitted.model_ref)
    model = trained.model_ref
    parts: dict[Part, Ref[Any]] = {
        "bars": bars,
        "features": features,
        "splits": splits,
        "model": model,
        "refitted": refit_model(night, bars, splits, fitted.model_ref, engine),
        "fit_report": fitted.report_ref,
        "policies": trained.policies_ref,
        "folds": gather_folds(
            night, bars, tuple(make_fold(night, engine, data, fold) for fold in make_folds(night, splits))
        ),
        "trials": trials,
        "policy_report": trained.report_ref,
    }
    measured = Measurements(
        engine=engine,
        bars_ref=bars,
        splits_ref=splits,
        model_ref=model,
        backtest_ref=run_backtest(night, bars, splits, model),
        check_refs={name: measure(night, parts_of(name, parts)) for name, measure in measure_checks.items()},
        live_ref=snapshot.live_ref,
        fit_report_ref=fitted.report_ref,
        policy_report_ref=trained.report_ref,
    )
    judged = judge_candidate(night, measured)
    return bundle_candidate(night, measured, judged, snapshot.champion)


def make_fold(night: Night, engine: EngineChoice, data: NightData, splits: Ref[Splits]) -> Fold:
    """Train the candidate's recipe on one walk-forward fold, and trade the fold's test range.

    Args:
        night: what it follows from.
        engine: of the candidate.
        data: bars and features of the night.
        splits: of the fold.
    """
    fitted = fit_model(night, data.bars_ref, data.features_ref, splits, engine)
    trained = train_policy(night, data.bars_ref, splits, fitted.model_ref)
    return Fold(
        splits_ref=splits,
        trained=trained,
        backtest_ref=run_backtest(night, data.bars_ref, splits, trained.model_ref),
    )
