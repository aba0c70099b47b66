"""One rule of one gate, and what has to be true of every sentence that a person reads of it."""

from __future__ import annotations

import re

from trading.checks.evidence import Evidence
from trading.gates.gate import Limits, ask_gate
from trading.gates.table import GATES
from trading.results import CheckResult
from trading.settings.models import GateSpec, SevengatesSettings

LIMITS: Limits = GateSpec().model_dump()
TABLES = SevengatesSettings.model_fields


def rule_of(evidence: Evidence, gate: str, name: str, **limits: float) -> CheckResult:
    """The rule of this name, by the default limits but for those given."""
    (found,) = (rule for rule in ask_gate(GATES[gate], evidence, {**LIMITS, **limits}).rules if rule.name == name)
    return found


def assert_reads_well(rule: CheckResult) -> None:
    """A message goes on after a colon, a remedy is whole sentences and names settings that there are."""
    assert re.match(r"[a-z0-9]", rule.message), rule.message
    assert re.fullmatch(r"[A-Z].*\.", rule.remedy), rule.remedy
    text = f"{rule.message} {rule.remedy}"
    # Neither codes nor words in capitals.
    assert not re.search(r"[A-Z]{2}", text), text
    for table, field in re.findall(r"\b([a-z]+)\.([a-z_]+)", rule.remedy):
        assert table in TABLES, rule.remedy
        assert field in type(TABLES[table].default).model_fields, rule.remedy
