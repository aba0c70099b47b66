"""What release 0.1 wrote must be read, judged alike and refused if edited, for ever."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from trading.canonical import canonical_json, digest_of, parse_json
from trading.checks.drift import DriftEvidence
from trading.checks.evidence import read_evidence
from trading.checks.leakage import LeakageEvidence
from trading.checks.stress import StressEvidence
from trading.codes import ReasonCode
from trading.gates.table import GATES
from trading.gates.verdict import Verdict, judge, read_verdict
from trading.results import CheckResult
from trading.settings.models import GateSpec

TESTS = Path(__file__).resolve().parents[1]
BUNDLES = sorted((TESTS / "fixtures" / "release_0_1").glob("bundle-*"))
NIGHTS = sorted((TESTS / "fixtures" / "release_0_1" / "nights").glob("*.json"))


def stored(bundle: Path, name: str) -> Any:
    return parse_json((bundle / name).read_bytes())


@pytest.fixture(params=BUNDLES, ids=lambda path: path.name)
def bundle(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_evidence_of_release_0_1_reads_with_every_number_in_its_section(bundle: Path):
    before, after = stored(bundle, "evidence.json"), read_evidence(stored(bundle, "evidence.json"))
    assert (after.schema_version, after.symbol, after.inputs) == (2, before["symbol"], before["inputs"])
    assert after.as_json()["metrics"] == before["metrics"]
    assert after.as_json()["live"] == before["live"]
    assert after.checks["stress"] == {"results": before["stress"]}
    assert {name: after.checks[name] for name in ("calibration", "leakage")} == {
        name: before[name] for name in ("calibration", "leakage")
    }
    expected = after.checks["drift"]["expected"]
    assert after.checks["drift"] == {**before["drift"], "expected": expected}
    assert sorted(expected) == sorted(before["drift"]["psi"])
    assert [result.name for result in after.section(StressEvidence).results] == [
        row["name"] for row in before["stress"]
    ]
    assert len(after.section(LeakageEvidence).results) == 3
    assert after.section(DriftEvidence).unmeasured == ()


def test_a_verdict_of_release_0_1_reads_with_the_gates_and_thresholds_that_it_names(bundle: Path):
    before, after = stored(bundle, "gates.json"), read_verdict(stored(bundle, "gates.json"))
    assert after.thresholds == before["thresholds"]
    for name in ("symbol", "decision", "admission", "paper_only", "evidence_digest"):
        assert getattr(after, name) == before[name]
    asked = [
        {key: gate[key] for key in gate if key not in ("checks", "thresholds")} for gate in after.as_json()["gates"]
    ]
    assert asked == before["gates"]
    assert read_verdict(parse_json(canonical_json(after.as_json()))) == after


def test_the_digest_in_a_verdict_of_release_0_1_is_that_of_its_evidence_as_stored(bundle: Path):
    evidence = stored(bundle, "evidence.json")
    assert digest_of(evidence) == read_verdict(stored(bundle, "gates.json")).evidence_digest
    assert digest_of(evidence) != read_evidence(evidence).digest()


@pytest.mark.parametrize("path", NIGHTS, ids=lambda path: path.stem)
def test_the_rules_of_release_0_1_say_of_the_evidence_of_its_nights_what_they_said(path: Path):
    night = json.loads(path.read_text())
    evidence = read_evidence({**night["evidence"], "inputs": {}})
    before = read_verdict({**night["verdict"], "evidence_digest": evidence.digest()})
    then, now = rules_of(before), rules_of(judge(evidence, today_with(before)))
    # A flat calibrator was noted then, and fails now.
    then.pop(("calibration", "informative"), None)
    assert {name: decided(now[name]) for name in then} == {name: decided(rule) for name, rule in then.items()}


@pytest.mark.parametrize("path", NIGHTS, ids=lambda path: path.stem)
def test_evidence_of_release_0_1_says_nothing_of_the_skill_of_confidence_and_fails_for_it(path: Path):
    night = json.loads(path.read_text())
    before = read_verdict({**night["verdict"], "evidence_digest": ""})
    now = rules_of(judge(read_evidence({**night["evidence"], "inputs": {}}), today_with(before)))
    assert now["calibration", "brier_skill"].code is ReasonCode.EVIDENCE_MISSING


def rules_of(verdict: Verdict) -> dict[tuple[str, str], CheckResult]:
    return {(gate.name, rule.name): rule for gate in verdict.gates for rule in gate.rules}


def decided(rule: CheckResult) -> dict[str, Any]:
    """What a rule says, in whatever words."""
    return rule.model_dump(exclude={"message", "remedy"})


def today_with(verdict: Verdict) -> dict[str, Any]:
    """The thresholds that a verdict names, and those of today that it does not know."""
    return GateSpec().model_dump() | verdict.thresholds


@pytest.mark.parametrize(
    "edit",
    [
        lambda verdict: verdict.update(decision="REJECTED"),
        lambda verdict: verdict.update(paper_only=not verdict["paper_only"]),
        lambda verdict: verdict.update(admission="NEVER"),
        lambda verdict: verdict["gates"].pop(),
        lambda verdict: verdict["gates"].reverse(),
        lambda verdict: verdict["gates"][0].update(passed=False),
        lambda verdict: verdict["gates"][0]["rules"][1].update(passed=False),
        lambda verdict: verdict["gates"][0].pop("name"),
        lambda verdict: verdict["thresholds"].pop("max_psi"),
        lambda verdict: verdict["thresholds"].update(max_moons=1),
        lambda verdict: verdict["thresholds"].update(max_psi="NaN"),
        lambda verdict: verdict.update(gates=None),
        lambda verdict: verdict.update(schema_version=1),
    ],
)
def test_a_verdict_of_release_0_1_that_was_edited_does_not_load(bundle: Path, edit: Any):
    verdict = stored(bundle, "gates.json")
    edit(verdict)
    with pytest.raises(ValueError):
        read_verdict(verdict)


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        (lambda evidence: evidence.pop("stress"), "stress"),
        (lambda evidence: evidence.update(moon=1), "moon"),
        (lambda evidence: evidence.update(schema_version=9), "9"),
        (lambda evidence: evidence.update(drift=[]), "drift"),
        (lambda evidence: evidence.update(metrics=None), "metrics"),
    ],
)
def test_evidence_of_release_0_1_that_was_edited_does_not_load(bundle: Path, edit: Any, named: str):
    evidence = stored(bundle, "evidence.json")
    edit(evidence)
    with pytest.raises(ValueError, match=named):
        read_evidence(evidence)


def test_a_check_that_did_not_run_in_release_0_1_is_no_section():
    night = json.loads(NIGHTS[0].read_text())
    evidence = read_evidence({**night["evidence"], "inputs": {}, "drift": None})
    assert "drift" not in evidence.checks
    assert (
        judge(evidence, today_with(read_verdict({**night["verdict"], "evidence_digest": ""}))).failed[-1].name
        == "drift"
    )


def test_what_is_read_is_left_as_it_was(bundle: Path):
    evidence, verdict = stored(bundle, "evidence.json"), stored(bundle, "gates.json")
    before = deepcopy((evidence, verdict))
    judge(read_evidence(evidence), today_with(read_verdict(verdict)))
    assert (evidence, verdict) == before
    assert list(GATES) == [gate["name"] for gate in verdict["gates"]]
