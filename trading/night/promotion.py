"""The meeting with the champion: who it is when a night begins, how it compares, and who is in Production after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.market.bars import Bars
from trading.night.artifacts import BARS, LIVE_RECORD, MODEL
from trading.night.challengers import next_challenge, recall_challengers, remember_challenger
from trading.night.hindsight import production_as_of
from trading.night.live_records import backtest_error, live_record_of, own_record_proves
from trading.night.meeting import decide_candidate
from trading.night.outcome import (
    ChallengerOutcome,
    Champion,
    ChampionSnapshot,
    NightOutcome,
    OtherCandidate,
    RegisteredCandidate,
)
from trading.night.reads import reads
from trading.night.services import ledger_of, registry_of
from trading.night.trials import collect_trials
from trading.night.workspace import Night
from trading.settings.models import RuntimeSpec, SevengatesSettings
from trading.store import Ref, Store

if TYPE_CHECKING:
    from trading.registry.adapter import MlflowRegistry
    from trading.registry.entries import Entry
    from trading.registry.ledger import Ledger
    from trading.registry.promotion import Preview

MOST_CONFLICTS = 5


@reads("key", "model_name", "as_of_ms", "gates")
def snapshot_champion(night: Night, bars_ref: Ref[Bars]) -> ChampionSnapshot:
    """The champion that a night begins with, its model in the store, and the candidates of earlier nights.

    A resumed night meets the same. Changes made by hand in MLflow count or go first. A version of a later moment than
    the night's is not seen, nor what was done with it: a night of the past begins with the champion that it would have
    begun with then, and what that champion traded later does not count.

    Args:
        night: which model, and as of when.
        bars_ref: of the night; a live record of other bars is none.

    Raises:
        RegistryError: if the bundle in Production is not what the ledger says.
    """
    plan, runtime = night.plan, night.runtime
    trials_ref = collect_trials(night)
    if not ledger_of(runtime).history(plan.model_name):
        return ChampionSnapshot(trials_ref=trials_ref)
    registry, ledger = _settled(runtime, plan.model_name)

    def moment_of(entry: Entry) -> int:
        return registry.bundle(entry.model_name, entry.version, entry.bundle_digest).lineage.as_of_ms

    entry = production_as_of(ledger.history(plan.model_name), plan.as_of_ms, moment_of)
    if entry is None:
        return ChampionSnapshot(trials_ref=trials_ref)
    champion = _stored(night.store, registry, entry)
    record = live_record_of(
        runtime,
        night.settings.gates,
        entry.bundle_digest,
        night.store.get(BARS, bars_ref),
        champion.backtest_se,
        until_ms=plan.as_of_ms,
    )
    return ChampionSnapshot(
        champion=champion,
        live_ref=None if record is None else night.store.put(LIVE_RECORD, record),
        trials_ref=trials_ref,
    )


def promote_candidate(
    night: Night, candidates: tuple[RegisteredCandidate, ...], snapshot: ChampionSnapshot
) -> NightOutcome:
    """Compare the best candidate with the champion of this moment on the same bars, decide, and write it to the ledger.

    Approved versions of earlier nights whose turn it is come first, see :mod:`trading.night.challengers`. If Production
    changes while this is decided, it is decided again against the new champion. A night that was killed after its
    promotion finds its own version in Production and finishes. Candidates of other engines are staged if they were
    approved, else rejected.

    Args:
        night: how much better a candidate has to be.
        candidates: what was judged and registered, one for each engine.
        snapshot: the champion that the night began with.

    Raises:
        RegistryError: ``PROMOTION_CONFLICT`` if Production keeps changing.
    """
    from trading.night.choosing import choose_candidate, decide_other
    from trading.registry.promotion import Basis, apply_decision

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
    conflicts, met = 0, list[ChallengerOutcome]()
    while True:
        epoch, history = ledger.epoch(plan.model_name), ledger.history(plan.model_name)
        champion = _champion_of_this_moment(store, registry, ledger, candidates[best], snapshot, plan.model_name)
        basis = Basis(epoch, candidate.bundle_digest, None if champion is None else champion.version)
        found = decide_candidate(night, candidates[best], champion, snapshot, history)
        challenge = next_challenge(night, registry, candidates[best], found, history, met=met)
        try:
            if challenge is None:
                entry = apply_decision(registry, ledger, plan.model_name, version, found.decision, basis=basis)
                break
            remember_challenger(night, challenge.outcome)
            own = basis._replace(bundle_digest=challenge.bundle_digest)
            apply_decision(registry, ledger, plan.model_name, challenge.outcome.version, challenge.decision, basis=own)
            met.append(challenge.outcome)
        except RegistryError as error:
            conflicts += 1
            if error.code is not ReasonCode.PROMOTION_CONFLICT or conflicts == MOST_CONFLICTS:
                raise
    decision = found.decision
    return NightOutcome(
        symbol=plan.symbol,
        interval=plan.interval,
        as_of_ms=plan.as_of_ms,
        status=_STATUS[decision.action],
        model_name=plan.model_name,
        version=version,
        candidate=candidate,
        comparison_ref=found.comparison_ref,
        code=decision.code,
        reason=decision.reason,
        paper_only=decision.paper_only,
        champion_version=champion.version if champion else None,
        champion_override=_override_of(ledger.history(plan.model_name), champion),
        others=tuple(others),
        challengers=recall_challengers(night),
        decision=decision,
        meeting=found.meeting,
        epoch=entry.epoch,
    )


def approve_candidate(night: Night, outcome: NightOutcome, *, approver: str, reason: str) -> NightOutcome:
    """Let the version that waits for a person's approval enter Production, as it was decided.

    Bundle, verdict and quarantine are verified once more: an approval never overrides a gate.

    Args:
        night: that ended with the version in Staging.
        outcome: how it ended.
        approver: who approves it.
        reason: why, for the ledger.

    Raises:
        RegistryError: ``PROMOTION_CONFLICT`` if Production changed since; or why the version may not enter.
    """
    from trading.registry.promotion import Basis, enter_production

    if not outcome.awaits_approval or outcome.decision is None:
        raise ValueError(f"{outcome.model_name} version {outcome.version} awaits no approval")
    registry, ledger = _settled(night.runtime, outcome.model_name)
    said = f"Approved by {approver}: {reason} {outcome.reason}"
    entry = enter_production(
        registry,
        ledger,
        outcome.model_name,
        outcome.version,
        reason=said,
        actor=approver,
        basis=Basis(outcome.epoch, outcome.candidate.bundle_digest),
        shadow_proven=outcome.decision.shadow_proven,
    )
    return outcome.model_copy(
        update={"status": "promoted", "code": ReasonCode.OK, "reason": said, "epoch": entry.epoch}
    )


def promote_version(settings: SevengatesSettings, model_name: str, version: int, *, reason: str, actor: str) -> Entry:
    """Put a version that its verdict admits into Production because a person asks for it.

    Changes made by hand in MLflow count before: a champion archived there leaves Production empty. A version that was
    traded as a study and whose own record proves a gain needs no record of the champion.

    Args:
        settings: where ledger, registry and journals are, and the source that a record has to be of.
        model_name: registered model.
        version: an approved version of it.
        reason: why, for the ledger.
        actor: who asks.

    Raises:
        RegistryError: as :func:`trading.registry.promotion.enter_production`.
        DataError: if the version has a record and the bars of its market breach the contract.
    """
    from trading.registry.promotion import enter_production

    registry, ledger = _settled(settings.runtime, model_name)
    proven = _own_record_proves(settings, registry, ledger, model_name, version)
    return enter_production(registry, ledger, model_name, version, reason=reason, actor=actor, shadow_proven=proven)


def preview_version(settings: SevengatesSettings, model_name: str, version: int) -> Preview:
    """What :func:`promote_version` would do; nothing is changed, a stage set by hand in MLflow stays a request.

    Args:
        settings: where ledger, registry and journals are, and the source that a record has to be of.
        model_name: registered model.
        version: of it.

    Raises:
        RegistryError: ``LEDGER_BROKEN`` if any row of the ledger was altered.
    """
    from trading.registry.promotion import preview_promotion

    registry, ledger = registry_of(settings.runtime), ledger_of(settings.runtime)
    ledger.verify()
    proven = _own_record_proves(settings, registry, ledger, model_name, version)
    return preview_promotion(registry, ledger, model_name, version, shadow_proven=proven)


def override_version(
    runtime: RuntimeSpec, model_name: str, version: int, *, operator: str, reason: str, despite_gates: bool
) -> Entry:
    """Put a version into Production against the rules, because a named person says why; it trades on paper only.

    Args:
        runtime: where ledger and registry are.
        model_name: registered model.
        version: of it.
        operator: who decides it.
        reason: why, for the ledger.
        despite_gates: whether a version that its gates refuse is meant.

    Raises:
        RegistryError: as :func:`trading.registry.override.override_production`.
    """
    from trading.registry.override import override_production

    registry, ledger = _settled(runtime, model_name)
    return override_production(
        registry, ledger, model_name, version, operator=operator, reason=reason, despite_gates=despite_gates
    )


def release_quarantined(runtime: RuntimeSpec, model_name: str, version: int, *, reason: str, actor: str) -> Entry:
    """Let a version that left Production for cause enter again, because a person says so.

    Args:
        runtime: where ledger and registry are.
        model_name: registered model.
        version: in quarantine.
        reason: why; it must be given.
        actor: who asks.

    Raises:
        RegistryError: as :func:`trading.registry.promotion.release_version`.
    """
    from trading.registry.promotion import release_version

    registry, ledger = _settled(runtime, model_name)
    return release_version(registry, ledger, model_name, version, reason=reason, actor=actor)


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


def _own_record_proves(
    settings: SevengatesSettings, registry: MlflowRegistry, ledger: Ledger, model_name: str, version: int
) -> bool:
    """Whether a version that wants the place of another was traded as a study that proves a gain."""
    from trading.registry.entries import recorded_digest

    current, digest = ledger.current(model_name), recorded_digest(ledger.history(model_name), version)
    if current is None or current.version == version or digest is None:
        return False
    return own_record_proves(settings, registry.bundle(model_name, version, digest))


def _champion_of_this_moment(
    store: Store,
    registry: MlflowRegistry,
    ledger: Ledger,
    own: RegisteredCandidate,
    snapshot: ChampionSnapshot,
    model_name: str,
) -> Champion | None:
    """The champion that the candidate meets: mostly the one the night began with.

    A night that was killed after its promotion finds its own version in Production, and met the one before.
    """
    current, known = ledger.current(model_name), snapshot.champion
    if current is None:
        return None
    if (current.version, current.bundle_digest) == (own.version, own.candidate.bundle_digest):
        return known
    if known is not None and (known.version, known.bundle_digest) == (current.version, current.bundle_digest):
        return known
    return _stored(store, registry, current)


def _override_of(history: Sequence[Entry], champion: Champion | None) -> str:
    """Against what, by whom and why an override put the champion there; empty if none did."""
    from trading.registry.entries import describe_override, overrides

    found = None if champion is None else overrides(history).get(champion.version)
    return "" if found is None else describe_override(found)


def _stored(store: Store, registry: MlflowRegistry, entry: Entry) -> Champion:
    from trading.registry.approval import verdict_of

    bundle = registry.bundle(entry.model_name, entry.version, expected_digest=entry.bundle_digest)
    return Champion(
        version=entry.version,
        bundle_digest=entry.bundle_digest,
        as_of_ms=bundle.lineage.as_of_ms,
        model_ref=store.put(MODEL, bundle.model),
        tag=bundle.model.spec.engine.tag,
        backtest_se=backtest_error(bundle.evidence),
        thresholds=verdict_of(bundle).thresholds,
    )
