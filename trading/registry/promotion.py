"""Who enters Production: a pure rule over verdict and comparison, and the transitions that carry it out.

Every transition is written to the ledger first, by compare-and-swap, and mirrored to MLflow second. A process killed in
between leaves a true ledger and an old mirror, which :func:`trading.registry.mirror.reconcile` repairs.
"""

from __future__ import annotations

import math
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.model.bundle import Bundle
from trading.registry.approval import require_admission
from trading.registry.ledger import (
    ENTRY_ACTIONS,
    Action,
    Entry,
    Ledger,
    Transition,
    previous_production,
    recorded_bundle,
)
from trading.registry.mirror import Registry, mirror
from trading.results import CheckResult


class Judged(Protocol):
    """What the rule needs of a verdict; :class:`trading.gates.verdict.Verdict` is one."""

    @property
    def approved(self) -> bool: ...
    @property
    def paper_only(self) -> bool: ...
    def may_enter_production(self, *, production_exists: bool) -> CheckResult: ...


class PromotionDecision(BaseModel):
    """Where a candidate goes and why.

    Attributes:
        action: Production, Staging, or registered as rejected.
        code: stable reason; OK when it enters Production.
        reason: one sentence for people.
        paper_only: whether it may trade on paper only, there being no live record yet.
        numbers: what was compared, Sharpe ratios on the same bars; a number that is missing or not finite is left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal["production", "staging", "rejected"]
    code: ReasonCode
    reason: str
    paper_only: bool
    numbers: dict[str, float] = Field(default_factory=dict)


def decide_promotion(
    verdict: Judged,
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
    door = verdict.may_enter_production(production_exists=champion_version is not None)

    def decided(
        action: Literal["production", "staging", "rejected"], code: ReasonCode, reason: str
    ) -> PromotionDecision:
        return PromotionDecision(
            action=action, code=code, reason=reason, paper_only=verdict.paper_only, numbers=numbers
        )

    if not verdict.approved:
        return decided("rejected", door.code, _sentence(door.message))
    if not door.passed:
        return decided("staging", door.code, _sentence(door.message))
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
    model: str,
    version: int,
    decision: PromotionDecision,
    *,
    expected_epoch: int,
    expected_digest: str | None = None,
    actor: str = "nightly",
) -> Entry:
    """Carry out a decision that was taken on a bundle when the ledger stood at ``expected_epoch``.

    Raises:
        RegistryError: ``PROMOTION_CONFLICT`` if Production changed since; compare again and decide again.
    """
    if decision.action == "production":
        return promote(
            registry,
            ledger,
            model,
            version,
            reason=decision.reason,
            actor=actor,
            expected_epoch=expected_epoch,
            expected_digest=expected_digest,
        )
    action: Action = "stage" if decision.action == "staging" else "reject"
    bundle = registry.bundle(model, version, expected_digest or recorded_bundle(ledger.history(model), version))
    return _record(registry, ledger, model, version, bundle, action, decision.reason, actor, None)


def promote(
    registry: Registry,
    ledger: Ledger,
    model: str,
    version: int,
    *,
    reason: str,
    actor: str,
    expected_epoch: int | None = None,
    expected_digest: str | None = None,
) -> Entry:
    """Put a version into Production, after verifying its bundle and that its verdict admits it.

    Args:
        registry: where the versions are.
        ledger: where the transition is recorded first.
        model: registered model name.
        version: the version to promote.
        reason: why, for people.
        actor: who asks.
        expected_epoch: the ledger's epoch when the decision was taken; None means now, as for an operator's command.
        expected_digest: of the bundle that was judged; None is the one that the ledger recorded for the version.

    Raises:
        RegistryError: ``MODEL_NOT_APPROVED``, ``LIVE_RECORD_MISSING``, ``PROMOTION_CONFLICT``, or what is wrong with
            the bundle.
    """
    epoch = ledger.epoch(model) if expected_epoch is None else expected_epoch
    # What came after that epoch is for the ledger's comparison to refuse, so that the caller decides again.
    history = [entry for entry in ledger.history(model) if entry.epoch <= epoch]
    bundle = registry.bundle(model, version, expected_digest or recorded_bundle(history, version))
    require_admission(bundle, model, version, history)
    return _record(registry, ledger, model, version, bundle, "promote", reason, actor, epoch)


def rollback(
    registry: Registry,
    ledger: Ledger,
    model: str,
    to_version: int | None = None,
    *,
    reason: str = "",
    actor: str = "operator",
) -> Entry:
    """Put the Production version before the current one back, or a named one that was in Production before.

    A second rollback goes one further back, never forward to what was rolled back.

    Raises:
        RegistryError: ``MODEL_UNKNOWN`` if there is nothing to return to, or what is wrong with the old bundle; the
            current version stays then.
    """
    epoch, history = ledger.epoch(model), ledger.history(model)
    reigns = {entry.version: entry for entry in history if entry.action in ENTRY_ACTIONS}
    target = previous_production(history) if to_version is None else reigns.get(to_version)
    if target is None:
        raise RegistryError(
            ReasonCode.MODEL_UNKNOWN,
            f"{model} has no earlier Production version{'' if to_version is None else f' {to_version}'}; "
            f"versions that were in Production: {', '.join(map(str, sorted(reigns))) or 'none'}.",
            remedy="Name one of those, or promote an approved version.",
            model=model,
        )
    bundle = registry.bundle(model, target.version, expected_digest=target.bundle)
    require_admission(bundle, model, target.version, history)
    why = reason or f"rolled back to version {target.version}"
    return _record(registry, ledger, model, target.version, bundle, "rollback", why, actor, epoch)


def _record(
    registry: Registry,
    ledger: Ledger,
    model: str,
    version: int,
    bundle: Bundle,
    action: Action,
    reason: str,
    actor: str,
    expected_epoch: int | None,
) -> Entry:
    transition = Transition(
        model=model, version=version, bundle=bundle.digest, action=action, reason=reason, actor=actor
    )
    entry = ledger.append(transition, expected_epoch=expected_epoch)
    mirror(registry, ledger, model)
    return entry


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
