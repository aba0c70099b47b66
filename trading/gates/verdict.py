"""The verdict: the gates' results as one immutable value with a schema of its own, and who may enter Production by it.

A verdict outlives the release that gave it: it is read by the gates and thresholds that it names itself, whatever gates
there are today. :mod:`trading.registry.approval` says when today's gates are asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import model_validator

from trading.checks.evidence import Evidence
from trading.codes import ReasonCode
from trading.gates.gate import Gate, GateResult, Limits, Threshold, ask_gate
from trading.gates.table import GATES
from trading.gates.upgrades import SCHEMA_VERSION, upgraded_verdict
from trading.results import CheckResult, rule
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
    """What the gates decided about one candidate.

    Anyone who holds the evidence can repeat it: ``judge(evidence, verdict.thresholds) == verdict``.

    Attributes:
        schema_version: of this schema; :func:`read_verdict` reads earlier ones.
        symbol: the market.
        decision: APPROVED if every gate passed.
        admission: when an approved version may enter Production; promotion reads this and no other rule.
        paper_only: approved without a live record that proves a gain, so it may only trade on paper.
        evidence_digest: SHA-256 of the evidence judged, as it was stored.
        gates: what each gate asked and decided, in order.
    """

    schema_version: Literal[2] = SCHEMA_VERSION
    symbol: str
    decision: Literal["APPROVED", "REJECTED"]
    admission: Admission
    paper_only: bool
    evidence_digest: str
    gates: tuple[GateResult, ...]

    @model_validator(mode="after")
    def _agrees_with_its_gates(self) -> Verdict:
        names = [gate.name for gate in self.gates]
        if not names or len(set(names)) != len(names):
            raise ValueError("a verdict holds at least one gate, and each once")
        for gate in self.gates:
            differing = [name for name, limit in gate.thresholds.items() if limit != self.thresholds[name]]
            if differing:
                raise ValueError(f"two gates were given different thresholds {', '.join(differing)}")
        if (self.decision, self.admission, self.paper_only) != _decided(self.gates):
            raise ValueError("decision, admission and paper_only do not agree with the gates")
        return self

    @property
    def thresholds(self) -> dict[str, Threshold]:
        """The limits it was judged by, of all gates."""
        return {name: limit for gate in self.gates for name, limit in gate.thresholds.items()}

    @property
    def approved(self) -> bool:
        """Whether every gate passed."""
        return self.decision == "APPROVED"

    @property
    def failed(self) -> tuple[GateResult, ...]:
        """The gates that did not pass, in order."""
        return tuple(gate for gate in self.gates if not gate.passed)

    def may_enter_production(self, *, production_exists: bool) -> CheckResult:
        """Whether this verdict alone allows Production; beating the champion is a separate question.

        Args:
            production_exists: whether another version is in Production now.
        """
        if self.admission is Admission.NEVER:
            return rule(
                "admission",
                passed=False,
                observed=self.decision,
                threshold="APPROVED",
                code=ReasonCode.MODEL_NOT_APPROVED,
                message=f"rejected by {', '.join(gate.name for gate in self.failed)}",
                remedy=" ".join(dict.fromkeys(gate.remedy for gate in self.failed if gate.remedy)),
            )
        why = next((gate for gate in self.gates if gate.conditional), None)
        return rule(
            "admission",
            passed=self.admission is Admission.IF_BETTER or not production_exists,
            observed=self.admission.value,
            threshold=None,
            code=ReasonCode.LIVE_RECORD_MISSING if why is None else why.code,
            message="approved without a live record that proves a gain, and a version is already in Production"
            + ("" if why is None else f" ({why.reason})"),
            remedy="Let `sevengates live` trade the version in Production on paper, then run a later night.",
        )

    def rows(self) -> list[Row]:
        """Every rule of every gate as text, in order."""
        return [
            Row(
                gate=gate.name,
                rule=item.name,
                observed=_text(item.observed),
                threshold=_text(item.threshold),
                outcome=_outcome(item),
                code=str(item.code),
                message=item.message,
                remedy=item.remedy,
            )
            for gate in self.gates
            for item in gate.rules
        ]


def judge(evidence: Evidence, thresholds: Limits, gates: Mapping[str, Gate] = GATES) -> Verdict:
    """Ask every gate; the same evidence and thresholds always give the same verdict.

    Args:
        evidence: of the candidate.
        thresholds: of all gates, by name.
        gates: the table of gates.

    Raises:
        ValueError: if a gate needs a threshold that is not given, or a section of the evidence is not what its check
            writes.
    """
    results = tuple(ask_gate(gate, evidence, thresholds) for gate in gates.values())
    decision, admission, paper_only = _decided(results)
    return Verdict(
        symbol=evidence.symbol,
        decision=decision,
        admission=admission,
        paper_only=paper_only,
        evidence_digest=evidence.digest(),
        gates=results,
    )


def read_verdict(data: Mapping[str, Any]) -> Verdict:
    """A verdict that this or an earlier release gave, checked to agree with the gates that it names.

    Args:
        data: the JSON.

    Raises:
        ValueError: if it is not a verdict, contradicts its own gates, or is of a later release.
    """
    return Verdict.model_validate(upgraded_verdict(data))


def _decided(gates: tuple[GateResult, ...]) -> tuple[Literal["APPROVED", "REJECTED"], Admission, bool]:
    """Decision, admission, and whether on paper only."""
    if not all(gate.passed for gate in gates):
        return "REJECTED", Admission.NEVER, False
    if any(gate.conditional for gate in gates):
        return "APPROVED", Admission.IF_EMPTY_ON_PAPER, True
    return "APPROVED", Admission.IF_BETTER, False


def _outcome(item: CheckResult) -> Literal["pass", "FAIL", "note"]:
    """A rule that only informs is a note once it has something to say against the candidate."""
    if not item.passed and item.severity == "block":
        return "FAIL"
    return "pass" if item.passed and item.code is ReasonCode.OK else "note"


def _text(value: float | int | str | None) -> str:
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    # Counts are kept as floats beside shares and ratios; they read better without decimals.
    return f"{value:.0f}" if value.is_integer() else f"{value:.4f}"
