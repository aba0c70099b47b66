from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.checks.samples import PROVEN_RECORD, with_number, without_section
from tests.gates.asked import LIMITS, assert_reads_well
from trading.canonical import canonical_json, parse_json
from trading.checks.drift import DriftEvidence
from trading.checks.evidence import Evidence, LiveRecord, gather, read_evidence
from trading.checks.leakage import LEAKAGE_CHECKS
from trading.checks.scenarios import SCENARIOS
from trading.codes import ReasonCode
from trading.gates.table import GATES
from trading.gates.verdict import Admission, judge, read_verdict
from trading.results import MEASURE_AGAIN
from trading.settings.models import GateSpec

ORDER = list(GATES)
NUMBERS = st.one_of(st.none(), st.floats(), st.integers(-(10**20), 10**20))
ANY_EVIDENCE = st.builds(
    gather,
    st.text(max_size=5),
    inputs=st.just({}),
    metrics=st.dictionaries(st.sampled_from(["sharpe", "trades", "max_drawdown", "sortino"]), NUMBERS),
    checks=st.lists(
        st.builds(DriftEvidence, psi=st.dictionaries(st.sampled_from("ab"), NUMBERS), ks=st.just({"a": 0.1})),
        max_size=1,
    ),
    live=st.one_of(st.none(), st.builds(LiveRecord, bars=NUMBERS, sharpe=NUMBERS, backtest_sharpe=NUMBERS)),
)


@given(evidence=ANY_EVIDENCE)
def test_any_evidence_gives_every_result_in_order_and_the_same_ones_again(evidence: Evidence):
    verdict = judge(evidence, LIMITS)
    assert [gate.name for gate in verdict.gates] == ORDER
    assert judge(evidence, LIMITS) == verdict


@given(evidence=ANY_EVIDENCE)
def test_evidence_and_verdict_come_back_from_json_as_they_were(evidence: Evidence):
    back = read_evidence(parse_json(canonical_json(evidence.as_json())))
    assert back.digest() == evidence.digest()
    verdict = judge(evidence, LIMITS)
    assert read_verdict(parse_json(canonical_json(verdict.as_json()))) == verdict
    assert judge(back, LIMITS) == verdict


def test_a_good_candidate_is_approved_and_may_replace_a_champion(good: Evidence):
    verdict = judge(good, LIMITS)
    assert (verdict.decision, verdict.admission, verdict.paper_only) == ("APPROVED", Admission.IF_BETTER, False)
    assert verdict.may_enter_production(production_exists=True).passed


def test_without_a_live_record_an_approved_model_enters_production_only_when_nothing_is_there(good: Evidence):
    verdict = judge(good.model_copy(update={"live": None}), LIMITS)
    assert (verdict.decision, verdict.paper_only) == ("APPROVED", True)
    assert verdict.may_enter_production(production_exists=False).passed
    refused = verdict.may_enter_production(production_exists=True)
    assert (refused.passed, refused.code) == (False, ReasonCode.LIVE_RECORD_MISSING)
    assert (refused.name, refused.observed, refused.threshold) == ("admission", "IF_EMPTY_ON_PAPER", None)
    assert "a version is already in Production (there is no live record of this symbol yet" in refused.message
    assert refused.remedy.startswith("Let `sevengates live` trade the version in Production on paper")
    assert_reads_well(refused)


def test_a_record_that_proves_nothing_yet_keeps_production_closed_by_its_own_code(good: Evidence):
    unproven = PROVEN_RECORD.model_copy(update={"e_value": 1.0})
    verdict = judge(good.model_copy(update={"live": unproven}), LIMITS)
    refused = verdict.may_enter_production(production_exists=True)
    assert (refused.passed, refused.code) == (False, ReasonCode.LIVE_UNPROVEN)
    assert refused.message.endswith("(live_e_value 1 is under 20)")


def test_a_rejected_model_never_enters_production_and_says_which_gates_refused(good: Evidence):
    poor = good.model_copy(update={"metrics": {**good.metrics, "sharpe": math.nan, "max_drawdown": 0.5}, "live": None})
    verdict = judge(poor, LIMITS)
    assert (verdict.decision, verdict.paper_only) == ("REJECTED", False)
    refused = verdict.may_enter_production(production_exists=False)
    assert refused.code is ReasonCode.MODEL_NOT_APPROVED
    assert (refused.name, refused.observed, refused.threshold) == ("admission", "REJECTED", "APPROVED")
    assert refused.message == "rejected by performance, risk"
    performance, risk = verdict.failed
    assert refused.remedy == f"{performance.remedy} {risk.remedy}"
    assert_reads_well(refused)


def test_the_same_advice_of_two_gates_is_given_once(good: Evidence):
    verdict = judge(without_section(without_section(good, "calibration"), "stress"), LIMITS)
    assert [gate.name for gate in verdict.failed] == ["calibration", "stress"]
    assert verdict.may_enter_production(production_exists=False).remedy == MEASURE_AGAIN


