from __future__ import annotations

import dataclasses
import math
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.samples import good_evidence
from trading.canonical import digest_of
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.gates.live_consistency import LiveAnswer
from trading.gates.verdict import Verdict, judge
from trading.model.bundle import Bundle, write_bundle
from trading.registry.adapter import MlflowRegistry
from trading.registry.approval import verdict_of
from trading.registry.contest import Meeting, PromotionRule, Side
from trading.registry.entries import contested_since_entry
from trading.registry.ledger import Ledger
from trading.registry.mirror import EPOCH_TAG, mirror, reconcile
from trading.registry.promotion import (
    Basis,
    PromotionDecision,
    apply_decision,
    await_approval,
    decide_promotion,
    enter_production,
    release_version,
    return_to_production,
)
from trading.settings.models import GateSpec
from trading.statistics.sequential import spent_alpha

NAME = "sevengates-sim-1h"
Log = Callable[..., int]
MakeBundle = Callable[..., Bundle]


RULE = PromotionRule()
# Better by 2 with an error of 0.5: p is far under what a first contest may spend.
MET = Meeting(
    candidate=Side(version=4, tag="new", sharpe=3.5, max_drawdown=0.06, total_return=0.5),
    champion=Side(version=3, tag="old", sharpe=1.5, max_drawdown=0.08, total_return=0.2),
    difference=2.0,
    se=0.5,
    low=1.2,
    high=2.8,
    p=1e-4,
    correlation=0.82,
    blocks=124.0,
    contest=1,
    alpha_t=2.6,
    live=LiveAnswer.PROVEN,
)
GOOD = judge(good_evidence(), GateSpec().model_dump())
ON_PAPER = judge(good_evidence(live=False), GateSpec().model_dump())
POOR = judge(good_evidence(sharpe=0.5), GateSpec().model_dump())


def decide(verdict: Verdict = GOOD, meeting: Meeting | None = MET, **changes: Any) -> PromotionDecision:
    """A decision on a meeting with some of its numbers changed."""
    met = None if meeting is None else meeting.model_copy(update=changes)
    return decide_promotion(
        verdict, candidate_sharpe=3.5 if met is None else met.candidate.sharpe, meeting=met, rule=RULE
    )


def side(version: int, sharpe: float | None) -> Side:
    return Side(version=version, sharpe=sharpe)


def test_an_approved_candidate_enters_an_empty_production() -> None:
    decision = decide(meeting=None)
    assert (decision.action, decision.code, decision.paper_only) == ("production", ReasonCode.OK, False)


def test_without_a_live_record_an_empty_production_is_entered_on_paper_only() -> None:
    decision = decide(ON_PAPER, None)
    assert (decision.action, decision.paper_only) == ("production", True)
    assert "on paper only" in decision.reason


def test_a_candidate_that_keeps_every_rule_replaces_the_champion_and_says_on_which_numbers() -> None:
    decision = decide()
    assert (decision.action, decision.code, decision.champion, decision.contested) == (
        "production",
        ReasonCode.OK,
        "stays",
        False,
    )
    assert decision.numbers["improvement"] == 2.0
    assert decision.numbers["alpha_spent"] == pytest.approx(spent_alpha(0.01, 1))
    assert decision.numbers["needed"] == pytest.approx(0.5 * 2.546, abs=0.01)
    assert {"se", "p", "low", "high", "correlation", "alpha_t", "champion_max_drawdown"} <= set(decision.numbers)
    for word in ("3.500", "1.500", "champion 3", "p 0.0001", "Contest 1"):
        assert word in decision.reason


@pytest.mark.parametrize(
    ("changes", "code", "contested"),
    [
        ({"live": LiveAnswer.NO_RECORD}, ReasonCode.LIVE_UNPROVEN, False),
        ({"live": LiveAnswer.CONDITIONAL}, ReasonCode.LIVE_UNPROVEN, False),
        ({"candidate": side(4, 1.549)}, ReasonCode.PROMOTION_NOT_BETTER, True),
        ({"p": 0.0061}, ReasonCode.PROMOTION_NOT_SIGNIFICANT, True),
        ({"p": 0.002, "contest": 2}, ReasonCode.PROMOTION_NOT_SIGNIFICANT, True),
        ({"p": None}, ReasonCode.PROMOTION_NOT_SIGNIFICANT, True),
        ({"p": math.nan}, ReasonCode.PROMOTION_NOT_SIGNIFICANT, True),
        ({"alpha_t": 2.32}, ReasonCode.PROMOTION_NO_ALPHA, True),
        ({"alpha_t": None}, ReasonCode.PROMOTION_NO_ALPHA, True),
        ({"alpha_t": math.nan}, ReasonCode.PROMOTION_NO_ALPHA, True),
        ({"alpha_t": math.inf}, ReasonCode.PROMOTION_NO_ALPHA, True),
        ({"champion": side(3, None)}, ReasonCode.EVIDENCE_NOT_FINITE, False),
        ({"champion": side(3, math.nan)}, ReasonCode.EVIDENCE_NOT_FINITE, False),
        ({"candidate": side(4, None)}, ReasonCode.EVIDENCE_NOT_FINITE, False),
    ],
    ids=str,
)
def test_each_rule_alone_keeps_a_candidate_in_staging(
    changes: dict[str, Any], code: ReasonCode, contested: bool
) -> None:
    decision = decide(**changes)
    assert (decision.action, decision.code, decision.contested) == ("staging", code, contested)
    assert decision.champion == "stays"


