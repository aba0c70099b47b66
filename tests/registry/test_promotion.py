from __future__ import annotations

import dataclasses
import math
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.samples import good_evidence
from trading.canonical import digest_of
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.gates.verdict import Verdict, judge
from trading.model.bundle import Bundle, write_bundle
from trading.registry.adapter import MlflowRegistry
from trading.registry.approval import verdict_of
from trading.registry.ledger import Ledger
from trading.registry.mirror import EPOCH_TAG, mirror, reconcile
from trading.registry.promotion import (
    Basis,
    PromotionDecision,
    apply_decision,
    decide_promotion,
    enter_production,
    return_to_production,
)
from trading.settings.models import GateSpec

NAME = "sevengates-sim-1h"
Log = Callable[..., int]
MakeBundle = Callable[..., Bundle]


@pytest.fixture
def verdict(make_bundle: MakeBundle) -> Callable[..., Verdict]:
    return lambda **options: verdict_of(make_bundle(**options))


def test_an_approved_candidate_enters_an_empty_production(verdict: Callable[..., Verdict]) -> None:
    decision = decide_promotion(
        verdict(), candidate_sharpe=1.8, champion_version=None, champion_sharpe=None, min_improvement=0.05
    )
    assert (decision.action, decision.code, decision.paper_only) == ("production", ReasonCode.OK, False)


def test_without_a_live_record_an_empty_production_is_entered_on_paper_only(verdict: Callable[..., Verdict]) -> None:
    decision = decide_promotion(
        verdict(live=False), candidate_sharpe=1.8, champion_version=None, champion_sharpe=None, min_improvement=0.05
    )
    assert (decision.action, decision.paper_only) == ("production", True)
    assert "paper only" in decision.reason


def test_without_a_live_record_a_champion_is_not_replaced_however_good_the_candidate(
    verdict: Callable[..., Verdict],
) -> None:
    decision = decide_promotion(
        verdict(live=False), candidate_sharpe=9.0, champion_version=3, champion_sharpe=1.0, min_improvement=0.05
    )
    assert (decision.action, decision.code) == ("staging", ReasonCode.LIVE_RECORD_MISSING)


@pytest.mark.parametrize("champion", [None, 3])
def test_a_rejected_candidate_is_rejected_with_its_reasons(
    verdict: Callable[..., Verdict], champion: int | None
) -> None:
    decision = decide_promotion(
        verdict(sharpe=0.5), candidate_sharpe=9.0, champion_version=champion, champion_sharpe=1.0, min_improvement=0.05
    )
    assert (decision.action, decision.code) == ("rejected", ReasonCode.MODEL_NOT_APPROVED)
    assert "performance" in decision.reason


@pytest.mark.parametrize(
    ("candidate", "champion", "action"),
    [
        (1.15, 1.10, "production"),  # exactly the minimum, though not in binary
        (1.149, 1.10, "staging"),
        (1.10, 1.10, "staging"),
        (2.0, 1.0, "production"),
        (0.5, -1.0, "production"),
    ],
)
def test_an_approved_candidate_must_beat_the_champion_by_the_minimum(
    verdict: Callable[..., Verdict], candidate: float, champion: float, action: str
) -> None:
    decision = decide_promotion(
        verdict(), candidate_sharpe=candidate, champion_version=3, champion_sharpe=champion, min_improvement=0.05
    )
    assert decision.action == action
    assert decision.code == (ReasonCode.OK if action == "production" else ReasonCode.PROMOTION_NOT_BETTER)
    assert decision.numbers["improvement"] == pytest.approx(candidate - champion)


numbers = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
GOOD = judge(good_evidence(), GateSpec().model_dump())


@given(candidate=numbers, champion=numbers, minimum=st.one_of(st.floats(0, 1), st.just(math.nan)), there=st.booleans())
def test_what_is_missing_or_not_finite_never_promotes(
    candidate: float | None, champion: float | None, minimum: float, there: bool
) -> None:
    decision = decide_promotion(
        GOOD,
        candidate_sharpe=candidate,
        champion_version=3 if there else None,
        champion_sharpe=champion,
        min_improvement=minimum,
    )
    proven = candidate is not None and math.isfinite(candidate)
    if there:
        proven = proven and champion is not None and math.isfinite(champion) and math.isfinite(minimum)
    if not proven:
        assert (decision.action, decision.code) == ("staging", ReasonCode.EVIDENCE_NOT_FINITE)
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
