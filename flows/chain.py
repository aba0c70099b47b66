"""The chain of stages of one symbol: what follows what, and which stage is given which settings."""

from __future__ import annotations

from datetime import datetime

from tasks.data import features, load, open_night, pin, splits
from tasks.evidence import MEASURE, backtest, verdict
from tasks.registry import bundle, conclude, keep, promote, register
from tasks.training import policy, regimes
from trading.checks.check import Part
from trading.checks.table import CHECKS
from trading.night.evidence import Judged, check_inputs
from trading.night.plan import NightPlan, Pin
from trading.night.publish import Bundled
from trading.night.report import NightReport
from trading.night.workspace import Workplace, workplace
from trading.settings.models import SevengatesSettings, Spec
from trading.store import Ref


class Candidate(Spec):
    """A judged candidate: every reference that publishing it needs."""

    bars: Ref
    splits: Ref
    model: Ref
    backtest: Ref
    judged: Judged
    bundled: Bundled


def run_night(settings: SevengatesSettings, symbol: str, as_of: datetime | None, again: bool) -> NightReport:
    """One symbol from bars to promotion, or the report of the same night if it was finished before."""
    place = workplace(settings, symbol, again=again)
    opened = open_night(place, settings, as_of)
    if opened.report is not None:
        return opened.report
    plan = opened.plan
    pinned = pin(place, plan.key, plan.model, plan.as_of_ms)
    made = make_candidate(place, plan, pinned)
    version = register(place, plan, made.bundled, made.bars, made.splits, made.model, made.backtest, made.judged)
    outcome = promote(
        place, plan, made.bundled, version, made.bars, made.splits, made.model, made.backtest, made.judged, pinned
    )
    return conclude(place, plan, outcome)


def run_training(settings: SevengatesSettings, symbol: str, as_of: datetime | None) -> NightReport:
    """One symbol from bars to a judged bundle in a folder; nothing is registered."""
    place = workplace(settings, symbol)
    plan = open_night(place, settings, as_of).plan
    pinned = pin(place, plan.key, plan.model, plan.as_of_ms)
    made = make_candidate(place, plan, pinned)
    return keep(place, plan, made.bundled, made.backtest, made.judged)


def make_candidate(place: Workplace, plan: NightPlan, pinned: Pin) -> Candidate:
    """Train a candidate, measure it on the test split, judge it, and bundle it."""
    use = plan.settings
    champion = pinned.champion
    loaded = load(place, use.market, plan.source, plan.as_of_ms)
    seen = features(place, loaded.bars, use.features)
    parts = splits(place, loaded.bars, use.splits, use.features, use.policy, use.costs, use.calibration)
    fitted = regimes(
        place,
        loaded.bars,
        seen,
        parts,
        use.features,
        use.regimes,
        use.policy,
        use.costs,
        use.risk,
        use.calibration,
        plan.seed_for("regimes"),
    )
    trained = policy(place, loaded.bars, parts, fitted.model, use.policy, plan.symbol, plan.seed_for("policy"))
    tested = backtest(place, loaded.bars, parts, trained.model)
    looked_at: dict[Part, Ref] = {
        "bars": loaded.bars,
        "features": seen,
        "splits": parts,
        "model": trained.model,
        "fit_report": fitted.report,
    }
    measured = {
        name: MEASURE[name](place, check_inputs(check, parts=looked_at, settings=use, seed_for=plan.seed_for))
        for name, check in CHECKS.items()
    }
    inputs = {"bars": loaded.bars.digest, "splits": parts.digest, "model": trained.model.digest}
    judged = verdict(place, plan.symbol, inputs, tested, measured, pinned.live, use.gates)
    bundled = bundle(place, plan, loaded.bars, parts, trained.model, judged, champion)
    return Candidate(
        bars=loaded.bars,
        splits=parts,
        model=trained.model,
        backtest=tested,
        judged=judged,
        bundled=bundled,
    )
