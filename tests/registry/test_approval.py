"""First entry is asked by the gates of today; the way back is open whatever gates there are."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.examples import example
from tests.registry.conftest import NAME
from trading.checks.evidence import Evidence
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.gates.gate import Gate, Limits
from trading.gates.rules import at_most
from trading.gates.table import GATES
from trading.model.bundle import Bundle, load_bundle
from trading.registry.adapter import MlflowRegistry
from trading.registry.approval import changed_questions, judge_again, require_admission, verdict_of
from trading.registry.ledger import Entry, Ledger
from trading.registry.promotion import enter_production, return_to_production
from trading.results import CheckResult

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures" / "release_0_1"
Log = Callable[..., int]
MakeBundle = Callable[..., Bundle]
Table = dict[str, Gate]


COST_SHARE: Gate = example("gate/cost_share.py").COST_SHARE


def added(gates: Table) -> None:
    gates["cost_share"] = COST_SHARE


def renamed(gates: Table) -> None:
    gates["hazard"] = replace(gates.pop("risk"), name="hazard")


def removed(gates: Table) -> None:
    del gates["drift"]


def with_another_threshold(gates: Table) -> None:
    gates["risk"] = replace(gates["risk"], thresholds=(*gates["risk"].thresholds, "max_turnover"))


def with_a_threshold_renamed(gates: Table) -> None:
    gates["drift"] = replace(gates["drift"], thresholds=("max_mean_psi",))


def with_another_check(gates: Table) -> None:
    gates["drift"] = replace(gates["drift"], checks=("drift", "tails"))


CHANGES: dict[Callable[[Table], None], tuple[str, ...]] = {
    added: ("gate cost_share was added",),
    renamed: ("gate hazard was added", "gate risk is not asked any more"),
    removed: ("gate drift is not asked any more",),
    with_another_threshold: ("gate risk asks for the threshold max_turnover now",),
    with_a_threshold_renamed: (
        "gate drift asks for the threshold max_mean_psi now",
        "gate drift does not ask for the threshold max_psi any more",
    ),
    with_another_check: ("gate drift asks for the check tails now",),
}


@pytest.fixture(params=["bundle-1", "bundle-2", "today"])
def bundle(request: pytest.FixtureRequest, make_bundle: MakeBundle) -> Bundle:
    """What release 0.1 wrote, and what this one writes."""
    return make_bundle(1) if request.param == "today" else load_bundle(FIXTURE / request.param)


@pytest.fixture
def fresh(make_bundle: MakeBundle) -> Bundle:
    """A bundle that the gates of today judged."""
    return make_bundle(1)


@pytest.fixture
def gates() -> Iterator[Table]:
    """The table of gates, put back in its order afterwards."""
    before = dict(GATES)
    yield GATES
    GATES.clear()
    GATES.update(before)


@pytest.fixture(params=CHANGES, ids=lambda change: change.__name__)
def changes(request: pytest.FixtureRequest, gates: Table) -> tuple[str, ...]:
    """A table of gates that is not the one the bundle was judged by, and what is different."""
    request.param(gates)
    return CHANGES[request.param]


def test_the_gates_of_today_say_what_the_bundle_says(fresh: Bundle) -> None:
    assert judge_again(fresh) == verdict_of(fresh)
    assert changed_questions(verdict_of(fresh)) == []


@pytest.mark.parametrize("name", ["bundle-1", "bundle-2"])
def test_what_release_0_1_judged_was_asked_less_than_today(name: str) -> None:
    old = load_bundle(FIXTURE / name)
    with pytest.raises(RegistryError) as refused:
        judge_again(old)
    assert refused.value.code is ReasonCode.VERDICT_OUTDATED
    asked = changed_questions(verdict_of(old))
    assert {
        "gate performance asks for the check significance now",
        "gate performance asks for the threshold min_psr now",
    } <= set(asked)


@pytest.mark.parametrize("name", ["bundle-1", "bundle-2"])
def test_a_first_entry_of_release_0_1_is_refused_for_what_it_did_not_measure(name: str) -> None:
    with pytest.raises(RegistryError, match="gate leakage asks for the check drift now") as refused:
        judge_again(load_bundle(FIXTURE / name))
    assert refused.value.code is ReasonCode.VERDICT_OUTDATED
    assert "Train the model again" in refused.value.remedy


def test_a_first_entry_is_refused_by_gates_that_did_not_judge_it_and_says_which(
    fresh: Bundle, changes: tuple[str, ...]
) -> None:
    with pytest.raises(RegistryError) as refused:
        require_admission(fresh, NAME, 1, [])
    assert refused.value.code is ReasonCode.VERDICT_OUTDATED
    assert changed_questions(verdict_of(fresh)) == list(changes)
    assert all(change in refused.value.message for change in changes)
    assert "Train the model again" in refused.value.remedy


def test_only_what_changed_is_named(fresh: Bundle, changes: tuple[str, ...]) -> None:
    assert changed_questions(verdict_of(fresh)) == list(changes)


def test_a_version_that_was_in_production_returns_whatever_gates_there_are_today(
    bundle: Bundle, changes: tuple[str, ...]
) -> None:
    require_admission(bundle, NAME, 1, [entry_of(bundle, "promote"), entry_of(bundle, "archive")])
    with pytest.raises(RegistryError, match="was judged by other gates"):
        require_admission(bundle, NAME, 1, [entry_of(bundle, "stage")])


def test_versions_of_release_0_1_are_rolled_back_to_by_their_own_ledger_whatever_gates_there_are(
    changes: tuple[str, ...], tmp_path: Path
) -> None:
    history = Ledger(shutil.copy(FIXTURE / "ledger.db", tmp_path)).history()
    digests = {entry.version: entry.bundle_digest for entry in history}
    for version in (1, 2):
        bundle = load_bundle(FIXTURE / f"bundle-{version}", expected_digest=digests[version])
        require_admission(bundle, history[0].model_name, version, history)


def test_evidence_that_is_not_the_evidence_judged_is_refused(bundle: Bundle) -> None:
    other = replace(bundle, evidence={**bundle.evidence, "metrics": {**bundle.evidence["metrics"], "sharpe": 99.0}})
    with pytest.raises(RegistryError, match="its verdict is of evidence") as refused:
        judge_again(other)
    assert refused.value.code is ReasonCode.BUNDLE_INVALID


def test_a_verdict_of_another_symbol_is_refused(fresh: Bundle) -> None:
    with pytest.raises(RegistryError, match="its verdict is of MOON") as refused:
        judge_again(replace(fresh, gates={**fresh.gates, "symbol": "MOON"}))
    assert refused.value.code is ReasonCode.BUNDLE_INVALID


def test_a_gate_that_answers_otherwise_today_is_named(fresh: Bundle, gates: Table) -> None:
    usual = gates["risk"].judge

    def stricter(evidence: Evidence, limits: Limits) -> list[CheckResult]:
        return [*usual(evidence, {name: limit / 1_000 for name, limit in limits.items()})]

    gates["risk"] = replace(gates["risk"], judge=stricter)
    with pytest.raises(RegistryError, match="the gates say REJECTED to its evidence, differing in risk") as refused:
        judge_again(fresh)
    assert refused.value.code is ReasonCode.BUNDLE_INVALID


def test_a_gate_that_asks_more_today_makes_the_verdict_outdated(fresh: Bundle, gates: Table) -> None:
    usual = gates["risk"].judge

    def curious(evidence: Evidence, limits: Limits) -> list[CheckResult]:
        return [*usual(evidence, limits), at_most("trades", evidence.metrics.get("trades"), 0, remedy="Trade less.")]

    gates["risk"] = replace(gates["risk"], judge=curious)
    with pytest.raises(RegistryError, match="gate risk asks for trades now") as refused:
        judge_again(fresh)
    assert refused.value.code is ReasonCode.VERDICT_OUTDATED


def test_a_gate_that_only_words_its_reasons_in_another_way_bars_nobody(fresh: Bundle, gates: Table) -> None:
    ask = gates["risk"].judge

    def reworded(evidence: Evidence, limits: Limits) -> list[CheckResult]:
        return [
            rule.model_copy(update={"message": "in other words", "remedy": "do otherwise"})
            for rule in ask(evidence, limits)
        ]

    gates["risk"] = replace(gates["risk"], judge=reworded)
    assert judge_again(fresh) == verdict_of(fresh)


def test_after_a_gate_was_added_a_registered_version_is_rolled_back_to_and_a_new_one_has_to_be_trained_again(
    registry: MlflowRegistry, ledger: Ledger, log: Log, gates: Table
) -> None:
    for seed in range(2):
        enter_production(registry, ledger, NAME, log(seed), reason="better", actor="nightly")
    waiting = log(2)
    added(gates)
    with pytest.raises(RegistryError, match="gate cost_share was added") as refused:
        enter_production(registry, ledger, NAME, waiting, reason="I like it", actor="operator")
    assert refused.value.code is ReasonCode.VERDICT_OUTDATED
    assert return_to_production(registry, ledger, NAME).version == 1


def entry_of(bundle: Bundle, action: str) -> Entry:
    return Entry.model_validate(
        {
            "model_name": NAME,
            "version": 1,
            "bundle_digest": bundle.digest,
            "action": action,
            "row": 1,
            "epoch": 1,
            "at": "2026-11-20T00:00:00+00:00",
            "previous": "0" * 64,
            "hash": "0" * 64,
        }
    )
