"""Tasks that publish: bundle, MLflow version, comparison and promotion; and what an operator asks for."""

from __future__ import annotations

from tasks import pages
from tasks.stage import as_task, stage
from trading.night import pictures, plan, promotion, publish
from trading.night.evidence import Judged
from trading.night.plan import Champion, NightOutcome, NightPlan, Pin
from trading.night.publish import Bundled
from trading.night.report import NightReport, report_of, trained_report
from trading.night.workspace import Workplace, with_secrets
from trading.registry.entries import Entry
from trading.settings.models import RuntimeSpec
from trading.store import Ref


@stage("bundle")
def bundle(
    place: Workplace,
    plan: NightPlan,
    bars: Ref,
    splits: Ref,
    model: Ref,
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
        with_secrets(place.runtime),
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
    return promotion.promote(
        place.store(),
        with_secrets(place.runtime),
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
    pages.show_night(report, pictures.equity_png(store, outcome), place.mlflow_page)
    return report


@stage("keep", remembered=False)
def keep(place: Workplace, of: NightPlan, bundled: Bundled, backtest: Ref, judged: Judged) -> NightReport:
    """A bundle folder of a candidate that is not registered."""
    store = place.store()
    folder = publish.write_bundle_folder(store, place.bundles, bundled)
    report = trained_report(store, of, bundled, backtest, judged, folder)
    pages.show_night(report, None, place.mlflow_page)
    return report


def promote_version(runtime: RuntimeSpec, model: str, version: int, reason: str) -> Entry:
    """Put an approved version into Production."""
    return promotion.operator_promote(with_secrets(runtime), model, version, reason=reason, actor="flow")


def rollback_model(runtime: RuntimeSpec, model: str, to: int | None, reason: str) -> Entry:
    """Put an earlier Production version back."""
    return promotion.operator_rollback(with_secrets(runtime), model, to, reason=reason, actor="flow")


promote_task = as_task(promote_version, "promote version")
rollback_task = as_task(rollback_model, "roll back")
