"""A gate: a pure function from evidence and thresholds to rules, and the result that says what it asked and decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AllowInfNan, Strict, StrictInt, model_validator

from trading.checks.evidence import Evidence
from trading.codes import ReasonCode
from trading.results import MEASURE_AGAIN, CheckResult, blocking_failures, missing
from trading.values import Measured

Threshold = StrictInt | Annotated[float, Strict(), AllowInfNan(False)]
"""A limit: a finite number, never text."""

Limits = Mapping[str, float | int]
"""Thresholds by name."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A row of the table of gates.

    Attributes:
        name: of the gate.
        judge: from evidence and thresholds to rules, without a clock, randomness or anything else.
        checks: sections of the evidence that it reads; beside them it sees metrics and live record.
        thresholds: that it reads, by their names in the table ``[gates]`` of the settings.
    """

    name: str
    judge: Callable[[Evidence, Limits], Sequence[CheckResult]]
    checks: tuple[str, ...] = ()
    thresholds: tuple[str, ...] = ()


class GateResult(Measured):
    """What one gate asked and decided, and every rule it looked at.

    It agrees with its rules, or it cannot be read.

    Attributes:
        name: the gate.
        passed: whether the candidate may go on.
        conditional: passed only because there is nothing to compare with yet; the verdict restricts such a model.
        code: reason of the first rule that failed, or of the condition, else OK.
        reason: one sentence for the person who reads the verdict.
        remedy: what can be done next; empty when there is nothing to do.
        checks: sections of the evidence that it read.
        thresholds: the limits it judged by, by name.
        rules: every rule, passed or not, in a fixed order.
    """

    name: str
    passed: bool
    conditional: bool
    code: ReasonCode
    reason: str
    remedy: str
    checks: tuple[str, ...]
    thresholds: dict[str, Threshold]
    rules: tuple[CheckResult, ...]

    @model_validator(mode="after")
    def _agrees_with_its_rules(self) -> GateResult:
        if (self.passed, self.conditional) != _outcome(self.rules):
            raise ValueError(f"gate {self.name} does not agree with its rules")
        return self


def ask_gate(gate: Gate, evidence: Evidence, thresholds: Limits) -> GateResult:
    """What a gate decides.

    The gate is shown the sections and the thresholds that its row names, and no others: so its result says truly what
    it rests on. All rules that block must pass, and a gate without rules fails. A rule that did not pass but only warns
    makes the result conditional.

    Args:
        gate: the row.
        evidence: of the candidate.
        thresholds: of all gates, by name.

    Raises:
        ValueError: if a threshold is not given, or a section of the evidence is not what its check writes.
    """
    unknown = [name for name in gate.thresholds if name not in thresholds]
    if unknown:
        raise ValueError(f"gate {gate.name} judges by {', '.join(unknown)}, which the thresholds do not name")
    limits = {name: thresholds[name] for name in gate.thresholds}
    shown = {name: evidence.checks[name] for name in gate.checks if name in evidence.checks}
    rules = tuple(gate.judge(evidence.model_copy(update={"checks": shown}), limits))
    if not rules:
        rules = (missing(gate.name, None, MEASURE_AGAIN),)
    passed, conditional = _outcome(rules)
    deciding = blocking_failures(rules) or [rule for rule in rules if not rule.passed]
    return GateResult(
        name=gate.name,
        passed=passed,
        conditional=conditional,
        code=deciding[0].code if deciding else ReasonCode.OK,
        reason="; ".join(rule.message or f"{rule.name} did not pass" for rule in deciding)
        if deciding
        else "all rules hold",
        remedy=" ".join(dict.fromkeys(rule.remedy for rule in deciding if rule.remedy)),
        checks=gate.checks,
        thresholds=limits,
        rules=rules,
    )


def _outcome(rules: Sequence[CheckResult]) -> tuple[bool, bool]:
    """Whether rules pass, and whether under a condition only."""
    passed = bool(rules) and not blocking_failures(rules)
    return passed, passed and any(not rule.passed for rule in rules)