@pytest.mark.parametrize(
    ("gate", "rule", "observed", "threshold", "outcome", "code"),
    [
        ("performance", "sharpe", "0.5000", "1", "FAIL", "BELOW_MINIMUM"),
        ("performance", "win_rate", "0.5600", "0.5000", "pass", "OK"),
        ("performance", "trades", "120", "50", "pass", "OK"),
        ("performance", "baselines_beaten", "1", "0", "note", "BASELINES_NOT_BEATEN"),
        ("performance", "dsr", "0.9700", "0", "pass", "OK"),
        ("risk", "volatility", "-", "0.3000", "FAIL", "EVIDENCE_MISSING"),
        ("risk", "max_drawdown", "nan", "0.1500", "FAIL", "EVIDENCE_NOT_FINITE"),
        ("leakage", "fit_scaler", "1970-01-01 00:00:01 UTC", "1970-01-01 00:00:01 UTC", "pass", "OK"),
        ("live_consistency", "live_bars", "-", "200", "note", "LIVE_RECORD_MISSING"),
    ],
)
def test_a_row_shows_a_rule_as_text_and_whether_it_stops_the_candidate(
    good: Evidence, gate: str, rule: str, observed: str, threshold: str, outcome: str, code: str
):
    spoiled = with_number(good, ("checks", "baselines", "results", "0", "difference"), -0.1)
    for name, value in (("sharpe", 0.5), ("volatility", None), ("max_drawdown", math.nan)):
        spoiled = with_number(spoiled, ("metrics", name), value)
    verdict = judge(spoiled.model_copy(update={"live": None}), LIMITS)
    (row,) = (row for row in verdict.rows() if (row.gate, row.rule) == (gate, rule))
    assert (row.observed, row.threshold, row.outcome, row.code) == (observed, threshold, outcome, code)
    (told,) = (item for result in verdict.gates for item in result.rules if (result.name, item.name) == (gate, rule))
    assert (row.message, row.remedy) == (told.message, told.remedy)


def test_thresholds_are_the_owners_to_change(good: Evidence):
    verdict = judge(good, {**LIMITS, "min_sharpe": 1.9})
    assert not verdict.approved
    assert verdict.thresholds == {**LIMITS, "min_sharpe": 1.9}


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "APPROVED"},
        {"admission": "IF_BETTER"},
        {"paper_only": True},
        {"gates": []},
        {"schema_version": 3},
    ],
    ids=str,
)
def test_a_verdict_edited_by_hand_does_not_load(good: Evidence, change: dict[str, Any]):
    data = judge(without_section(good, "calibration"), LIMITS).as_json()
    with pytest.raises(ValueError, match=r"at least one gate|do not agree with the gates|schema_version 3"):
        read_verdict({**data, **change})


def test_a_gate_result_edited_by_hand_does_not_load(good: Evidence):
    data = judge(without_section(good, "calibration"), LIMITS).as_json()
    for gate in data["gates"]:
        gate["passed"] = True
    with pytest.raises(ValidationError, match="does not agree with its rules"):
        read_verdict({**data, "decision": "APPROVED", "admission": "IF_BETTER"})


def test_a_condition_that_is_taken_away_by_hand_does_not_load(good: Evidence):
    data = judge(good.model_copy(update={"live": None}), LIMITS).as_json()
    data["gates"][-1]["conditional"] = False
    with pytest.raises(ValidationError, match="does not agree with its rules"):
        read_verdict({**data, "admission": "IF_BETTER", "paper_only": False})


def test_a_verdict_that_lists_a_gate_twice_or_two_limits_of_one_name_does_not_load(good: Evidence):
    data = judge(good, LIMITS).as_json()
    with pytest.raises(ValidationError, match="each once"):
        read_verdict({**data, "gates": [*data["gates"], data["gates"][0]]})
    data["gates"][1]["thresholds"]["min_sharpe"] = -9.0
    with pytest.raises(ValidationError, match="min_sharpe"):
        read_verdict(data)


@pytest.mark.parametrize("limit", ["NaN", "Infinity", "1.0", None, True])
def test_a_threshold_that_is_no_finite_number_does_not_load(good: Evidence, limit: Any):
    data = judge(good, LIMITS).as_json()
    data["gates"][0]["thresholds"]["min_sharpe"] = limit
    with pytest.raises(ValidationError, match="min_sharpe"):
        read_verdict(data)


def test_json_of_a_verdict_is_strict_json(good: Evidence):
    spoiled = good.model_copy(update={"metrics": {**good.metrics, "sharpe": math.inf}})
    text = judge(spoiled, LIMITS).model_dump_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


def test_gates_load_nothing_heavy():
    heavy = ("evidently", "numba", "pandas", "scipy", "sklearn", "torch")
    code = f"import sys, trading.gates.verdict as v; print([m for m in {heavy!r} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_the_page_about_the_gates_names_every_gate_limit_and_scenario():
    page = (Path(__file__).parents[2] / "docs" / "gates.md").read_text()
    for name in (*ORDER, *SCENARIOS, *LEAKAGE_CHECKS, *(f"`{field}`" for field in GateSpec.model_fields)):
        assert name in page, name
    for name, field in GateSpec.model_fields.items():
        row = next(line for line in page.splitlines() if line.startswith("|") and f"`{name}`" in line)
        assert float(row.split("|")[4].split()[-1]) == field.default, row
