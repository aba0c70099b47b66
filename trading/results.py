"""One immutable check result, used by contract, quality, drift, leakage, stress, calibration and gates."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from trading.codes import ReasonCode

Number = float | int | None
"""A measurement: None was never taken; NaN and infinity are kept, so that a gate refuses them by code."""


MEASURE_AGAIN = "Run the night again for this symbol; the step that measures this number did not finish."

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


def is_finite(value: Number) -> bool:
    """Whether a number was measured and is neither NaN nor infinite; integers of any size are finite."""
    return value is not None and -math.inf < value < math.inf


def rule(
    name: str,
    passed: bool,
    observed: float | int | str | None,
    threshold: float | int | str | None,
    code: ReasonCode,
    message: str,
    remedy: str,
    evidence: dict[str, Any] | None = None,
) -> CheckResult:
    """A blocking result whose code, message and remedy show only when it did not pass."""
    return CheckResult(
        name=name,
        passed=passed,
        observed=observed,
        threshold=threshold,
        code=ReasonCode.OK if passed else code,
        message="" if passed else message,
        remedy="" if passed else remedy,
        evidence=evidence or {},
    )


def unusable(name: str, observed: Number, limit: float | int | str | None = None) -> CheckResult:
    """The failure of a number that is missing or not finite."""
    if observed is None:
        return missing(name, limit, MEASURE_AGAIN)
    return rule(
        name,
        False,
        str(observed),
        limit,
        ReasonCode.EVIDENCE_NOT_FINITE,
        f"{name} is {observed}, which proves nothing",
        "Look at the report of the step that measured it; a ratio over nothing (no losses, no variance) is not finite.",
    )


def missing(name: str, limit: float | int | str | None, remedy: str) -> CheckResult:
    """The failure of a number that was never measured."""
    return rule(name, False, None, limit, ReasonCode.EVIDENCE_MISSING, f"{name} was never measured", remedy)
