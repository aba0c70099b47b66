"""Who enters Production: a pure rule over verdict and meeting, and the transitions that carry it out.

Every transition is written to the ledger first, by compare-and-swap, and mirrored to MLflow second. A process killed in
between leaves a true ledger and an old mirror, which :func:`trading.registry.mirror.reconcile` repairs.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, Protocol

from pydantic import Field

from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.gates.live_consistency import LiveAnswer
from trading.gates.verdict import Verdict
from trading.registry.approval import require_admission
from trading.registry.contest import Meeting, PromotionRule, improvement_of, meeting_numbers
from trading.registry.entries import (
    ENTRY_ACTIONS,
    Action,
    Entry,
    Transition,
    previous_production,
    quarantined,
    recorded_digest,
)
from trading.registry.ledger import Ledger
from trading.registry.mirror import Registry, mirror
from trading.values import Frozen

Destination = Literal["production", "staging", "rejected"]
ChampionFate = Literal["stays", "demote", "retire"]


class PromotionDecision(Frozen):
    """Where a candidate goes and why, and whether the champion has to leave.

    Attributes:
        action: Production, Staging, or registered as rejected.
        code: stable reason; OK when it enters Production.
        reason: one sentence for people.
        paper_only: whether it may trade on paper only, there being no live record that proves a gain.
        numbers: what was compared, on the same bars; a number that is missing or not finite is left out.
        contested: whether it met the champion at its significance test, which spends error, and did not enter.
        champion: whether the champion stays, is demoted for its live record, or retired for what it does now.
        champion_reason: why it leaves, as a sentence; empty if it stays.
        shadow_proven: whether the candidate's own record is what admits it.
    """

    action: Destination
    code: ReasonCode
    reason: str
    paper_only: bool
    numbers: dict[str, float] = Field(default_factory=dict)
    contested: bool = False
    champion: ChampionFate = "stays"
    champion_reason: str = ""
    shadow_proven: bool = False


class Basis(NamedTuple):
    """What a decision rests on, which must still hold when it is carried out.

    Attributes:
        epoch: of the ledger when the decision was taken.
        bundle_digest: of the bundle that was judged; None is the one that the ledger recorded for the version.
        champion_version: in Production when the decision was taken; None if nothing was.
    """

    epoch: int
    bundle_digest: str | None = None
    champion_version: int | None = None


def decide_promotion(
    verdict: Verdict,
    *,
    candidate_sharpe: float | None,
    meeting: Meeting | None,
    rule: PromotionRule,
    held: str = "",
) -> PromotionDecision:
    """Decide by a verdict and the meeting with the champion.

    A champion whose live record fails is demoted, one that fails its own gates on the newest bars or has provably
    decayed is retired, whatever the candidate is; then an approved candidate enters as into an empty Production, after
    a retirement if it is not provably worse. A champion that stays is replaced by a candidate that is better by the
    minimum, significantly so at the error that this contest may spend, with a return beyond the market's, and only if
    a live record proves a gain: the champion's, or the candidate's own.

    Args:
        verdict: of the candidate's seven gates.
        candidate_sharpe: annualised, after costs, on the test split.
        meeting: of candidate and champion; None if nothing is in Production.
        rule: when a candidate replaces a champion.
        held: why the version is in quarantine; empty if it is not.
    """
    numbers = {} if meeting is None else meeting_numbers(meeting, rule)
    measured = {"candidate_sharpe": candidate_sharpe, "required": rule.min_improvement}
    numbers |= {name: value for name, value in measured.items() if value is not None and math.isfinite(value)}
    shadow = meeting is not None and meeting.shadow is LiveAnswer.PROVEN
    fate: ChampionFate = "stays"
    if meeting is not None and meeting.out:
        fate = "demote" if meeting.live is LiveAnswer.FAIL else "retire"

    def decided(action: Destination, code: ReasonCode, reason: str, *, contested: bool = False) -> PromotionDecision:
        return PromotionDecision(
            action=action,
            code=code,
            reason=reason,
            paper_only=verdict.paper_only and not shadow,
            numbers=numbers,
            contested=contested,
            champion=fate,
            champion_reason="" if meeting is None or fate == "stays" else _sentence(meeting.out),
            shadow_proven=shadow and verdict.paper_only,
        )

    if not verdict.approved:
        refused = verdict.may_enter_production(production_exists=meeting is not None)
        return decided("rejected", refused.code, _sentence(refused.message))
    if held:
        return decided("staging", ReasonCode.VERSION_QUARANTINED, f"Approved, but in quarantine: {held}.")
    if "candidate_sharpe" not in numbers:
        return decided(
            "staging", ReasonCode.EVIDENCE_NOT_FINITE, "The candidate's Sharpe ratio is missing or not finite."
        )
    where = "on paper only, as no live record proves a gain yet" if verdict.paper_only else "as nothing is there"
    if meeting is None or fate == "demote":
        after = "" if meeting is None else f" after champion {meeting.champion.version} was demoted"
        return decided("production", ReasonCode.OK, f"Approved; enters Production{after} {where}.")
    if fate == "retire":
        if meeting.low is not None and meeting.low > -rule.max_deficit:
            after = f"after champion {meeting.champion.version} was retired"
            return decided("production", ReasonCode.OK, f"Approved; enters Production {after} {where}.")
        worse = (
            f"Champion {meeting.champion.version} is retired, but the candidate may be worse by "
            f"{_shown(meeting.low)}, and at most {-rule.max_deficit:+.3f} is allowed."
        )
        return decided("staging", ReasonCode.PROMOTION_WORSE, worse)
    return _contest(verdict, meeting, rule, numbers, decided)


def await_approval(decision: PromotionDecision) -> PromotionDecision:
    """A decision as it is until a person approves it: what may enter waits in Staging, all else stays as decided.

    A contest that was won has spent its error, so it counts as one until then.

    Args:
        decision: of :func:`decide_promotion`.
    """
    if decision.action != "production":
        return decision
    return decision.model_copy(
        update={
            "action": "staging",
            "code": ReasonCode.PROMOTION_AWAITS_APPROVAL,
            "reason": f"May enter Production once a person approves it. {decision.reason}",
            "contested": "p" in decision.numbers and decision.champion == "stays",
        }
    )


class _Decided(Protocol):
    """Makes a decision of where a candidate goes and why."""

    def __call__(
        self, action: Destination, code: ReasonCode, reason: str, *, contested: bool = False
    ) -> PromotionDecision: ...


def _contest(
    verdict: Verdict, meeting: Meeting, rule: PromotionRule, numbers: dict[str, float], decided: _Decided
) -> PromotionDecision:
    """Whether an approved candidate replaces a champion that may stay."""
    admission = verdict.may_enter_production(production_exists=True)
    own = meeting.shadow is LiveAnswer.PROVEN
    if not own and not (admission.passed and meeting.live is LiveAnswer.PROVEN):
        code = ReasonCode.LIVE_UNPROVEN if admission.passed else admission.code
        text = "the live record is no longer that of the champion" if admission.passed else admission.message
        return decided("staging", code, _sentence(text))
    champion = meeting.champion.version
    improvement, p = improvement_of(meeting), meeting.p
    if not (math.isfinite(improvement) and math.isfinite(rule.min_improvement)):
        unknown = f"The Sharpe ratio of champion {champion} on these bars is missing or not finite."
        return decided("staging", ReasonCode.EVIDENCE_NOT_FINITE, unknown)
    alpha, shown = numbers["alpha_spent"], "" if p is None else f", p {p:.2g}"
    compared = (
        f"Sharpe {meeting.candidate.sharpe:.3f} against {meeting.champion.sharpe:.3f} of champion {champion} on the "
        f"same bars: {improvement:+.3f} +- {_shown(meeting.se)}{shown}. Contest {meeting.contest} needs at least "
        f"{rule.min_improvement:+.3f} and p of at most {alpha:.2g}, which {_shown(numbers.get('needed'))} would reach"
    )
    if not improvement >= rule.min_improvement:
        return decided("staging", ReasonCode.PROMOTION_NOT_BETTER, f"{compared}.", contested=True)
    if p is None or not 0.0 <= p <= alpha:
        return decided("staging", ReasonCode.PROMOTION_NOT_SIGNIFICANT, f"{compared}.", contested=True)
    alpha_t = meeting.alpha_t
    if alpha_t is None or not rule.min_alpha_t <= alpha_t < math.inf:
        needs = f"its return beyond the market's has t {_shown(alpha_t)}, and {rule.min_alpha_t:g} is needed"
        return decided("staging", ReasonCode.PROMOTION_NO_ALPHA, f"{compared}; {needs}.", contested=True)
    return decided("production", ReasonCode.OK, f"{compared}.")


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
    if decision.champion != "stays":
        basis = _remove_champion(registry, ledger, model_name, decision, basis, actor)
    if decision.action == "production":
        return enter_production(
            registry,
            ledger,
            model_name,
            version,
            reason=decision.reason,
            actor=actor,
            basis=basis,
            shadow_proven=decision.shadow_proven,
        )
    recorded = recorded_digest(ledger.history(model_name), version)
    bundle = registry.bundle(model_name, version, basis.bundle_digest or recorded)
    transition = Transition(
        model_name=model_name,
        version=version,
        bundle_digest=bundle.digest,
        action=_action(decision),
        reason=decision.reason,
        actor=actor,
    )
    return record_transition(registry, ledger, transition, None)


def enter_production(
    registry: Registry,
    ledger: Ledger,
    model_name: str,
    version: int,
    *,
    reason: str,
    actor: str,
    basis: Basis | None = None,
    shadow_proven: bool = False,
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
        shadow_proven: whether the version's own record, traded as a study, proves a gain.

    Raises:
        RegistryError: ``VERSION_QUARANTINED``, ``MODEL_NOT_APPROVED``, ``LIVE_RECORD_MISSING``, ``LIVE_UNPROVEN``,
            ``PROMOTION_CONFLICT``, or what is wrong with the bundle.
    """
    basis = basis or Basis(ledger.epoch(model_name))
    # What came after that epoch is for the ledger's comparison to refuse, so that the caller decides again.
    history = [entry for entry in ledger.history(model_name) if entry.epoch <= basis.epoch]
    bundle = registry.bundle(model_name, version, basis.bundle_digest or recorded_digest(history, version))
    require_admission(bundle, model_name, version, history, shadow_proven=shadow_proven)
    transition = Transition(
        model_name=model_name,
        version=version,
        bundle_digest=bundle.digest,
        action="promote",
        reason=reason,
        actor=actor,
    )
    return record_transition(registry, ledger, transition, basis.epoch)