@pytest.mark.parametrize(
    "changes",
    [
        {"p": spent_alpha(0.01, 1)},
        {"alpha_t": 2.33},
        {"candidate": side(4, 1.15), "champion": side(3, 1.10)},  # exactly the minimum, though not in binary
        {"candidate": side(4, 0.5), "champion": side(3, -1.0)},
    ],
    ids=str,
)
def test_a_limit_itself_is_allowed(changes: dict[str, Any]) -> None:
    assert decide(**changes).action == "production"


@pytest.mark.parametrize("live", [LiveAnswer.NO_RECORD, LiveAnswer.CONDITIONAL])
def test_without_a_record_that_proves_a_gain_a_champion_is_not_replaced_however_good_the_candidate(
    live: LiveAnswer,
) -> None:
    decision = decide(ON_PAPER, live=live, candidate=side(4, 9.0))
    assert (decision.action, decision.code, decision.contested) == ("staging", ReasonCode.LIVE_RECORD_MISSING, False)


def test_a_candidates_own_record_as_a_study_stands_in_for_the_champions() -> None:
    decision = decide(ON_PAPER, live=LiveAnswer.NO_RECORD, shadow=LiveAnswer.PROVEN)
    assert (decision.action, decision.shadow_proven, decision.paper_only) == ("production", True, False)
    assert decide(ON_PAPER, live=LiveAnswer.NO_RECORD, shadow=LiveAnswer.PROVEN, p=0.2).action == "staging"


@pytest.mark.parametrize("meeting", [None, MET])
def test_a_rejected_candidate_is_rejected_with_its_reasons(meeting: Meeting | None) -> None:
    decision = decide(POOR, meeting)
    assert (decision.action, decision.code) == ("rejected", ReasonCode.MODEL_NOT_APPROVED)
    assert "performance" in decision.reason


def test_a_champion_that_fails_live_is_demoted_and_lets_an_approved_candidate_in_on_paper() -> None:
    decision = decide(ON_PAPER, live=LiveAnswer.FAIL, candidate=side(4, 1.0), low=-3.0, p=0.9, alpha_t=None)
    assert (decision.action, decision.champion, decision.paper_only) == ("production", "demote", True)
    assert "live record" in decision.champion_reason
    rejected = decide(POOR, live=LiveAnswer.FAIL)
    assert (rejected.action, rejected.champion) == ("rejected", "demote")


@pytest.mark.parametrize("why", [{"decayed": True}, {"champion_failures": ("sharpe 0.4 is under 1",)}], ids=str)
def test_a_retired_champion_is_followed_by_an_approved_candidate_that_is_not_provably_worse(
    why: dict[str, Any],
) -> None:
    decision = decide(ON_PAPER, live=LiveAnswer.CONDITIONAL, low=-0.499, p=0.4, alpha_t=None, **why)
    assert (decision.action, decision.champion) == ("production", "retire")
    for low in (-0.5, None, math.nan):
        worse = decide(ON_PAPER, live=LiveAnswer.CONDITIONAL, low=low, **why)
        assert (worse.action, worse.code, worse.champion) == ("staging", ReasonCode.PROMOTION_WORSE, "retire")
    assert "0.4 is under 1" in decide(champion_failures=("sharpe 0.4 is under 1",)).champion_reason


def test_a_version_in_quarantine_waits_in_staging_whatever_it_has_shown() -> None:
    for meeting in (None, MET):
        decision = decide_promotion(GOOD, candidate_sharpe=3.5, meeting=meeting, rule=RULE, held="rolled back")
        assert (decision.action, decision.code) == ("staging", ReasonCode.VERSION_QUARANTINED)


