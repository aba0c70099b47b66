"""The verdict: seven gate results as one immutable, comparable value, and the rule of who may enter Production."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import model_validator

from trading.checks.evidence import Evidence
from trading.codes import ReasonCode
from trading.gates.gates import GATES
from trading.gates.rules import GateResult
from trading.results import CheckResult, blocking_failures, rule
from trading.settings.models import GateSpec
from trading.values import Measured


class Admission(StrEnum):
    """Under which condition a verdict admits to Production."""

    NEVER = "NEVER"
    IF_EMPTY_ON_PAPER = "IF_EMPTY_ON_PAPER"
    IF_BETTER = "IF_BETTER"


class Row(Measured):
    """One line of the table that cards, artifacts and the command line draw."""

    gate: str
    rule: str
    observed: str
    threshold: str
    outcome: Literal["pass", "FAIL", "note"]
    code: str
    message: str
    remedy: str


class Verdict(Measured):
    """What the seven gates decided about one candidate.

    Anyone who holds the evidence can repeat it: ``judge(evidence, verdict.thresholds) == verdict``.

    Attributes:
        decision: APPROVED if every gate passed.
        admission: when an approved version may enter Production; promotion reads this and no other rule.
        paper_only: approved without a live record, so it may only trade on paper.
        evidence_digest: SHA-256 of the evidence judged.
        thresholds: the limits it was judged by.
        gates: all seven, in order.
    """

    symbol: str
    decision: Literal["APPROVED", "REJECTED"]
    admission: Admission
    paper_only: bool
    evidence_digest: str
    thresholds: GateSpec
    gates: tuple[GateResult, ...]

    @model_validator(mode="after")
    def _agrees_with_its_gates(self) -> Verdict:
        if tuple(gate.name for gate in self.gates) != tuple(GATES):
            raise ValueError(f"a verdict holds the gates {', '.join(GATES)} in this order")
        for gate in self.gates:
            if gate.passed != (bool(gate.rules) and not blocking_failures(list(gate.rules))):
                raise ValueError(f"gate {gate.name} does not agree with its rules")
        approved = all(gate.passed for gate in self.gates)
        conditional = approved and any(gate.conditional for gate in self.gates)
        if (self.decision == "APPROVED", self.paper_only) != (approved, conditional):
            raise ValueError("decision and paper_only do not agree with the gates")
        if self.admission is not _admission(approved, conditional):
            raise ValueError("admission does not agree with the gates")
        return self

    @property
    def approved(self) -> bool:
        """Whether all seven gates passed."""
        return self.decision == "APPROVED"

    @property
    def failed(self) -> tuple[GateResult, ...]:
        """The gates that did not pass, in order."""
        return tuple(gate for gate in self.gates if not gate.passed)

    def may_enter_production(self, *, production_exists: bool) -> CheckResult:
        """Whether this verdict alone allows Production; beating the champion is a separate question."""
        if self.admission is Admission.NEVER:
            return rule(
                "admission",
                False,
                self.decision,
                "APPROVED",
                ReasonCode.MODEL_NOT_APPROVED,
                f"rejected by {', '.join(gate.name for gate in self.failed)}",
                " ".join(dict.fromkeys(gate.remedy for gate in self.failed if gate.remedy)),
            )
        return rule(
            "admission",
            self.admission is Admission.IF_BETTER or not production_exists,
            self.admission.value,
            None,
            ReasonCode.LIVE_RECORD_MISSING,
            "approved without a live record, and a version is already in Production",
            "Let `sevengates live` trade the version in Production on paper, then run a later night.",
        )

    def rows(self) -> list[Row]:
        """Every rule of every gate as text, in order."""
        return [
            Row(
                gate=gate.name,
                rule=item.name,
                observed=_text(item.observed),
                threshold=_text(item.threshold),
                outcome="pass" if item.passed else "FAIL" if item.severity == "block" else "note",
                code=str(item.code),
                message=item.message,
                remedy=item.remedy,
            )
            for gate in self.gates
            for item in gate.rules
        ]


def judge(evidence: Evidence, thresholds: GateSpec) -> Verdict:
    """Ask all seven gates; the same evidence and thresholds always give the same verdict."""
    gates = tuple(gate(evidence, thresholds) for gate in GATES.values())
    approved = all(gate.passed for gate in gates)
    conditional = approved and any(gate.conditional for gate in gates)
    return Verdict(
        symbol=evidence.symbol,
        decision="APPROVED" if approved else "REJECTED",
        admission=_admission(approved, conditional),
        paper_only=conditional,
        evidence_digest=evidence.digest(),
        thresholds=thresholds,
        gates=gates,
    )


def _admission(approved: bool, conditional: bool) -> Admission:
    if not approved:
        return Admission.NEVER
    return Admission.IF_EMPTY_ON_PAPER if conditional else Admission.IF_BETTER


def _text(value: float | int | str | None) -> str:
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    # Counts are kept as floats beside shares and ratios; they read better without decimals.
    return f"{value:.0f}" if value.is_integer() else f"{value:.4f}"