class Preview(Frozen):
    """What an operator's promotion would do, found without doing it.

    Attributes:
        model_name: registered model.
        version: that would enter.
        champion_version: that would be archived for it, or None.
        allowed: whether it would enter.
        code: OK, or why it would not.
        reason: one sentence for people.
        remedy: what can be done if it would not.
        night: what the night that judged the version decided, as the ledger has it.
    """

    model_name: str
    version: int
    champion_version: int | None
    allowed: bool
    code: ReasonCode
    reason: str
    remedy: str = ""
    night: str = ""


def preview_promotion(
    registry: Registry, ledger: Ledger, model_name: str, version: int, *, shadow_proven: bool = False
) -> Preview:
    """What :func:`enter_production` would do now; nothing is written, neither to the ledger nor to the registry.

    Args:
        registry: where the versions are.
        ledger: what is true.
        model_name: registered model.
        version: the version to promote.
        shadow_proven: as for :func:`enter_production`.
    """
    history, current = ledger.history(model_name), ledger.current(model_name)
    champion = None if current is None else current.version
    night = next((f"{entry.action}: {entry.reason}" for entry in history if entry.version == version), "")
    code, remedy = ReasonCode.OK, ""
    if champion == version:
        reason = f"Version {version} is in Production already; nothing would change."
    else:
        try:
            bundle = registry.bundle(model_name, version, recorded_digest(history, version))
            require_admission(bundle, model_name, version, history, shadow_proven=shadow_proven)
            place = "an empty Production" if champion is None else f"Production, and version {champion} be archived"
            paper = ", on paper only" if bundle.paper_only and not shadow_proven else ""
            reason = (
                f"Version {version} would enter {place}{paper}. No comparison with a champion is asked of an operator."
            )
        except RegistryError as error:
            code, reason, remedy = error.code, error.message, error.remedy
    return Preview(
        model_name=model_name,
        version=version,
        champion_version=champion,
        allowed=code is ReasonCode.OK,
        code=code,
        reason=reason,
        remedy=remedy,
        night=night,
    )


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
    return record_transition(registry, ledger, transition, epoch)


