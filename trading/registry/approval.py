"""Whether a bundle's own verdict lets it into Production: one rule for nights, operators and stages set by hand.

A version that enters for the first time is asked by the gates of today. One that was in Production before may return
whatever gates there are today: its verdict only has to be one that its own gates give.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trading.canonical import digest_of
from trading.checks.evidence import read_evidence
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.gates.gate import GateResult
from trading.gates.table import GATES
from trading.gates.verdict import Verdict, judge, read_verdict
from trading.model.bundle import Bundle
from trading.registry.entries import ADMITTING_ACTIONS, Entry, quarantined, stages


def verdict_of(bundle: Bundle) -> Verdict:
    """The verdict a bundle carries, of this or an earlier release, checked to agree with its own gates.

    Args:
        bundle: a verified bundle, with the verdict.

    Raises:
        RegistryError: with code ``BUNDLE_INVALID`` if it does not.
    """
    try:
        return read_verdict(bundle.gates)
    except ValueError as error:
        raise RegistryError(
            ReasonCode.BUNDLE_INVALID,
            f"{bundle.folder}: the verdict is not one that its own gates give: {' '.join(str(error).split())}.",
            remedy="Train the model again; a verdict is never edited.",
        ) from error


def judge_again(bundle: Bundle) -> Verdict:
    """Ask the gates of today over a bundle's own evidence and thresholds.

    Only what decides is compared. A later release may word a reason or a remedy in another way.

    Args:
        bundle: a verified bundle, with evidence and verdict.

    Returns:
        The verdict that the bundle carries.

    Raises:
        RegistryError: ``BUNDLE_INVALID`` if the evidence is not the one that was judged, or the gates do not answer as
            the bundle says; ``VERDICT_OUTDATED`` if there are other gates today, or they ask for more.
    """
    stored = verdict_of(bundle)
    found = digest_of(bundle.evidence)
    if found != stored.evidence_digest:
        raise _not_its_own(
            bundle, f"its verdict is of evidence {stored.evidence_digest[:12]}, and its evidence is {found[:12]}"
        )
    changes = changed_questions(stored)
    if changes:
        raise _outdated(bundle, changes)
    try:
        again = judge(read_evidence(bundle.evidence), stored.thresholds)
    except ValueError as error:
        raise _not_its_own(bundle, f"its evidence cannot be read: {' '.join(str(error).split())}") from error
    if again.symbol != stored.symbol:
        raise _not_its_own(bundle, f"its verdict is of {stored.symbol}, and its evidence of {again.symbol}")
    changes = _rules_added(stored, again)
    if changes:
        raise _outdated(bundle, changes)
    answers = {gate.name: _answer(gate) for gate in again.gates}
    differing = [gate.name for gate in stored.gates if _answer(gate) != answers[gate.name]]
    if differing:
        raise _not_its_own(
            bundle,
            f"it says {stored.decision}, the gates say {again.decision} to its evidence, "
            f"differing in {', '.join(differing)}",
        )
    return stored


def changed_questions(verdict: Verdict) -> list[str]:
    """How the gates of today differ from those that a verdict names, one sentence for each gate; empty if they do not.

    Args:
        verdict: of this or an earlier release.
    """
    asked = {gate.name: gate for gate in verdict.gates}
    found = [f"gate {name} was added" for name in GATES if name not in asked]
    found += [f"gate {name} is not asked any more" for name in asked if name not in GATES]
    for name, gate in GATES.items():
        if name in asked:
            found += _changed(name, "threshold", list(asked[name].thresholds), gate.thresholds)
            found += _changed(name, "check", asked[name].checks, gate.checks)
    return found


def require_admission(
    bundle: Bundle, model_name: str, version: int, history: Sequence[Entry], *, shadow_proven: bool = False
) -> None:
    """Refuse a version that its verdict keeps out of Production, whoever asks for it.

    A version in quarantine is refused until it is released. An approving verdict is needed always. While another
    version is in Production it is not enough without a live record that proves a gain, the champion's or the version's
    own, except for a version that was in Production before: that is a return, not an entry.

    Args:
        bundle: of the version, with the verdict.
        model_name: registered model.
        version: the version that shall enter Production.
        history: the ledger's entries of the model at the epoch that the transition is to follow.
        shadow_proven: whether the version's own record, traded as a study, proves a gain.

    Raises:
        RegistryError: ``VERSION_QUARANTINED``, ``MODEL_NOT_APPROVED``, the code of the missing or unproven live record,
            or for a first entry as :func:`judge_again`.
    """
    _require_released(model_name, version, history)
    returns = _returns(bundle, version, history)
    occupied = "Production" in stages(history).values()
    verdict = verdict_of(bundle) if returns else judge_again(bundle)
    admission = verdict.may_enter_production(production_exists=occupied and not (returns or shadow_proven))
    if not admission.passed:
        raise RegistryError(
            admission.code,
            f"{model_name} version {version} cannot enter Production: {admission.message}.",
            remedy=f"See why with `sevengates gates {version}`. {admission.remedy}".rstrip(),
            model=model_name,
            version=version,
        )


def require_overridable(
    bundle: Bundle, model_name: str, version: int, history: Sequence[Entry], *, despite_gates: bool
) -> Verdict:
    """Refuse a version that not even an operator's override puts into Production; return its verdict.

    An override goes against the rule for replacing. A verdict that does not approve the version holds all the same,
    unless the operator says that it is meant. Quarantine holds, and so does all that makes a verdict the bundle's own.

    Args:
        bundle: of the version, with the verdict.
        model_name: registered model.
        version: the version that shall enter Production.
        history: the ledger's entries of the model at the epoch that the transition is to follow.
        despite_gates: whether the operator means a version that its gates refuse.

    Raises:
        RegistryError: ``VERSION_QUARANTINED``, ``MODEL_NOT_APPROVED``, or as :func:`judge_again`.
    """
    _require_released(model_name, version, history)
    verdict = verdict_of(bundle) if _returns(bundle, version, history) else judge_again(bundle)
    if not verdict.approved and not despite_gates:
        raise RegistryError(
            ReasonCode.MODEL_NOT_APPROVED,
            f"{model_name} version {version} has the verdict {verdict.decision}, and an override leaves the gates as "
            "they are.",
            remedy=f"See why with `sevengates gates {version}`. If you mean it, add --despite-gates; the version "
            "trades on paper only.",
            model=model_name,
            version=version,
        )
    return verdict


def _require_released(model_name: str, version: int, history: Sequence[Entry]) -> None:
    held = quarantined(history).get(version)
    if held is not None:
        raise RegistryError(
            ReasonCode.VERSION_QUARANTINED,
            f"{model_name} version {version} is in quarantine since {held.at} by {held.action}: {held.reason}.",
            remedy=f"If you know better, release it first: sevengates models release {version} --reason '...'.",
            model=model_name,
            version=version,
        )


def _returns(bundle: Bundle, version: int, history: Sequence[Entry]) -> bool:
    """Whether the version was admitted to Production before; rules that changed since must not bar the way back.

    An override admits nothing.
    """
    same = (version, bundle.digest)
    return any((entry.version, entry.bundle_digest) == same and entry.action in ADMITTING_ACTIONS for entry in history)


def _changed(gate: str, noun: str, before: Sequence[str], today: Sequence[str]) -> list[str]:
    new, gone = [name for name in today if name not in before], [name for name in before if name not in today]
    found = [f"gate {gate} asks for the {noun} {name} now" for name in new]
    return found + [f"gate {gate} does not ask for the {noun} {name} any more" for name in gone]


def _answer(gate: GateResult) -> Any:
    """What a gate decided and on which numbers, as JSON, without the words for people."""
    rules = [
        {name: rule[name] for name in ("name", "passed", "severity", "observed", "threshold", "code")}
        for rule in gate.as_json()["rules"]
    ]
    return gate.passed, gate.conditional, gate.code, rules


def _rules_added(stored: Verdict, again: Verdict) -> list[str]:
    """What gates of the same name and thresholds ask today that they did not ask then, one sentence for each gate."""
    found: list[str] = []
    for before, today in zip(stored.gates, again.gates, strict=True):
        known = {item.name for item in before.rules}
        new = [item.name for item in today.rules if item.name not in known]
        found += [f"gate {before.name} asks for {', '.join(new)} now"] if new else []
    return found


def _outdated(bundle: Bundle, changes: Sequence[str]) -> RegistryError:
    return RegistryError(
        ReasonCode.VERDICT_OUTDATED,
        f"bundle {bundle.digest[:12]} was judged by other gates than those of today: {'; '.join(changes)}.",
        remedy="Train the model again, so that the gates of today judge it. A version that was in Production "
        "before may return by `sevengates models rollback`.",
    )


def _not_its_own(bundle: Bundle, what: str) -> RegistryError:
    return RegistryError(
        ReasonCode.BUNDLE_INVALID,
        f"bundle {bundle.digest[:12]}: {what}.",
        remedy="Train the model again: this verdict is of other evidence, or of the rules of another release.",
    )
