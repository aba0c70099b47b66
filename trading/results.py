"""One immutable check result, used by contract, quality, drift, leakage, stress, calibration and gates."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from trading.codes import ReasonCode

Severity = Literal["block", "warn"]


class CheckResult(BaseModel):
    """What one check saw and decided.

    A result with severity ``block`` that did not pass stops whatever asked for the check; ``warn`` is only shown.
    ``observed`` and ``threshold`` are in the unit the name implies; a non-finite number is kept as text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    name: str
    passed: bool
    severity: Severity = "block"
    observed: float | int | str | None = None
    threshold: float | int | str | None = None
    code: ReasonCode = ReasonCode.OK
    message: str = ""
    remedy: str = ""
    evidence: dict[str, Any] = Field(default_factory=dict)


def blocking_failures(results: list[CheckResult]) -> list[CheckResult]:
    """The results that stop the work, in the order given."""
    return [result for result in results if not result.passed and result.severity == "block"]
