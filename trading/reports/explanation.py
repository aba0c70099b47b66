"""A verdict in words: what each rule measured, what it asked, by how much it holds or fails, why, and what to do."""

from __future__ import annotations

from typing import Literal

from trading.codes import ReasonCode
from trading.gates.verdict import Verdict
from trading.results import CheckResult, is_finite
from trading.values import Measured

Bound = Literal["at least", "at most", "at its limit", ""]
"""What a threshold is to the measured number; empty where a rule is not one number against one limit."""

_BOUNDS: dict[ReasonCode, Bound] = {
    ReasonCode.BELOW_MINIMUM: "at least",
    ReasonCode.NO_TRADES: "at least",
    ReasonCode.LIVE_BELOW_BACKTEST: "at least",
    ReasonCode.ABOVE_MAXIMUM: "at most",
}


class ExplainedRule(Measured):
    """One rule of a gate.

    Attributes:
        gate: that asks it.
        rule: its name.
        outcome: pass, FAIL, or a note that blocks nothing.
        measured: what was found; None if it was never measured.
        threshold: what it was compared with, or None.
        bound: what the threshold is to the measured number.
        margin: how far the number is on the right side of its threshold, in its own unit; negative if on the wrong
            one, None where there is no such distance.
        code: why it did not pass, else OK.
        reason: the same as a sentence; empty if it passed.
        remedy: what can be done; empty if it passed.
    """

    gate: str
    rule: str
    outcome: Literal["pass", "FAIL", "note"]
    measured: float | int | str | None
    threshold: float | int | str | None
    bound: Bound
    margin: float | None
    code: str
    reason: str
    remedy: str

    @property
    def sentence(self) -> str:
        """The rule in words, without its remedy."""
        measured = "was never measured" if self.measured is None else f"is {_text(self.measured)}"
        asked = "" if not self.bound else f", {self.bound} {_text(self.threshold)} is asked"
        if self.bound == "at its limit":
            asked = ", which is its limit"
        if self.outcome == "pass":
            return f"{self.rule} {measured}{asked}{_spare(self.margin)}."
        distance = f", {_text(abs(self.margin))} away" if self.margin else ""
        why = "" if not self.reason or (asked and self.code in _SAYS_NO_MORE) else f": {self.reason}"
        return f"{self.rule} {measured}{asked}{distance}{why}."


class Explanation(Measured):
    """A verdict in words.

    Attributes:
        symbol: the market.
        decision: of the gates.
        summary: the decision and what it rests on, in a sentence or two.
        rules: every rule of every gate, in order.
        remedies: what can be done about the gates that failed, each once.
    """

    symbol: str
    decision: str
    summary: str
    rules: tuple[ExplainedRule, ...]
    remedies: tuple[str, ...]


def explain(verdict: Verdict) -> Explanation:
    """Put a verdict, of this or an earlier release, into words; nothing is judged again.

    Args:
        verdict: of the gates.
    """
    rules = tuple(_explained(gate.name, item) for gate in verdict.gates for item in gate.rules)
    remedies = dict.fromkeys(rule.remedy for rule in rules if rule.outcome != "pass" and rule.remedy)
    return Explanation(
        symbol=verdict.symbol,
        decision=verdict.decision,
        summary=_summary(verdict, rules),
        rules=rules,
        remedies=tuple(remedies),
    )


def _explained(gate: str, item: CheckResult) -> ExplainedRule:
    bound, margin = _distance(item)
    return ExplainedRule(
        gate=gate,
        rule=item.name,
        outcome="pass" if item.passed else "FAIL" if item.severity == "block" else "note",
        measured=item.observed,
        threshold=item.threshold,
        bound=bound,
        margin=margin,
        code=str(item.code),
        reason=item.message,
        remedy=item.remedy,
    )


def _distance(item: CheckResult) -> tuple[Bound, float | None]:
    """What the threshold is to the number, and how far the number is on its right side.

    A result does not say whether its threshold is a minimum or a maximum. One that passed shows it by the side that its
    number is on; one that failed by its code, as it may have failed for something else than this number.
    """
    observed, threshold = item.observed, item.threshold
    if isinstance(observed, str) or isinstance(threshold, str) or observed is None or threshold is None:
        return "", None
    if not is_finite(observed) or not is_finite(threshold):
        return "", None
    if item.passed:
        bound: Bound = "at its limit" if observed == threshold else "at least" if observed > threshold else "at most"
    else:
        bound = _BOUNDS.get(item.code, "")
    if bound == "":
        return "", None
    distance = float(observed) - float(threshold)
    return bound, -distance if bound == "at most" else distance


_SAYS_NO_MORE = (str(ReasonCode.BELOW_MINIMUM), str(ReasonCode.ABOVE_MAXIMUM))
"""Codes whose reason only repeats both numbers."""


def _summary(verdict: Verdict, rules: tuple[ExplainedRule, ...]) -> str:
    count = len(verdict.gates)
    if verdict.failed:
        names = ", ".join(gate.name for gate in verdict.failed)
        failed = sum(rule.outcome == "FAIL" for rule in rules)
        return (
            f"{verdict.decision}: {len(verdict.failed)} of {count} gates did not pass ({names}), by {failed} of "
            f"{len(rules)} rules."
        )
    paper = " There was no live record, so it may trade on paper only." if verdict.paper_only else ""
    return f"{verdict.decision}: all {count} gates passed.{paper}{_closest(rules)}"


def _closest(rules: tuple[ExplainedRule, ...]) -> str:
    """The rule that would have failed first, by its distance as a share of its threshold."""
    shares = [
        (abs(rule.margin / float(rule.threshold)), rule)
        for rule in rules
        if rule.margin and isinstance(rule.threshold, int | float) and rule.threshold != 0
    ]
    if not shares:
        return ""
    share, rule = min(shares, key=lambda item: item[0])
    return f" Closest to its limit was {rule.gate}/{rule.rule}: {_text(rule.measured)}, {share:.0%} from it."


def _spare(margin: float | None) -> str:
    return f", {_text(margin)} to spare" if margin else ""


def _text(value: float | int | str | None) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.4g}"
    return str(value)
