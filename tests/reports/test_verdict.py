from __future__ import annotations

from tests.checks.samples import good_evidence, without_section
from trading.gates.verdict import judge
from trading.reports.verdict import verdict_markdown
from trading.settings.models import GateSpec

LIMITS = GateSpec().model_dump()


def test_the_page_shows_the_decision_every_gate_and_every_rule() -> None:
    verdict = judge(without_section(good_evidence(), "calibration"), LIMITS)
    page = verdict_markdown(verdict)
    assert page.startswith("**REJECTED**: SIM")
    assert all(f"| {gate.name} |" in page for gate in verdict.gates)
    assert all(f"| {row.gate} | {row.rule} |" in page for row in verdict.rows())
    assert "| calibration | brier | - | 0.2500 | FAIL | EVIDENCE_MISSING |" in page


def test_a_gate_that_passed_for_want_of_a_record_says_so() -> None:
    page = verdict_markdown(judge(good_evidence(live=False), LIMITS))
    assert page.startswith("**APPROVED** (paper only): SIM")
    assert "| live_consistency | pass, no record yet |" in page
