"""Rules of a gate: one number against one limit, written so that a missing number or a NaN fails."""

from __future__ import annotations

from collections.abc import Sequence

from trading.codes import ReasonCode
from trading.results import MEASURE_AGAIN, CheckResult, Number, blocking_failures, is_finite, missing, rule, unusable
from trading.values import Measured


class GateResult(Measured):
    """What one gate decided, and every rule it looked at.

    Attributes:
        name: the gate.
        passed: whether the candidate may go on.
        conditional: passed only because there is nothing to compare with yet; the verdict restricts such a model.
        code: reason of the first rule that failed, or of the condition, else OK.
        reason: one sentence for the person who reads the verdict.
        remedy: what can be done next; empty when there is nothing to do.
        rules: every rule, passed or not, in a fixed order.
    """

    name: str
    passed: bool
    conditional: bool = False
    code: ReasonCode = ReasonCode.OK
    reason: str
    remedy: str = ""
    rules: tuple[CheckResult, ...]


def decide(name: str, *rules: CheckResult) -> GateResult:
    """Join rules into a gate's result: all that block must pass, and a gate without rules fails.

    A rule that did not pass but only warns (severity ``warn``) makes the result conditional.
    """
    if not rules:
        rules = (missing(name, None, MEASURE_AGAIN),)
    failed = blocking_failures(list(rules))
    warned = [rule for rule in rules if not rule.passed and rule.severity == "warn"]
    shown = failed or warned
    return GateResult(
        name=name,
        passed=not failed,
        conditional=bool(warned) and not failed,
        code=shown[0].code if shown else ReasonCode.OK,
        reason="; ".join(rule.message or f"{rule.name} did not pass" for rule in shown) if shown else "all rules hold",
        remedy=" ".join(dict.fromkeys(rule.remedy for rule in shown if rule.remedy)),
        rules=rules,
    )


def at_most(
    name: str,
    observed: Number,
    limit: float,
    *,
    remedy: str,
    code: ReasonCode = ReasonCode.ABOVE_MAXIMUM,
) -> CheckResult:
    """Pass if a number was measured, is finite, and is not over its limit."""
    if observed is None or not is_finite(observed):
        return unusable(name, observed, limit)
    return rule(
        name,
        observed <= limit,
        observed,
        limit,
        code,
        f"{name} {_text(observed)} is over {_text(limit)}",
        remedy,
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
    """Pass if a number was measured, is finite, and is not under its limit."""
    if observed is None or not is_finite(observed):
        return unusable(name, observed, limit)
    failure = message or f"{name} {_text(observed)} is under {_text(limit)}"
    return rule(name, observed >= limit, observed, limit, code, failure, remedy)


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
