"""One immutable result of a check, used by the contract of bars, the checks of a candidate, the gates and doctor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import ConfigDict, Field

from trading.codes import ReasonCode
from trading.values import Frozen

Number = float | int | None
"""A measurement: None was never taken; NaN and infinity are kept, so that a gate refuses them by code."""


MEASURE_AGAIN = "Run the night again for this symbol; the step that measures this number did not finish."

Severity = Literal["block", "warn"]


class CheckResult(Frozen):
    """What one check saw and decided.

    A result with severity ``block`` that did not pass stops whatever asked for the check; ``warn`` is only shown.
    ``observed`` and ``threshold`` are in the unit the name implies; a non-finite number is kept as text.
    """

    model_config = ConfigDict(ser_json_inf_nan="strings")

    name: str
    passed: bool
    severity: Severity = "block"
    observed: float | int | str | None = None
    threshold: float | int | str | None = None
    code: ReasonCode = ReasonCode.OK
    message: str = ""
    remedy: str = ""
    evidence: dict[str, Any] = Field(default_factory=dict)


def blocking_failures(results: Sequence[CheckResult]) -> list[CheckResult]:
    """The results that stop the work, in the order given.

    Args:
        results: of checks; those that passed, or only warn, are left out.
    """
    return [result for result in results if not result.passed and result.severity == "block"]


def is_finite(value: Number) -> bool:
    """Whether a number was measured and is neither NaN nor infinite; integers of any size are finite.

    >>> is_finite(10**400), is_finite(float("nan")), is_finite(None)
    (True, False, False)

    Args:
        value: a number, or None if it was not measured.
    """
    return value is not None and -math.inf < value < math.inf


def rule(
    name: str,
    *,
    passed: bool,
    observed: float | int | str | None,
    threshold: float | int | str | None,
    code: ReasonCode,
    message: str,
    remedy: str,
    evidence: dict[str, Any] | None = None,
) -> CheckResult:
    """A blocking result whose code, message and remedy show only when it did not pass.

    Args:
        name: of the rule.
        passed: whether it holds.
        observed: what was measured.
        threshold: what it was compared with.
        code: reason if it does not hold.
        message: one sentence for people if it does not hold.
        remedy: what can be done if it does not hold.
        evidence: details, as JSON data.
    """
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
    """The failure of a number that is missing or not finite.

    Args:
        name: of the rule.
        observed: None, NaN or an infinity.
        limit: what it should have been compared with.
    """
    if observed is None:
        return missing(name, limit, MEASURE_AGAIN)
    return rule(
        name,
        passed=False,
        observed=str(observed),
        threshold=limit,
        code=ReasonCode.EVIDENCE_NOT_FINITE,
        message=f"{name} is {observed}, which proves nothing",
        remedy="Look at the report of the step that measured it; a ratio over nothing (no losses, no variance) is not "
        "finite.",
    )


def missing(name: str, limit: float | int | str | None, remedy: str) -> CheckResult:
    """The failure of a number that was never measured.

    Args:
        name: of the rule.
        limit: what it should have been compared with.
        remedy: what can be done.
    """
    return rule(
        name,
        passed=False,
        observed=None,
        threshold=limit,
        code=ReasonCode.EVIDENCE_MISSING,
        message=f"{name} was never measured",
        remedy=remedy,
    )
