"""The meeting with the champion: who it is when a night begins, how it compares, and who is in Production after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from trading.checks.evidence import LiveRecord
from trading.codes import ReasonCode
from trading.engines.regimes.matching import match_regimes
from trading.errors import RegistryError
from trading.night.artifacts import (
    BACKTEST,
    BARS,
    COMPARISON,
    LIVE_RECORD,
    MODEL,
    SPLITS,
    VERDICT,
    ComparisonRecord,
)
from trading.night.hindsight import production_as_of
from trading.night.outcome import (
    Candidate,
    Champion,
    ChampionSnapshot,
    NightOutcome,
    OtherCandidate,
    RegisteredCandidate,
)
from trading.night.reads import reads
from trading.night.services import ledger_of, registry_of
from trading.night.workspace import Night
from trading.settings.locations import locations
from trading.settings.models import RuntimeSpec
from trading.store import Ref, Store

if TYPE_CHECKING:
    from trading.registry.adapter import MlflowRegistry
    from trading.registry.entries import Entry
    from trading.registry.ledger import Ledger

MOST_CONFLICTS = 5


@reads("key", "model_name", "as_of_ms")
def snapshot_champion(night: Night) -> ChampionSnapshot:
    """The champion that a night begins with, its model in the store, so that a resumed night meets the same.

    Changes made by hand in MLflow count or go first. A version of a later moment than the night's is not seen, nor what
    was done with it: a night of the past begins with the champion that it would have begun with then, and what that
    champion traded later does not count.

    Args:
        night: which model, and as of when.

    Raises:
        RegistryError: if the bundle in Production is not what the ledger says.
    """
    plan, runtime = night.plan, night.runtime
    if not ledger_of(runtime).history(plan.model_name):
        return ChampionSnapshot()
    registry, ledger = _settled(runtime, plan.model_name)

    def moment_of(entry: Entry) -> int:
        return registry.bundle(entry.model_name, entry.version, entry.bundle_digest).lineage.as_of_ms

    entry = production_as_of(ledger.history(plan.model_name), plan.as_of_ms, moment_of)
    if entry is None:
        return ChampionSnapshot()
    champion = _stored(night.store, registry, entry)
    record = _live_record(runtime, entry.bundle_digest, plan.as_of_ms)
    return ChampionSnapshot(
        champion=champion, live_ref=None if record is None else night.store.put(LIVE_RECORD, record)
    )


def promote_candidate(
    night: Night, candidates: tuple[RegisteredCandidate, ...], snapshot: ChampionSnapshot
) -> NightOutcome:
    """Compare the best candidate with the champion of this moment on the same bars, decide, and write it to the ledger.

    If Production changes while this is decided, it is decided again against the new champion. A night that was killed
    after its promotion finds its own version in Production and finishes. Candidates of other engines are staged if they
    were approved, else rejected.

    Args:
        night: how much better a candidate has to be.
        candidates: what was judged and registered, one for each engine.
        snapshot: the champion that the night began with.

    Raises:
        RegistryError: ``PROMOTION_CONFLICT`` if Production keeps changing.
    """
    from trading.night.choosing import choose_candidate, decide_other
    from trading.registry.promotion import Basis, apply_decision, decide_promotion

    store, plan = night.store, night.plan
    registry, ledger = registry_of(night.runtime), ledger_of(night.runtime)
    best = choose_candidate(store, tuple(registered.candidate for registered in candidates))
    candidate, version = candidates[best].candidate, candidates[best].version
    others: list[OtherCandidate] = []
    # The one that meets the champion comes last, so that it and no other is the latest in Staging.
    for place, registered in enumerate(candidates):
        if place == best:
            continue
        decision, other = decide_other(store, registered, candidates[best])
        basis = Basis(ledger.epoch(plan.model_name), registered.candidate.bundle_digest)
        apply_decision(registry, ledger, plan.model_name, registered.version, decision, basis=basis)
        others.append(other)
    verdict = store.get(VERDICT, candidate.verdict_ref)
    sharpe = store.get(BACKTEST, candidate.backtest_ref).metrics["sharpe"]
    own = (version, candidate.bundle_digest)
    conflicts = 0
    while True:
        epoch = ledger.epoch(plan.model_name)
        current = ledger.current(plan.model_name)
        if current is not None and (current.version, current.bundle_digest) == own:
            champion = snapshot.champion
        else:
            champion = _champion(store, registry, current, snapshot)
        # A champion of a later moment may have been trained on these very bars: there is nothing to compare.
        rival = champion if champion is None or champion.as_of_ms <= plan.as_of_ms else None
        comparison_ref = None if rival is None else compare_with_champion(store, candidate, rival)
        rival_sharpe = None if comparison_ref is None else store.get(COMPARISON, comparison_ref).champion["sharpe"]
        decision = decide_promotion(
            verdict,
            candidate_sharpe=sharpe,
            champion_version=champion.version if champion else None,
            champion_sharpe=rival_sharpe,
            min_improvement=plan.settings.promotion.min_improvement,
        )
        try:
            basis = Basis(epoch, candidate.bundle_digest)
            apply_decision(registry, ledger, plan.model_name, version, decision, basis=basis)
            break
        except RegistryError as error:
            conflicts += 1
            if error.code is not ReasonCode.PROMOTION_CONFLICT or conflicts == MOST_CONFLICTS:
                raise
    return NightOutcome(
        symbol=plan.symbol,
        interval=plan.interval,
        as_of_ms=plan.as_of_ms,
        status=_STATUS[decision.action],
        model_name=plan.model_name,
        version=version,
        candidate=candidate,
        comparison_ref=comparison_ref,
        code=decision.code,
        reason=decision.reason,
        paper_only=decision.paper_only,
        champion_version=champion.version if champion else None,
        others=tuple(others),
    )


def compare_with_champion(store: Store, candidate: Candidate, champion: Champion) -> Ref[ComparisonRecord]:
    """Trade the champion over the candidate's test bars at the candidate's costs, and match the regimes of both.

    Args:
        store: holds the models and bars.
        candidate: whose bars and costs they are.
        champion: what trades.
    """
    from trading.simulation.backtest import run_backtest

    model, held = store.get(MODEL, candidate.model_ref), store.get(MODEL, champion.model_ref)
    held = replace(
        held, spec=held.spec.model_copy(update={"costs": model.spec.costs, "instrument": model.spec.instrument})
    )
    part = store.get(SPLITS, candidate.splits_ref).test
    result = run_backtest(held, store.get(BARS, candidate.bars_ref), part.start, part.stop)
    record = ComparisonRecord(
        version=champion.version,
        bundle_digest=champion.bundle_digest,
        champion=dict(result.metrics),
        candidate=store.get(BACKTEST, candidate.backtest_ref).metrics,
        regimes=match_regimes(model, held),
        ts=result.ts,
        equity=result.equity,
    )
    return store.put(COMPARISON, record)


def promote_version(runtime: RuntimeSpec, model_name: str, version: int, *, reason: str, actor: str) -> Entry:
    """Put a version that its verdict admits into Production because a person asks for it.

    Changes made by hand in MLflow count before: a champion archived there leaves Production empty.

    Args:
        runtime: where ledger and registry are.
        model_name: registered model.
        version: an approved version of it.
        reason: why, for the ledger.
        actor: who asks.

    Raises:
        RegistryError: as :func:`trading.registry.promotion.enter_production`.
    """
    from trading.registry.promotion import enter_production

    registry, ledger = _settled(runtime, model_name)
    return enter_production(registry, ledger, model_name, version, reason=reason, actor=actor)


def roll_back_model(runtime: RuntimeSpec, model_name: str, to_version: int | None, *, reason: str, actor: str) -> Entry:
    """Put an earlier Production version back because a person asks for it; changes made by hand in MLflow count before.

    Args:
        runtime: where ledger and registry are.
        model_name: registered model.
        to_version: a former Production version; None is the last one.
        reason: why, for the ledger.
        actor: who asks.

    Raises:
        RegistryError: as :func:`trading.registry.promotion.return_to_production`.
    """
    from trading.registry.promotion import return_to_production

    registry, ledger = _settled(runtime, model_name)
    return return_to_production(registry, ledger, model_name, to_version, reason=reason, actor=actor)


_STATUS: Mapping[str, Literal["promoted", "staged", "rejected"]] = {
    "production": "promoted",
    "staging": "staged",
    "rejected": "rejected",
}


def _settled(runtime: RuntimeSpec, model_name: str) -> tuple[MlflowRegistry, Ledger]:
    """Registry and ledger, agreeing on the model: what was left half done or changed by hand is settled.

    Raises:
        RegistryError: ``LEDGER_BROKEN`` if any row of the ledger was altered; nothing is read from it then.
    """
    from trading.registry.mirror import reconcile

    registry, ledger = registry_of(runtime), ledger_of(runtime)
    ledger.verify()
    reconcile(registry, ledger, model_name)
    return registry, ledger


def _champion(
    store: Store, registry: MlflowRegistry, current: Entry | None, snapshot: ChampionSnapshot
) -> Champion | None:
    """The champion of this moment: mostly the one the night began with."""
    if current is None:
        return None
    known = snapshot.champion
    if known is not None and (known.version, known.bundle_digest) == (current.version, current.bundle_digest):
        return known
    return _stored(store, registry, current)


def _stored(store: Store, registry: MlflowRegistry, entry: Entry) -> Champion:
    bundle = registry.bundle(entry.model_name, entry.version, expected_digest=entry.bundle_digest)
    return Champion(
        version=entry.version,
        bundle_digest=entry.bundle_digest,
        as_of_ms=bundle.lineage.as_of_ms,
        model_ref=store.put(MODEL, bundle.model),
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
