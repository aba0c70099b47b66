"""A gate from outside the package judges with the others, and its verdict is read when it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.examples import example
from trading.canonical import canonical_json, parse_json
from trading.checks.evidence import Evidence
from trading.codes import ReasonCode
from trading.gates.gate import Limits
from trading.gates.table import GATES
from trading.gates.verdict import judge, read_verdict
from trading.settings.models import GateSpec

LIMITS: Limits = {**GateSpec().model_dump(), "max_cost_share": 0.4}


@pytest.fixture
def with_gate() -> Iterator[pytest.MonkeyPatch]:
    """The example of a gate in the table, until the patch is undone."""
    gate = example("gate/cost_share.py").COST_SHARE
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(GATES, gate.name, gate)
        yield patch


def paying(evidence: Evidence, share: float | None) -> Evidence:
    return evidence.model_copy(update={"metrics": {**evidence.metrics, "cost_share": share}})


@pytest.mark.parametrize(
    ("share", "code"),
    [
        (0.4, ReasonCode.OK),
        (0.41, ReasonCode.ABOVE_MAXIMUM),
        (None, ReasonCode.EVIDENCE_MISSING),
        (float("nan"), ReasonCode.EVIDENCE_NOT_FINITE),
    ],
)
def test_a_gate_of_the_documentation_judges_beside_the_others(
    with_gate: Any, good: Evidence, share: float | None, code: ReasonCode
):
    verdict = judge(paying(good, share), LIMITS)
    assert [gate.name for gate in verdict.gates] == [*GATES]
    assert verdict.gates[-1].code is code
    assert verdict.approved is (code is ReasonCode.OK)
    assert verdict.gates[-1].thresholds == {"max_cost_share": 0.4}
    assert [row.rule for row in verdict.rows() if row.gate == "cost_share"] == ["cost_share"]


def test_the_verdict_of_a_gate_of_the_documentation_is_read_when_the_gate_is_gone(
    with_gate: pytest.MonkeyPatch, good: Evidence
):
    verdict = judge(paying(good, 0.1), LIMITS)
    with_gate.undo()
    assert "cost_share" not in GATES
    back = read_verdict(parse_json(canonical_json(verdict.as_json())))
    assert back == verdict
    assert back.thresholds == LIMITS
