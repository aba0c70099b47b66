"""Rules of a gate: one number against one limit, written so that a missing number or a NaN fails."""

from __future__ import annotations

from collections.abc import Sequence

from trading.codes import ReasonCode
from trading.results import CheckResult, Number, is_finite, missing, rule, unusable


def at_most(
    name: str,
    observed: Number,
    limit: float,
    *,
    remedy: str,
    code: ReasonCode = ReasonCode.ABOVE_MAXIMUM,
) -> CheckResult:
    """Pass if a number was measured, is finite, and is not over its limit.

    Args:
        name: of the rule.
        observed: what was measured.
        limit: largest number that passes.
        remedy: what can be done if it is over.
        code: reason if it is over.
    """
    if observed is None or not is_finite(observed):
        return unusable(name, observed, limit)
    return rule(
        name,
        passed=observed <= limit,
        observed=observed,
        threshold=limit,
        code=code,
        message=f"{name} {_text(observed)} is over {_text(limit)}",
        remedy=remedy,
    )


def at_least(
    name: str,
    observed: Number,
    limit: float,
    *,
    remedy: str,
    code: ReasonCode = ReasonCode.BELOW_MINIMUM,
    message: str = "",
) -> CheckResult:
    """Pass if a number was measured, is finite, and is not under its limit.

    Args:
        name: of the rule.
        observed: what was measured.
        limit: smallest number that passes.
        remedy: what can be done if it is under.
        code: reason if it is under.
        message: the sentence if it is under; empty names both numbers.
    """
    if observed is None or not is_finite(observed):
        return unusable(name, observed, limit)
    return rule(
        name,
        passed=observed >= limit,
        observed=observed,
        threshold=limit,
        code=code,
        message=message or f"{name} {_text(observed)} is under {_text(limit)}",
        remedy=remedy,
    )


def over(name: str, observed: Number, limit: float, *, remedy: str) -> CheckResult:
    """Pass if a number was measured, is finite, and is over its limit; the limit itself does not pass.

    Args:
        name: of the rule.
        observed: what was measured.
        limit: largest number that does not pass.
        remedy: what can be done if it is not over.
    """
    if observed is None or not is_finite(observed):
        return unusable(name, observed, limit)
    return rule(
        name,
        passed=observed > limit,
        observed=observed,
        threshold=limit,
        code=ReasonCode.BELOW_MINIMUM,
        message=f"{name} {_text(observed)} is not over {_text(limit)}",
        remedy=remedy,
    )


def all_present(names: Sequence[str], results: Sequence[CheckResult], *, remedy: str) -> list[CheckResult]:
    """One blocking rule per required check, then any other given.

    A check that is missing, or reports nothing or a number that is not finite, fails whatever it says of itself.

    Args:
        names: checks that must be there.
        results: checks that ran.
        remedy: what to do when one did not.
    """
    rules: list[CheckResult] = []
    for name in names:
        found = [result for result in results if result.name == name]
        rules.extend(map(_as_rule, found) if found else [missing(name, None, remedy)])
    return rules + [_as_rule(result) for result in results if result.name not in names]


def _as_rule(result: CheckResult) -> CheckResult:
    observed = result.observed
    number = _number_of(observed) if isinstance(observed, str) else observed
    if result.passed and (observed is None or (number is not None and not is_finite(number))):
        return unusable(result.name, number, result.threshold)
    return result.model_copy(update={"severity": "block"})


def _number_of(observed: str) -> Number:
    """The number in a text, as JSON makes of NaN and infinity; None for any other text."""
    try:
        return float(observed)
    except ValueError:
        return None


def _text(value: float | int) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6g}"
