"""Who enters Production: a pure rule over verdict and comparison, and the transitions that carry it out.

Every transition is written to the ledger first, by compare-and-swap, and mirrored to MLflow second. A process killed in
between leaves a true ledger and an old mirror, which :func:`trading.registry.mirror.reconcile` repairs.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from pydantic import Field

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.gates.verdict import Verdict
from trading.registry.approval import require_admission
from trading.registry.entries import ENTRY_ACTIONS, Entry, Transition, previous_production, recorded_digest
from trading.registry.ledger import Ledger
from trading.registry.mirror import Registry, mirror
from trading.values import Frozen

Destination = Literal["production", "staging", "rejected"]


class PromotionDecision(Frozen):
    """Where a candidate goes and why.

    Attributes:
        action: Production, Staging, or registered as rejected.
        code: stable reason; OK when it enters Production.
        reason: one sentence for people.
        paper_only: whether it may trade on paper only, there being no live record yet.
        numbers: what was compared, Sharpe ratios on the same bars; a number that is missing or not finite is left out.
    """

    action: Destination
    code: ReasonCode
    reason: str
    paper_only: bool
    numbers: dict[str, float] = Field(default_factory=dict)


class Basis(NamedTuple):
    """What a decision rests on, which must still hold when it is carried out.

    Attributes:
        epoch: of the ledger when the decision was taken.
        bundle_digest: of the bundle that was judged; None is the one that the ledger recorded for the version.
    """

    epoch: int
    bundle_digest: str | None = None


def decide_promotion(
    verdict: Verdict,
    *,
    candidate_sharpe: float | None,
    champion_version: int | None,
    champion_sharpe: float | None,
    min_improvement: float,
) -> PromotionDecision:
    """Compare a judged candidate with the champion on the same bars.

    Args:
        verdict: of the candidate's seven gates.
        candidate_sharpe: annualised, after costs.
        champion_version: the version in Production, or None if there is none.
        champion_sharpe: the champion's on the candidate's test bars.
        min_improvement: how much more Sharpe the candidate must have.
    """
    measured = {"candidate_sharpe": candidate_sharpe, "champion_sharpe": champion_sharpe, "required": min_improvement}
    numbers = {name: value for name, value in measured.items() if value is not None and math.isfinite(value)}
    admission = verdict.may_enter_production(production_exists=champion_version is not None)

    def decided(action: Destination, code: ReasonCode, reason: str) -> PromotionDecision:
        return PromotionDecision(
            action=action, code=code, reason=reason, paper_only=verdict.paper_only, numbers=numbers
        )

    if not verdict.approved:
        return decided("rejected", admission.code, _sentence(admission.message))
    if not admission.passed:
        return decided("staging", admission.code, _sentence(admission.message))
    if "candidate_sharpe" not in numbers:
        return decided(
            "staging", ReasonCode.EVIDENCE_NOT_FINITE, "The candidate's Sharpe ratio is missing or not finite."
        )
    if champion_version is None:
        where = "on paper only, as there is no live record yet" if verdict.paper_only else "as nothing is there"
        return decided("production", ReasonCode.OK, f"Approved; enters Production {where}.")
    # The ninth digit of a Sharpe ratio means nothing, and binary fractions must not decide at the limit.
    improvement = round(numbers["candidate_sharpe"] - numbers.get("champion_sharpe", math.nan), 9)
    if not (math.isfinite(improvement) and math.isfinite(min_improvement)):
        unknown = f"The Sharpe ratio of champion {champion_version} on these bars is missing or not finite."
        return decided("staging", ReasonCode.EVIDENCE_NOT_FINITE, unknown)
    numbers["improvement"] = improvement
    compared = (
        f"Sharpe {numbers['candidate_sharpe']:.3f} against {numbers['champion_sharpe']:.3f} of champion "
        f"{champion_version} on the same bars: {improvement:+.3f}, at least {min_improvement:+.3f} is needed."
    )
    if improvement >= min_improvement:
        return decided("production", ReasonCode.OK, compared)
    return decided("staging", ReasonCode.PROMOTION_NOT_BETTER, compared)


def apply_decision(
    registry: Registry,
    ledger: Ledger,
    model_name: str,
    version: int,
    decision: PromotionDecision,
    *,
    basis: Basis,
    actor: str = "nightly",
) -> Entry:
    """Carry out a decision.

    Args:
        registry: where the versions are.
        ledger: where the transition is recorded first.
        model_name: registered model.
        version: the candidate's.
        decision: where it goes.
        basis: what the decision was taken on.
        actor: who decided.

    Raises:
        RegistryError: ``PROMOTION_CONFLICT`` if Production changed since; compare again and decide again.
    """
    if decision.action == "production":
        return enter_production(registry, ledger, model_name, version, reason=decision.reason, actor=actor, basis=basis)
    recorded = recorded_digest(ledger.history(model_name), version)
    bundle = registry.bundle(model_name, version, basis.bundle_digest or recorded)
    transition = Transition(
        model_name=model_name,
        version=version,
        bundle_digest=bundle.digest,
        action="stage" if decision.action == "staging" else "reject",
        reason=decision.reason,
        actor=actor,
    )
    return _record(registry, ledger, transition, None)


def enter_production(
    registry: Registry,
    ledger: Ledger,
    model_name: str,
    version: int,
    *,
    reason: str,
    actor: str,
    basis: Basis | None = None,
) -> Entry:
    """Put a version into Production, after verifying its bundle and that its verdict admits it.

    Args:
        registry: where the versions are.
        ledger: where the transition is recorded first.
        model_name: registered model.
        version: the version to promote.
        reason: why, for people.
        actor: who asks.
        basis: what was decided on; None is the present, as for an operator's command.

    Raises:
        RegistryError: ``MODEL_NOT_APPROVED``, ``LIVE_RECORD_MISSING``, ``PROMOTION_CONFLICT``, or what is wrong with
            the bundle.
    """
    basis = basis or Basis(ledger.epoch(model_name))
    # What came after that epoch is for the ledger's comparison to refuse, so that the caller decides again.
    history = [entry for entry in ledger.history(model_name) if entry.epoch <= basis.epoch]
    bundle = registry.bundle(model_name, version, basis.bundle_digest or recorded_digest(history, version))
    require_admission(bundle, model_name, version, history)
    transition = Transition(
        model_name=model_name,
        version=version,
        bundle_digest=bundle.digest,
        action="promote",
        reason=reason,
        actor=actor,
    )
    return _record(registry, ledger, transition, basis.epoch)


def return_to_production(
    registry: Registry,
    ledger: Ledger,
    model_name: str,
    to_version: int | None = None,
    *,
    reason: str = "",
    actor: str = "operator",
) -> Entry:
    """Put the Production version before the current one back, or a named one that was in Production before.

    A second return goes one further back, never forward to what was rolled back.

    Args:
        registry: where the versions are.
        ledger: where the transition is recorded first.
        model_name: registered model.
        to_version: a version that was in Production before; None is the last one.
        reason: why, for people.
        actor: who asks.

    Raises:
        RegistryError: ``MODEL_UNKNOWN`` if there is nothing to return to, or what is wrong with the old bundle; the
            current version stays then.
    """
    epoch, history = ledger.epoch(model_name), ledger.history(model_name)
    former = {entry.version: entry for entry in history if entry.action in ENTRY_ACTIONS}
    target = previous_production(history) if to_version is None else former.get(to_version)
    if target is None:
        raise RegistryError(
            ReasonCode.MODEL_UNKNOWN,
            f"{model_name} has no earlier Production version{'' if to_version is None else f' {to_version}'}; "
            f"versions that were in Production: {', '.join(map(str, sorted(former))) or 'none'}.",
            remedy="Name one of those, or promote an approved version.",
            model_name=model_name,
        )
    bundle = registry.bundle(model_name, target.version, expected_digest=target.bundle_digest)
    require_admission(bundle, model_name, target.version, history)
    transition = Transition(
        model_name=model_name,
        version=target.version,
        bundle_digest=bundle.digest,
        action="rollback",
        reason=reason or f"rolled back to version {target.version}",
        actor=actor,
    )
    return _record(registry, ledger, transition, epoch)


def _record(registry: Registry, ledger: Ledger, transition: Transition, expected_epoch: int | None) -> Entry:
    entry = ledger.append(transition, expected_epoch=expected_epoch)
    mirror(registry, ledger, transition.model_name)
    return entry


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