def release_version(
    registry: Registry, ledger: Ledger, model_name: str, version: int, *, reason: str, actor: str
) -> Entry:
    """Let a version out of quarantine; it may enter Production again, by the rules of every entry.

    Args:
        registry: where the versions are.
        ledger: where the transition is recorded first.
        model_name: registered model.
        version: the version.
        reason: why; it must be given.
        actor: who asks.

    Raises:
        RegistryError: ``REASON_MISSING``; ``MODEL_UNKNOWN`` if the version is not in quarantine.
    """
    if not reason.strip():
        raise RegistryError(
            ReasonCode.REASON_MISSING,
            f"{model_name} version {version} left Production for cause; its release needs a reason.",
            remedy="Say why with --reason.",
        )
    history = ledger.history(model_name)
    held, digest = quarantined(history), recorded_digest(history, version)
    if version not in held or digest is None:
        raise RegistryError(
            ReasonCode.MODEL_UNKNOWN,
            f"{model_name} version {version} is not in quarantine; in quarantine: "
            f"{', '.join(map(str, sorted(held))) or 'none'}.",
            remedy="See `sevengates models list`.",
            model_name=model_name,
        )
    transition = Transition(
        model_name=model_name,
        version=version,
        bundle_digest=digest,
        action="release",
        reason=reason,
        actor=actor,
    )
    return record_transition(registry, ledger, transition, None)