def test_a_person_is_asked_about_what_may_enter_and_about_nothing_else() -> None:
    won = await_approval(decide())
    assert (won.action, won.code, won.contested) == ("staging", ReasonCode.PROMOTION_AWAITS_APPROVAL, True)
    empty = await_approval(decide(meeting=None))
    assert (empty.code, empty.contested) == (ReasonCode.PROMOTION_AWAITS_APPROVAL, False)
    after = await_approval(decide(ON_PAPER, live=LiveAnswer.FAIL))
    assert (after.code, after.champion, after.contested) == (ReasonCode.PROMOTION_AWAITS_APPROVAL, "demote", False)
    for decision in (decide(POOR), decide(p=0.5)):
        assert await_approval(decision) == decision


numbers = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))


@given(
    candidate=numbers,
    champion=numbers,
    p=numbers,
    alpha_t=numbers,
    minimum=st.one_of(st.floats(0, 1), st.just(math.nan)),
)
def test_what_is_missing_or_not_finite_never_replaces(
    candidate: float | None, champion: float | None, p: float | None, alpha_t: float | None, minimum: float
) -> None:
    met = MET.model_copy(
        update={"candidate": side(4, candidate), "champion": side(3, champion), "p": p, "alpha_t": alpha_t}
    )
    decision = decide_promotion(
        GOOD, candidate_sharpe=candidate, meeting=met, rule=PromotionRule.model_construct(min_improvement=minimum)
    )
    needed = (candidate, champion, p, alpha_t, minimum)
    if any(value is None or not math.isfinite(value) for value in needed):
        assert decision.action == "staging"
    assert PromotionDecision.model_validate_json(decision.model_dump_json()) == decision


def decided(action: Any) -> PromotionDecision:
    return PromotionDecision(action=action, code=ReasonCode.OK, reason=f"{action} because", paper_only=False)


def shown(registry: MlflowRegistry) -> dict[int, str]:
    return {version.version: version.stage for version in registry.versions(NAME)}


def champion(registry: MlflowRegistry) -> int | None:
    return next((version.version for version in registry.versions(NAME) if "champion" in version.aliases), None)


