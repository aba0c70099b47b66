"""Approved versions of earlier nights: who takes a champion's place when it has to leave, or by a record of its own.

Whoever follows a champion that has to leave is the best of all that wait. A champion that stays meets a challenger
once: the newest bars of tomorrow are mostly those of today, and asking again until chance says yes is no proof.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from trading.checks.evidence import read_evidence
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.gates.live_consistency import LiveAnswer, live_answer
from trading.gates.metrics import failed_metrics
from trading.night.artifacts import BARS, SPLITS
from trading.night.live_records import backtest_error
from trading.night.meeting import (
    DecidedMeeting,
    Entrant,
    Opponent,
    alpha_t_of,
    decide_entrant,
    outcomes_of,
    own_record_of,
    trade_again,
)
from trading.night.memory import recall, remember
from trading.night.outcome import Candidate, ChallengerOutcome, RegisteredCandidate
from trading.night.workspace import Night
from trading.registry.approval import judge_again
from trading.registry.entries import Entry, challengers, contested_since_entry, stages
from trading.registry.promotion import PromotionDecision, await_approval

if TYPE_CHECKING:
    from trading.model.bundle import Bundle
    from trading.registry.adapter import MlflowRegistry

STAGE = "challengers"
"""Under which name the challengers that a night met are remembered."""


class Challenge(NamedTuple):
    """A challenger that goes somewhere.

    Attributes:
        bundle_digest: of its bundle.
        decision: where it goes, and whether the champion leaves for it.
        outcome: the same as people are shown it.
    """

    bundle_digest: str
    decision: PromotionDecision
    outcome: ChallengerOutcome


def next_challenge(
    night: Night,
    registry: MlflowRegistry,
    registered: RegisteredCandidate,
    found: DecidedMeeting,
    history: Sequence[Entry],
    *,
    met: Sequence[ChallengerOutcome],
) -> Challenge | None:
    """The challenger whose turn comes before that of the night's candidate; None if no challenger's does.

    A champion that has to leave is followed by the best that may: of the challengers that keep their rules of
    performance and risk on the newest bars, and of the candidate. A champion that stays, and that the candidate does
    not replace, meets each challenger whose own record, traded as a study, proves a gain.

    Args:
        night: its thresholds and its rule of promotion.
        registry: holds the bundles.
        registered: the night's candidate, over whose test bars all are traded.
        found: what the rule says of the candidate, and of whom it met.
        history: the ledger's entries of the model.
        met: challengers that went somewhere in this night; their turn is over.
    """
    decision, opponent = found.decision, found.opponent
    ended = stages(history).get(registered.version) == "Production"
    if opponent is None or opponent.comparison is None or ended:
        return None
    over = {registered.version, *(outcome.version for outcome in met)}
    waiting = [entry for entry in challengers(history) if entry.version not in over]
    if decision.champion != "stays":
        # A person decides who follows; one proposal beside the candidate is enough.
        proposed = met and night.settings.promotion.mode == "manual"
        return None if proposed else _successor(night, registry, registered, decision, opponent, waiting, history)
    if decision.action == "production":
        return None
    asked = contested_since_entry(history, opponent.champion.version)
    untried = [entry for entry in waiting if entry.version not in asked]
    return _contest(night, registry, registered.candidate, opponent, untried, history)


def recall_challengers(night: Night) -> tuple[ChallengerOutcome, ...]:
    """The challengers that a night has met so far, also if it was killed since.

    Args:
        night: whose challengers they are.
    """
    known = recall(night.store, STAGE, {"night": night.plan.key})
    return () if known is None else tuple(ChallengerOutcome.model_validate(item) for item in known.output)


def remember_challenger(night: Night, outcome: ChallengerOutcome) -> None:
    """Write down where a challenger goes, before it goes there.

    Args:
        night: that met it.
        outcome: what becomes of it.
    """
    others = [item for item in recall_challengers(night) if item.version != outcome.version]
    found = [item.model_dump(mode="json") for item in (*others, outcome)]
    remember(night.store, STAGE, {"night": night.plan.key}, found)


def _successor(
    night: Night,
    registry: MlflowRegistry,
    registered: RegisteredCandidate,
    decision: PromotionDecision,
    opponent: Opponent,
    waiting: Sequence[Entry],
    history: Sequence[Entry],
) -> Challenge | None:
    """The best challenger that may follow a champion that has to leave, if it is better than the candidate that may."""
    candidate = registered.candidate
    bars = night.store.get(BARS, candidate.bars_ref)
    may_enter = decision.action == "production" or decision.code is ReasonCode.PROMOTION_AWAITS_APPROVAL
    to_beat = decision.numbers["candidate_sharpe"] if may_enter else -math.inf
    best: Challenge | None = None
    for entry in waiting:
        entrant = _entrant(night, registry, candidate, entry)
        if entrant is None or not entrant.metrics["sharpe"] > to_beat:
            continue
        found, _ = decide_entrant(night, entrant, opponent, history, bars)
        if found.action == "production":
            to_beat, best = entrant.metrics["sharpe"], _challenge(night, entrant, found)
    return best


def _contest(
    night: Night,
    registry: MlflowRegistry,
    candidate: Candidate,
    opponent: Opponent,
    untried: Sequence[Entry],
    history: Sequence[Entry],
) -> Challenge | None:
    """The meeting of a champion that stays with the newest challenger whose own record proves a gain."""
    bars, limits = night.store.get(BARS, candidate.bars_ref), night.settings.gates.model_dump()
    for entry in untried:
        # Most were never traded as a study, and a bundle need not be read to know that.
        if own_record_of(night, entry.bundle_digest, bars, None) is None:
            continue
        entrant = _entrant(night, registry, candidate, entry)
        if entrant is None:
            continue
        record = own_record_of(night, entrant.bundle_digest, bars, entrant.backtest_se)
        if live_answer(record, limits) is LiveAnswer.PROVEN:
            return _challenge(night, entrant, decide_entrant(night, entrant, opponent, history, bars)[0])
    return None


def _challenge(night: Night, entrant: Entrant, decision: PromotionDecision) -> Challenge:
    if night.settings.promotion.mode == "manual":
        # The champion leaves by the candidate's decision, not by one that still waits.
        decision = await_approval(decision).model_copy(update={"champion": "stays"})
    outcome = ChallengerOutcome(
        version=entrant.version,
        tag=entrant.tag,
        sharpe=entrant.metrics["sharpe"],
        status="promoted" if decision.action == "production" else "staged",
        code=decision.code,
        reason=decision.reason,
    )
    return Challenge(entrant.bundle_digest, decision, outcome)


def _entrant(night: Night, registry: MlflowRegistry, candidate: Candidate, entry: Entry) -> Entrant | None:
    """A challenger on the candidate's test bars; None if it cannot be asked, mostly remembered with the reason."""
    try:
        bundle = registry.bundle(entry.model_name, entry.version, entry.bundle_digest)
        verdict = judge_again(bundle)
    except RegistryError as error:
        return _refused(night, entry, "", None, error.code, f"{error.message} {error.remedy}".rstrip())
    if bundle.lineage.as_of_ms > night.plan.as_of_ms:
        # On the day of this night it was not there.
        return None
    store, tag = night.store, bundle.model.spec.engine.tag
    bars, test = store.get(BARS, candidate.bars_ref), store.get(SPLITS, candidate.splits_ref).test
    if not _unseen(bundle, int(bars.ts[test.start])):
        seen = "It was fitted or chosen on some of the bars that it would be compared on."
        return _refused(night, entry, tag, None, ReasonCode.SPLIT_OVERLAP, seen)
    result = trade_again(store, candidate, bundle.model)
    limits = {**night.settings.gates.model_dump(), **verdict.thresholds}
    failed = failed_metrics(result.metrics, limits, outcomes=outcomes_of(result))
    if failed:
        fails = f"It fails its own gates on the newest bars: {'; '.join(rule.message for rule in failed)}."
        return _refused(night, entry, tag, result.metrics["sharpe"], failed[0].code, fails)
    spec = bundle.model.spec
    return Entrant(
        version=entry.version,
        bundle_digest=bundle.digest,
        tag=tag,
        verdict=verdict,
        metrics=result.metrics,
        equity=result.equity,
        initial_equity=spec.limits.initial_equity,
        bars_per_year=spec.bars_per_year,
        alpha_t=alpha_t_of(read_evidence(bundle.evidence)),
        backtest_se=backtest_error(bundle.evidence),
    )


def _refused(night: Night, entry: Entry, tag: str, sharpe: float | None, code: ReasonCode, reason: str) -> None:
    known = None if sharpe is None or not math.isfinite(sharpe) else sharpe
    remember_challenger(
        night,
        ChallengerOutcome(version=entry.version, tag=tag, sharpe=known, status="refused", code=code, reason=reason),
    )


def _unseen(bundle: Bundle, first_ms: int) -> bool:
    """Whether nothing that a bundle was fitted or chosen on reaches into bars from a moment on."""
    ranges = bundle.lineage.ranges
    return all(name in ranges and ranges[name][1] <= first_ms for name in ("train", "validation"))