def record_transition(registry: Registry, ledger: Ledger, transition: Transition, expected_epoch: int | None) -> Entry:
    """Write a transition to the ledger, then mirror the ledger.

    Args:
        registry: where the versions are.
        ledger: where the transition is recorded first.
        transition: what happens; whoever calls has verified that it may.
        expected_epoch: as :meth:`trading.registry.ledger.Ledger.append`.

    Raises:
        RegistryError: ``PROMOTION_CONFLICT`` if Production changed since.
    """
    entry = ledger.append(transition, expected_epoch=expected_epoch)
    mirror(registry, ledger, transition.model_name)
    return entry


def _remove_champion(
    registry: Registry, ledger: Ledger, model_name: str, decision: PromotionDecision, basis: Basis, actor: str
) -> Basis:
    """Take the champion that was decided on out of Production; one that left already, by this decision, stays out."""
    current = ledger.current(model_name)
    if current is None or current.version != basis.champion_version or decision.champion == "stays":
        return basis
    transition = Transition(
        model_name=model_name,
        version=current.version,
        bundle_digest=current.bundle_digest,
        action=decision.champion,
        reason=decision.champion_reason,
        actor=actor,
    )
    return basis._replace(epoch=record_transition(registry, ledger, transition, basis.epoch).epoch)


def _action(decision: PromotionDecision) -> Action:
    if decision.action == "rejected":
        return "reject"
    return "contest" if decision.contested else "stage"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _shown(value: float | int | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
