"""Tasks that publish: bundle, MLflow version, comparison and promotion; and what an operator asks for."""

from __future__ import annotations

from tasks import pages
from tasks.stage import stage
from trading.night import pictures, plan, publish
from trading.night.evidence import Judged
from trading.night.plan import Champion, NightOutcome, NightPlan, Pin
from trading.night.publish import Bundled
from trading.night.report import NightReport, report_of
from trading.night.workplace import Workplace
from trading.store import Ref


@stage("bundle")
def bundle(
    place: Workplace,
    plan: NightPlan,
    bars: Ref,
    splits: Ref,
    model: Ref,
    backtest: Ref,
    judged: Judged,
    champion: Champion | None,
) -> Bundled:
    """Model, lineage, evidence, verdict and card under one digest."""
    return publish.bundle(
        place.store(),
        plan=plan,
        bars=bars,
        splits=splits,
        model=model,
        backtest=backtest,
        judged=judged,
        champion=champion,
    )


@stage("register", remembered=False)
def register(
    place: Workplace,
    plan: NightPlan,
    bundled: Bundled,
    bars: Ref,
    splits: Ref,
    model: Ref,
    backtest: Ref,
    judged: Judged,
) -> int:
    """The version in MLflow; the registry knows a bundle by its digest, so repeating this changes nothing."""
    return publish.register(
        place.store(),
        place.with_secrets(),
        plan=plan,
        bundled=bundled,
        bars=bars,
        splits=splits,
        model=model,
        backtest=backtest,
        judged=judged,
    )


@stage("promote", remembered=False)
def promote(
    place: Workplace,
    plan: NightPlan,
    bundled: Bundled,
    version: int,
    bars: Ref,
    splits: Ref,
    model: Ref,
    backtest: Ref,
    judged: Judged,
    pinned: Pin,
) -> NightOutcome:
    """Production, Staging or rejected; the ledger knows what holds already, so repeating this changes nothing."""
    return publish.promote(
        place.store(),
        place.with_secrets(),
        plan=plan,
        bundled=bundled,
        version=version,
        bars=bars,
        splits=splits,
        model=model,
        backtest=backtest,
        judged=judged,
        pinned=pinned,
    )


@stage("conclude", remembered=False)
def conclude(place: Workplace, of: NightPlan, outcome: NightOutcome) -> NightReport:
    """Remember the night as finished, and show it."""
    store = place.store()
    plan.remember(store, of, outcome)
    report = report_of(store, outcome, repeated=False)
    pages.show_night(report, pictures.equity_png(store, outcome))
    return report
