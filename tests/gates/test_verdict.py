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

from trading.canonical import canonical_json
from trading.checks.evidence import LEAKAGE_CHECKS, SCENARIOS, DriftEvidence, Evidence, LiveRecord
from trading.codes import ReasonCode
from trading.gates.verdict import Admission, Verdict, judge
from trading.settings.models import GateSpec

LIMITS = GateSpec()
ORDER = ["performance", "risk", "calibration", "stress", "leakage", "drift", "live_consistency"]
NUMBERS = st.one_of(st.none(), st.floats(), st.integers(-(10**20), 10**20))
ANY_EVIDENCE = st.builds(
    Evidence,
    symbol=st.text(max_size=5),
    metrics=st.dictionaries(st.sampled_from(["sharpe", "trades", "max_drawdown", "sortino"]), NUMBERS),
    drift=st.one_of(
        st.none(),
        st.builds(DriftEvidence, psi=st.dictionaries(st.sampled_from("ab"), NUMBERS), ks=st.just({"a": 0.1})),
    ),
    live=st.one_of(st.none(), st.builds(LiveRecord, bars=NUMBERS, sharpe=NUMBERS, backtest_sharpe=NUMBERS)),
)


@given(evidence=ANY_EVIDENCE)
def test_any_evidence_gives_seven_results_in_order_and_the_same_ones_again(evidence: Evidence):
    verdict = judge(evidence, LIMITS)
    assert [gate.name for gate in verdict.gates] == ORDER
    assert judge(evidence, LIMITS) == verdict


@given(evidence=ANY_EVIDENCE)
def test_evidence_and_verdict_come_back_from_json_as_they_were(evidence: Evidence):
    back = Evidence.model_validate_json(evidence.model_dump_json())
    assert back.digest() == evidence.digest()
    verdict = judge(evidence, LIMITS)
    stored = canonical_json(verdict.as_json())
    assert Verdict.model_validate_json(stored) == verdict
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
    assert "sevengates live" in refused.remedy


def test_a_rejected_model_never_enters_production_and_says_which_gates_refused(good: Evidence):
    poor = good.model_copy(update={"metrics": {**good.metrics, "sharpe": math.nan, "max_drawdown": 0.5}, "live": None})
    verdict = judge(poor, LIMITS)
    assert (verdict.decision, verdict.paper_only) == ("REJECTED", False)
    refused = verdict.may_enter_production(production_exists=False)
    assert refused.code is ReasonCode.MODEL_NOT_APPROVED
    assert "performance, risk" in refused.message


def test_thresholds_are_the_owners_to_change(good: Evidence):
    assert not judge(good, GateSpec(min_sharpe=1.9)).approved
    assert judge(good, GateSpec(min_sharpe=1.9)).thresholds.min_sharpe == 1.9


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "APPROVED"},
        {"admission": "IF_BETTER"},
        {"paper_only": True},
        {"gates": []},
    ],
    ids=str,
)
def test_a_verdict_edited_by_hand_does_not_load(good: Evidence, change: dict[str, Any]):
    data = judge(good.model_copy(update={"calibration": None}), LIMITS).as_json()
    with pytest.raises(ValidationError):
        Verdict.model_validate({**data, **change})


def test_a_gate_result_edited_by_hand_does_not_load(good: Evidence):
    data = judge(good.model_copy(update={"calibration": None}), LIMITS).as_json()
    for gate in data["gates"]:
        gate["passed"] = True
    with pytest.raises(ValidationError, match="does not agree with its rules"):
        Verdict.model_validate({**data, "decision": "APPROVED", "admission": "IF_BETTER"})


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
