"""The meeting with the champion: who it is when a night begins, how it compares, and who is in Production after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from trading.checks.evidence import LiveRecord
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.gates.verdict import Verdict
from trading.night.evidence import Judged, backtest_metrics
from trading.night.fit import match_regimes
from trading.night.plan import Champion, NightOutcome, NightPlan, Pin
from trading.night.publish import Bundled
from trading.night.records import get_model, get_record, get_splits, metrics_of, numbers, put_model, put_record
from trading.settings.locations import locations
from trading.settings.models import RuntimeSpec
from trading.store import Ref, Store

if TYPE_CHECKING:
    from trading.registry.adapter import MlflowRegistry
    from trading.registry.entries import Entry
    from trading.registry.ledger import Ledger

MOST_CONFLICTS = 5


def pin(store: Store, runtime: RuntimeSpec, model: str, as_of_ms: int) -> Pin:
    """The champion that a night begins with, its model in the store; changes made by hand in MLflow count or go first.

    A champion of a later moment than the night's is not seen: a night of the past begins as it would have begun then.

    Args:
        store: receives the champion's model.
        runtime: names ledger and registry.
        model: registered model of the night.
        as_of_ms: moment of the night; what the champion traded later does not count.

    Raises:
        RegistryError: if the bundle in Production is not what the ledger says.
    """
    if not open_ledger(runtime).history(model):
        return Pin()
    registry, ledger = _settled(runtime, model)
    entry = ledger.current(model)
    if entry is None:
        return Pin()
    champion = _stored(store, registry, entry)
    if champion.as_of_ms > as_of_ms:
        return Pin()
    record = _live_record(runtime, entry.bundle_digest, as_of_ms)
    return Pin(champion=champion, live=None if record is None else store.put_json("live-record", record.as_json()))


def promote(
    store: Store,
    runtime: RuntimeSpec,
    *,
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
    """Compare with the champion of this moment on the same bars, decide, and write the decision to the ledger.

    If Production changes while this is decided, it is decided again against the new champion. A night that was killed
    after its promotion finds its own version in Production and finishes.

    Raises:
        RegistryError: ``PROMOTION_CONFLICT`` if Production keeps changing.
    """
    from trading.registry.adapter import open_registry
    from trading.registry.promotion import Basis, apply_decision, decide_promotion

    registry, ledger = open_registry(runtime), open_ledger(runtime)
    judgement = Verdict.model_validate(store.get_json(judged.verdict))
    candidate = backtest_metrics(store, backtest)
    conflicts = 0
    while True:
        epoch = ledger.epoch(plan.model)
        current = ledger.current(plan.model)
        if current is not None and (current.version, current.bundle_digest) == (version, bundled.digest):
            champion = pinned.champion
        else:
            champion = _champion(store, registry, current, pinned)
        # A champion of a later moment may have been trained on these very bars: there is nothing to compare.
        rival = champion if champion is None or champion.as_of_ms <= plan.as_of_ms else None
        comparison = compare(store, bars=bars, splits=splits, model=model, backtest=backtest, champion=rival)
        decision = decide_promotion(
            judgement,
            candidate["sharpe"],
            champion.version if champion else None,
            _sharpe(store, comparison),
            plan.settings.promotion.min_improvement,
        )
        try:
            apply_decision(
                registry,
                ledger,
                plan.model,
                version,
                decision,
                basis=Basis(epoch, bundled.digest),
            )
            break
        except RegistryError as error:
            conflicts += 1
            if error.code is not ReasonCode.PROMOTION_CONFLICT or conflicts == MOST_CONFLICTS:
                raise
    return NightOutcome(
        symbol=plan.symbol,
        interval=plan.settings.market.interval,
        as_of_ms=plan.as_of_ms,
        status=_STATUS[decision.action],
        model=plan.model,
        version=version,
        bundle_digest=bundled.digest,
        bundle=bundled.files,
        backtest=backtest,
        evidence=judged.evidence,
        verdict=judged.verdict,
        comparison=comparison,
        code=decision.code,
        reason=decision.reason,
        paper_only=decision.paper_only,
        champion=champion.version if champion else None,
    )


def compare(
    store: Store, *, bars: Ref, splits: Ref, model: Ref, backtest: Ref, champion: Champion | None
) -> Ref | None:
    """Trade the champion over the candidate's test bars at the candidate's costs, and match the regimes of both.

    None if there is no champion.
    """
    from trading.simulation.backtest import run_backtest

    if champion is None:
        return None
    held, part = get_model(store, champion.model), get_splits(store, splits).test
    costs = get_model(store, model).spec.costs
    held = replace(held, spec=held.spec.model_copy(update={"costs": costs}))
    result = run_backtest(held, store.get_bars(bars), part.start, part.stop)
    data = {
        "version": champion.version,
        "bundle_digest": champion.bundle_digest,
        "champion": numbers(result.metrics),
        "candidate": numbers(backtest_metrics(store, backtest)),
        "regimes": match_regimes(get_model(store, model), held),
    }
    return put_record(store, "comparison", data, {"ts": result.ts, "equity": result.equity})


def operator_promote(runtime: RuntimeSpec, model: str, version: int, *, reason: str, actor: str) -> Entry:
    """Put a version that its verdict admits into Production because a person asks for it.

    Changes made by hand in MLflow count before: a champion archived there leaves Production empty.

    Raises:
        RegistryError: as :func:`trading.registry.promotion.enter_production`.
    """
    from trading.registry import promotion

    registry, ledger = _settled(runtime, model)
    return promotion.enter_production(registry, ledger, model, version, reason=reason, actor=actor)


def operator_rollback(runtime: RuntimeSpec, model: str, to: int | None, *, reason: str, actor: str) -> Entry:
    """Put an earlier Production version back because a person asks for it; changes made by hand in MLflow count before.

    Raises:
        RegistryError: as :func:`trading.registry.promotion.return_to_production`.
    """
    from trading.registry import promotion

    registry, ledger = _settled(runtime, model)
    return promotion.return_to_production(registry, ledger, model, to, reason=reason, actor=actor)


def open_ledger(runtime: RuntimeSpec) -> Ledger:
    """The promotion ledger the settings name."""
    from trading.registry.ledger import Ledger

    return Ledger(locations(runtime).ledger)


_STATUS: Mapping[str, Literal["promoted", "staged", "rejected"]] = {
    "production": "promoted",
    "staging": "staged",
    "rejected": "rejected",
}


def _settled(runtime: RuntimeSpec, model: str) -> tuple[MlflowRegistry, Ledger]:
    """Registry and ledger, agreeing on the model: what was left half done or changed by hand is settled.

    Raises:
        RegistryError: ``LEDGER_BROKEN`` if any row of the ledger was altered; nothing is read from it then.
    """
    from trading.registry.adapter import open_registry
    from trading.registry.mirror import reconcile

    registry, ledger = open_registry(runtime), open_ledger(runtime)
    ledger.verify()
    reconcile(registry, ledger, model)
    return registry, ledger


def _champion(store: Store, registry: MlflowRegistry, current: Entry | None, pinned: Pin) -> Champion | None:
    """The champion of this moment: mostly the one the night began with."""
    if current is None:
        return None
    known = pinned.champion
    if known is not None and (known.version, known.bundle_digest) == (current.version, current.bundle_digest):
        return known
    return _stored(store, registry, current)


def _stored(store: Store, registry: MlflowRegistry, entry: Entry) -> Champion:
    bundle = registry.bundle(entry.model_name, entry.version, expected_digest=entry.bundle_digest)
    return Champion(
        version=entry.version,
        bundle_digest=entry.bundle_digest,
        as_of_ms=bundle.lineage.as_of_ms,
        model=put_model(store, bundle.model),
    )


def _live_record(runtime: RuntimeSpec, bundle_digest: str, as_of_ms: int) -> LiveRecord | None:
    """The longest record that any runner's journal holds of a registered model, up to a moment.

    A bundle that was named by its folder trades as a study, on whatever bars, and has no version: that is no record.
    """
    from trading.live.record import live_record
    from trading.live.status import journals

    found = [
        live_record(journal, digest=bundle_digest, until_ms=as_of_ms) for journal in journals(locations(runtime).live)
    ]
    records = [record for record in found if record is not None and record.version]
    return max(records, key=lambda record: record.bars or 0, default=None)


def _sharpe(store: Store, comparison: Ref | None) -> float | None:
    return None if comparison is None else metrics_of(get_record(store, comparison)[0]["champion"])["sharpe"]