def test_decisions_are_recorded_first_and_mirrored_in_stage_alias_and_tags(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    for seed, action in enumerate(["production", "staging", "rejected", "production"]):
        version = log(seed, sharpe=0.5 if action == "rejected" else 1.8)
        apply_decision(registry, ledger, NAME, version, decided(action), basis=Basis(ledger.epoch(NAME)))
    assert shown(registry) == {1: "Archived", 2: "Staging", 3: "None", 4: "Production"}
    assert champion(registry) == 4
    assert registry.model_tags(NAME)[EPOCH_TAG] == "2"
    first, _, third, fourth = registry.versions(NAME)
    assert (first.tags["stage"], third.tags["stage"], third.tags["reasons"]) == (
        "Archived",
        "Rejected",
        "rejected because",
    )
    assert (fourth.tags["stage"], fourth.tags["epoch"], fourth.verdict) == ("Production", "2", "APPROVED")
    assert fourth.tags["bundle_digest"] == ledger.history(NAME)[-1].bundle_digest
    assert [entry.action for entry in ledger.history(NAME)] == ["promote", "stage", "reject", "promote"]
    assert mirror(registry, ledger, NAME) == ()


def test_a_rejected_version_is_never_promoted_not_even_by_an_operator(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    version = log(1, sharpe=0.5)
    with pytest.raises(RegistryError, match="performance") as caught:
        enter_production(registry, ledger, NAME, version, reason="I like it", actor="operator")
    assert caught.value.code == ReasonCode.MODEL_NOT_APPROVED
    assert ledger.history(NAME) == []


def test_without_a_live_record_not_even_an_operator_replaces_a_champion(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    first, second = log(1, live=False), log(2, live=False)
    enter_production(registry, ledger, NAME, first, reason="nothing is there", actor="operator")
    with pytest.raises(RegistryError, match="without a live record") as caught:
        enter_production(registry, ledger, NAME, second, reason="I like it", actor="operator")
    assert caught.value.code == ReasonCode.LIVE_RECORD_MISSING
    assert "sevengates live" in caught.value.remedy
    assert (shown(registry), len(ledger.history(NAME))) == ({1: "Production", 2: "None"}, 1)


def test_a_version_without_a_live_record_may_return_where_it_was_and_enter_where_nothing_is(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    first, better, other = log(1, live=False), log(2), log(3, live=False)
    for version in (first, better, first):
        enter_production(registry, ledger, NAME, version, reason="by hand", actor="operator")
    registry.set_stage(NAME, first, "Archived")
    reconcile(registry, ledger, NAME)
    enter_production(registry, ledger, NAME, other, reason="nothing is there", actor="operator")
    assert shown(registry) == {1: "Archived", 2: "Archived", 3: "Production"}
    assert return_to_production(registry, ledger, NAME, first).version == first


def test_a_version_that_only_waited_in_staging_does_not_return(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    enter_production(registry, ledger, NAME, log(1), reason="better", actor="nightly")
    waiting = log(2, live=False)
    apply_decision(registry, ledger, NAME, waiting, decided("staging"), basis=Basis(1))
    with pytest.raises(RegistryError) as caught:
        enter_production(registry, ledger, NAME, waiting, reason="long enough", actor="operator")
    assert caught.value.code == ReasonCode.LIVE_RECORD_MISSING
    assert shown(registry) == {1: "Production", 2: "Staging"}


def test_a_verdict_edited_to_approved_is_refused_by_its_own_gates(make_bundle: MakeBundle, tmp_path: Path) -> None:
    bundle = make_bundle(1, sharpe=0.5)
    forged = write_bundle(
        tmp_path / "forged", bundle.model, bundle.lineage, bundle.evidence, bundle.gates | {"decision": "APPROVED"}, ""
    )
    with pytest.raises(RegistryError) as caught:
        verdict_of(forged)
    assert caught.value.code == ReasonCode.BUNDLE_INVALID


def test_a_verdict_that_its_evidence_does_not_give_does_not_enter(
    registry: MlflowRegistry, ledger: Ledger, make_bundle: MakeBundle, tmp_path: Path
) -> None:
    poor, good = make_bundle(1, sharpe=0.5), make_bundle(2)
    gates = {**good.gates, "evidence_digest": digest_of(poor.evidence)}
    forged = write_bundle(tmp_path / "forged", poor.model, poor.lineage, poor.evidence, gates, "")
    version = registry.log_night(NAME, forged.folder, metrics={}, params={})
    with pytest.raises(RegistryError, match="performance") as caught:
        enter_production(registry, ledger, NAME, version, reason="I like it", actor="operator")
    assert caught.value.code == ReasonCode.BUNDLE_INVALID


def test_a_bundle_exchanged_after_its_night_does_not_enter_whatever_mlflow_says_its_digest_is(
    registry: MlflowRegistry, ledger: Ledger, log: Log, make_bundle: MakeBundle
) -> None:
    version, other = log(1, sharpe=0.5), make_bundle(2)
    apply_decision(registry, ledger, NAME, version, decided("rejected"), basis=Basis(0))
    folder = registry.download(NAME, version)
    shutil.rmtree(folder)
    shutil.copytree(other.folder, folder)
    registry.tag_version(NAME, version, {"bundle_digest": other.digest})
    with pytest.raises(RegistryError) as caught:
        enter_production(registry, ledger, NAME, version, reason="I like it", actor="operator")
    assert caught.value.code == ReasonCode.BUNDLE_CORRUPT
    with pytest.raises(RegistryError) as caught:
        apply_decision(registry, ledger, NAME, log(3), decided("staging"), basis=Basis(0, other.digest))
    assert caught.value.code == ReasonCode.BUNDLE_CORRUPT
    assert ledger.current(NAME) is None


def test_of_two_decisions_taken_at_the_same_epoch_the_second_is_refused(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    # The loser hears of the conflict, not of a missing live record: it has to compare again first.
    first, second, epoch = log(1, live=False), log(2), ledger.epoch(NAME)
    apply_decision(registry, ledger, NAME, second, decided("production"), basis=Basis(epoch))
    with pytest.raises(RegistryError) as caught:
        apply_decision(registry, ledger, NAME, first, decided("production"), basis=Basis(epoch))
    assert caught.value.code == ReasonCode.PROMOTION_CONFLICT
    assert shown(registry) == {1: "None", 2: "Production"}


def test_rollback_returns_to_the_version_before_and_then_to_the_one_before_that(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    for seed in range(3):
        enter_production(registry, ledger, NAME, log(seed), reason="better", actor="nightly")
    assert return_to_production(registry, ledger, NAME).version == 2
    assert shown(registry) == {1: "Archived", 2: "Production", 3: "Archived"}
    assert return_to_production(registry, ledger, NAME).version == 1
    assert (shown(registry), champion(registry)) == ({1: "Production", 2: "Archived", 3: "Archived"}, 1)
    with pytest.raises(RegistryError) as caught:
        return_to_production(registry, ledger, NAME)
    assert caught.value.code == ReasonCode.MODEL_UNKNOWN
    with pytest.raises(RegistryError) as caught:
        return_to_production(registry, ledger, NAME, to_version=3)
    assert caught.value.code == ReasonCode.VERSION_QUARANTINED
    release_version(registry, ledger, NAME, 3, reason="it was the feed", actor="operator")
    assert return_to_production(registry, ledger, NAME, to_version=3).version == 3


def test_rollback_to_a_version_that_was_never_in_production_is_refused(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    enter_production(registry, ledger, NAME, log(1), reason="better", actor="nightly")
    version = log(2)
    with pytest.raises(RegistryError) as caught:
        return_to_production(registry, ledger, NAME, to_version=version)
    assert caught.value.code == ReasonCode.MODEL_UNKNOWN


def test_rollback_to_a_damaged_bundle_leaves_everything_as_it_is(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    for seed in range(2):
        enter_production(registry, ledger, NAME, log(seed), reason="better", actor="nightly")
    (registry.download(NAME, 1) / "card.md").write_text("damaged")
    with pytest.raises(RegistryError) as caught:
        return_to_production(registry, ledger, NAME)
    assert caught.value.code == ReasonCode.BUNDLE_CORRUPT
    assert shown(registry) == {1: "Archived", 2: "Production"}
    assert len(ledger.history(NAME)) == 2


class Killed(BaseException):
    """Stands for the death of the process: nothing in the code under test can catch it as an error."""


WRITES = ("set_stage", "set_champion", "tag_version", "tag_model")


def die_at(registry: MlflowRegistry, patch: pytest.MonkeyPatch, call: int) -> list[str]:
    """Make the writes to MLflow stop for good at a given call; return the list of those that went through."""
    done: list[str] = []
    for name in WRITES:
        original = getattr(registry, name)

        def guarded(*arguments: Any, _name: str = name, _original: Any = original) -> None:
            if len(done) == call:
                raise Killed
            done.append(_name)
            _original(*arguments)

        patch.setattr(registry, name, guarded)
    return done


def test_a_promoter_killed_at_any_point_of_the_mirror_is_repaired_to_one_production(
    home: Path, registry: MlflowRegistry, log: Log
) -> None:
    before = Ledger(home / "before.db")
    for seed in range(2):
        enter_production(registry, before, NAME, log(seed), reason="better", actor="nightly")
    version, database = log(2), home / "mlflow" / "mlflow.db"
    shutil.copyfile(database, home / "start.db")
    points = 0
    while True:
        shutil.copyfile(home / "start.db", database)
        shutil.copyfile(home / "before.db", home / f"ledger-{points}.db")
        ledger = Ledger(home / f"ledger-{points}.db")
        with pytest.MonkeyPatch.context() as patch:
            done = die_at(registry, patch, points)
            try:
                enter_production(registry, ledger, NAME, version, reason="better", actor="nightly")
                break
            except Killed:
                pass
        current = ledger.current(NAME)
        assert current is not None
        assert (current.version, len(done)) == (3, points)
        # Whoever follows the alias meanwhile finds a version that is shown as Production.
        holder = champion(registry)
        assert holder is not None
        assert registry.version(NAME, holder).tags["stage"] == "Production"
        assert "Production" in shown(registry).values()
        result = reconcile(registry, ledger, NAME)
        assert result.adopted is None
        assert (shown(registry), champion(registry)) == ({1: "Archived", 2: "Archived", 3: "Production"}, 3)
        assert len(ledger.history(NAME)) == 3
        assert reconcile(registry, ledger, NAME).changes == ()
        points += 1
    assert points >= 6


def test_a_promotion_killed_after_the_ledger_can_simply_be_repeated(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    version, epoch = log(1), ledger.epoch(NAME)
    with pytest.MonkeyPatch.context() as patch:
        die_at(registry, patch, 0)
        with pytest.raises(Killed):
            apply_decision(registry, ledger, NAME, version, decided("production"), basis=Basis(epoch))
    entry = apply_decision(registry, ledger, NAME, version, decided("production"), basis=Basis(epoch))
    assert (entry.row, shown(registry)) == (1, {1: "Production"})


def test_of_two_threads_promoting_at_once_one_wins_and_mlflow_shows_the_winner(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    for trial in range(4):
        versions, epoch = [log(10 * trial), log(10 * trial + 1)], ledger.epoch(NAME)
        outcomes: list[str] = []

        def attempt(version: int, epoch: int, outcomes: list[str]) -> None:
            try:
                apply_decision(registry, ledger, NAME, version, decided("production"), basis=Basis(epoch))
                outcomes.append("won")
            except RegistryError as error:
                outcomes.append(str(error.code))

        threads = [threading.Thread(target=attempt, args=(version, epoch, outcomes)) for version in versions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        current = ledger.current(NAME)
        assert current is not None
        assert sorted(outcomes) == [str(ReasonCode.PROMOTION_CONFLICT), "won"]
        assert [v for v, stage in shown(registry).items() if stage == "Production"] == [current.version]
        assert champion(registry) == current.version


def test_two_production_versions_are_repaired_from_the_ledger(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    enter_production(registry, ledger, NAME, log(1), reason="better", actor="nightly")
    rejected = log(2, sharpe=0.5)
    registry.set_stage(NAME, rejected, "Production")
    registry.set_champion(NAME, rejected)
    result = reconcile(registry, ledger, NAME)
    assert (shown(registry), champion(registry)) == ({1: "Production", 2: "None"}, 1)
    assert "MODEL_NOT_APPROVED" in result.refused[rejected]
    assert "MODEL_NOT_APPROVED" in registry.version(NAME, rejected).tags["request_refused"]


def test_a_missing_alias_and_changed_tags_are_written_again(registry: MlflowRegistry, ledger: Ledger, log: Log) -> None:
    enter_production(registry, ledger, NAME, log(1), reason="better", actor="nightly")
    registry.set_champion(NAME, None)
    registry.tag_version(NAME, 1, {"stage": "Archived"})
    changes = reconcile(registry, ledger, NAME).changes
    assert (champion(registry), registry.version(NAME, 1).tags["stage"], len(changes)) == (1, "Production", 2)


def test_an_approved_version_set_to_production_by_hand_is_adopted_as_external(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    enter_production(registry, ledger, NAME, log(1), reason="better", actor="nightly")
    by_hand = log(2)
    registry.set_stage(NAME, by_hand, "Production")
    result = reconcile(registry, ledger, NAME)
    assert result.adopted is not None
    assert (result.adopted.action, result.adopted.version, result.adopted.epoch) == ("external", 2, 2)
    assert (shown(registry), champion(registry)) == ({1: "Archived", 2: "Production"}, 2)
    assert return_to_production(registry, ledger, NAME).version == 1


def test_a_version_without_a_live_record_set_over_the_champion_by_hand_is_put_back(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    enter_production(registry, ledger, NAME, log(1, live=False), reason="nothing is there", actor="nightly")
    by_hand = log(2, live=False)
    registry.set_stage(NAME, by_hand, "Production")
    registry.set_stage(NAME, 1, "Archived")
    result = reconcile(registry, ledger, NAME)
    assert result.adopted is None
    assert "LIVE_RECORD_MISSING" in registry.version(NAME, by_hand).tags["request_refused"]
    assert (shown(registry), champion(registry)) == ({1: "Production", 2: "None"}, 1)


def test_a_version_without_a_live_record_set_by_hand_where_nothing_is_is_adopted(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    registry.set_stage(NAME, log(1, live=False), "Production")
    reconcile(registry, ledger, NAME)
    assert champion(registry) == 1


def test_an_older_version_set_back_by_hand_is_adopted_too(registry: MlflowRegistry, ledger: Ledger, log: Log) -> None:
    for seed, live in enumerate([False, True]):
        enter_production(registry, ledger, NAME, log(seed, live=live), reason="better", actor="nightly")
    registry.set_stage(NAME, 1, "Production")
    registry.set_stage(NAME, 2, "Archived")
    reconcile(registry, ledger, NAME)
    assert shown(registry) == {1: "Production", 2: "Archived"}


def test_a_version_with_a_damaged_bundle_set_to_production_by_hand_is_put_back(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    enter_production(registry, ledger, NAME, log(1), reason="better", actor="nightly")
    by_hand = log(2)
    (registry.download(NAME, by_hand) / "card.md").write_text("damaged")
    registry.set_stage(NAME, by_hand, "Production")
    registry.set_stage(NAME, 1, "Archived")
    result = reconcile(registry, ledger, NAME)
    assert "BUNDLE_CORRUPT" in result.refused[by_hand]
    assert shown(registry) == {1: "Production", 2: "None"}


def test_a_version_swapped_under_its_number_is_not_adopted(
    registry: MlflowRegistry, ledger: Ledger, log: Log, make_bundle: MakeBundle
) -> None:
    for seed in range(2):
        enter_production(registry, ledger, NAME, log(seed), reason="better", actor="nightly")
    folder = registry.download(NAME, 1)
    shutil.rmtree(folder)
    other = shutil.copytree(make_bundle(7).folder, folder)
    registry.tag_version(NAME, 1, {"bundle_digest": make_bundle(7).digest})
    assert Path(other) == folder
    registry.set_stage(NAME, 1, "Production")
    assert "BUNDLE_CORRUPT" in reconcile(registry, ledger, NAME).refused[1]
    assert shown(registry) == {1: "Archived", 2: "Production"}


def test_a_production_version_archived_by_hand_leaves_nothing_in_production(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    for seed in range(2):
        enter_production(registry, ledger, NAME, log(seed), reason="better", actor="nightly")
    registry.set_stage(NAME, 2, "Archived")
    result = reconcile(registry, ledger, NAME)
    assert result.adopted is not None
    assert (result.adopted.action, ledger.current(NAME), champion(registry)) == ("archive", None, None)
    assert return_to_production(registry, ledger, NAME).version == 1


def test_a_production_version_deleted_in_mlflow_is_entered_as_archived(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    log(9)
    enter_production(registry, ledger, NAME, log(1), reason="better", actor="nightly")
    registry._client.delete_model_version(NAME, "2")
    result = reconcile(registry, ledger, NAME)
    assert result.adopted is not None
    assert (result.adopted.reason, ledger.current(NAME)) == ("deleted in MLflow", None)


def test_a_ledger_beside_the_wrong_registry_changes_nothing(
    registry: MlflowRegistry, ledger: Ledger, log: Log, home: Path, migrated: Path
) -> None:
    enter_production(registry, ledger, NAME, log(1), reason="better", actor="nightly")
    shutil.copyfile(migrated, home / "other.db")
    other = MlflowRegistry(f"sqlite:///{home / 'other.db'}", home / "other", home)
    with pytest.raises(RegistryError, match="belong together"):
        reconcile(other, ledger, NAME)
    assert len(ledger.history(NAME)) == 1


def test_reconciling_a_model_that_nobody_knows_does_nothing(registry: MlflowRegistry, ledger: Ledger) -> None:
    result = reconcile(registry, ledger, NAME)
    assert (result.adopted, result.refused, result.changes) == (None, {}, ())


def test_results_are_values(make_bundle: MakeBundle) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        make_bundle().digest = "x"  # type: ignore[misc]


def demoted(champion: Literal["demote", "retire"], action: Any = "production") -> PromotionDecision:
    return decided(action).model_copy(update={"champion": champion, "champion_reason": "It fails."})


@pytest.mark.parametrize("how", ["demote", "retire"])
def test_a_champion_that_leaves_is_archived_before_the_candidate_enters_and_both_stand_in_the_ledger(
    registry: MlflowRegistry, ledger: Ledger, log: Log, how: Literal["demote", "retire"]
) -> None:
    first, second = log(1, live=False), log(2, live=False)
    enter_production(registry, ledger, NAME, first, reason="nothing is there", actor="nightly")
    apply_decision(registry, ledger, NAME, second, demoted(how), basis=Basis(1, None, first))
    assert [(entry.version, entry.action, entry.epoch) for entry in ledger.history(NAME)] == [
        (first, "promote", 1),
        (first, how, 2),
        (second, "promote", 3),
    ]
    assert shown(registry) == {1: "Archived", 2: "Production"}
    assert ledger.verify() == 3


def test_a_champion_leaves_although_the_candidate_was_rejected_and_production_is_empty_then(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    first, second = log(1, live=False), log(2, sharpe=0.5)
    enter_production(registry, ledger, NAME, first, reason="nothing is there", actor="nightly")
    for _ in range(2):
        # The second time is a night that was killed and run again.
        apply_decision(
            registry, ledger, NAME, second, demoted("demote", "rejected"), basis=Basis(ledger.epoch(NAME), None, first)
        )
    assert [entry.action for entry in ledger.history(NAME)] == ["promote", "demote", "reject"]
    assert (shown(registry), champion(registry)) == ({1: "Archived", 2: "None"}, None)


def test_a_promotion_killed_between_demotion_and_entry_is_finished_by_running_it_again(
    registry: MlflowRegistry, ledger: Ledger, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = log(1, live=False), log(2, live=False)
    enter_production(registry, ledger, NAME, first, reason="nothing is there", actor="nightly")
    append = Ledger.append

    def killed(self: Ledger, transition: Any, expected_epoch: int | None = None) -> Any:
        if transition.action == "promote":
            raise KeyboardInterrupt
        return append(self, transition, expected_epoch)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            apply_decision(registry, ledger, NAME, second, demoted("demote"), basis=Basis(1, None, first))
    assert ledger.current(NAME) is None
    # Nothing is in Production now, so that is what the night decides on.
    apply_decision(registry, ledger, NAME, second, decided("production"), basis=Basis(2))
    assert [entry.action for entry in ledger.history(NAME)] == ["promote", "demote", "promote"]
    # And once more, as if it had been killed before it remembered that it was done.
    apply_decision(registry, ledger, NAME, second, demoted("demote"), basis=Basis(3, None, first))
    assert len(ledger.history(NAME)) == 3


def test_a_decision_to_demote_is_refused_once_another_champion_is_there(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    first, second, third = log(1), log(2), log(3)
    enter_production(registry, ledger, NAME, first, reason="nothing is there", actor="nightly")
    enter_production(registry, ledger, NAME, second, reason="by hand", actor="operator")
    with pytest.raises(RegistryError) as caught:
        apply_decision(registry, ledger, NAME, third, demoted("demote"), basis=Basis(1, None, first))
    assert caught.value.code == ReasonCode.PROMOTION_CONFLICT
    assert shown(registry) == {1: "Archived", 2: "Production", 3: "None"}


def test_a_contest_that_was_lost_stands_in_the_ledger_and_makes_the_next_one_harder(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    first, *others = (log(seed) for seed in range(4))
    enter_production(registry, ledger, NAME, first, reason="nothing is there", actor="nightly")
    lost = decided("staging").model_copy(update={"contested": True})
    for version, decision in zip(others, (lost, decided("staging"), lost), strict=True):
        for _ in range(2):
            apply_decision(registry, ledger, NAME, version, decision, basis=Basis(1))
    history = ledger.history(NAME)
    assert [entry.action for entry in history] == ["promote", "contest", "stage", "contest"]
    assert shown(registry)[others[-1]] == "Staging"
    assert len(contested_since_entry(history, first)) == 2
    assert contested_since_entry(history, first) == {others[0], others[-1]}
    enter_production(registry, ledger, NAME, others[0], reason="by hand", actor="operator")
    assert len(contested_since_entry(ledger.history(NAME), others[0])) == 0
    # A night that was killed after it had won asks for the number of its own contest again.
    assert contested_since_entry(ledger.history(NAME), first) - {others[0]} == {others[-1]}


def test_a_version_that_was_rolled_back_cannot_enter_again_by_anybody_until_it_is_released(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    first, second = log(1), log(2)
    for version in (first, second):
        enter_production(registry, ledger, NAME, version, reason="better", actor="nightly")
    return_to_production(registry, ledger, NAME, reason="too wild")
    attempts: list[Callable[[], object]] = [
        lambda: enter_production(registry, ledger, NAME, second, reason="again", actor="operator"),
        lambda: apply_decision(registry, ledger, NAME, second, decided("production"), basis=Basis(3)),
        lambda: return_to_production(registry, ledger, NAME, second),
    ]
    for attempt in attempts:
        with pytest.raises(RegistryError, match="too wild") as caught:
            attempt()
        assert caught.value.code == ReasonCode.VERSION_QUARANTINED
        assert f"models release {second}" in caught.value.remedy
    registry.set_stage(NAME, second, "Production")
    assert "quarantine" in reconcile(registry, ledger, NAME).refused[second]
    assert registry.version(NAME, second).tags["quarantine"] == "rollback: too wild"
    release_version(registry, ledger, NAME, second, reason="the feed was wrong", actor="operator")
    assert registry.version(NAME, second).tags["quarantine"] == ""
    assert shown(registry) == {1: "Production", 2: "Archived"}
    enter_production(registry, ledger, NAME, second, reason="again", actor="operator")
    assert shown(registry) == {1: "Archived", 2: "Production"}


def test_a_release_needs_a_reason_and_something_to_release(registry: MlflowRegistry, ledger: Ledger, log: Log) -> None:
    first, second = log(1), log(2)
    for version in (first, second):
        enter_production(registry, ledger, NAME, version, reason="better", actor="nightly")
    return_to_production(registry, ledger, NAME)
    with pytest.raises(RegistryError) as caught:
        release_version(registry, ledger, NAME, second, reason=" ", actor="operator")
    assert caught.value.code == ReasonCode.REASON_MISSING
    with pytest.raises(RegistryError, match="in quarantine: 2") as caught:
        release_version(registry, ledger, NAME, first, reason="why not", actor="operator")
    assert caught.value.code == ReasonCode.MODEL_UNKNOWN


def test_a_rollback_after_a_demotion_returns_to_the_champion_before(
    registry: MlflowRegistry, ledger: Ledger, log: Log
) -> None:
    first, second, third = log(1), log(2), log(3, sharpe=0.5)
    for version in (first, second):
        enter_production(registry, ledger, NAME, version, reason="better", actor="nightly")
    apply_decision(registry, ledger, NAME, third, demoted("demote", "rejected"), basis=Basis(2, None, second))
    assert return_to_production(registry, ledger, NAME).version == first
