"""Each rule of a verdict is said with its number, its limit, the distance between them, and what to do."""

from __future__ import annotations

import math

import pytest

from tests.checks.samples import good_evidence
from trading.gates.verdict import Verdict, judge
from trading.reports.explanation import ExplainedRule, explain
from trading.settings.models import GateSpec


def verdict_of(*, live: bool = True, **metrics: float) -> Verdict:
    evidence = good_evidence(live=live)
    changed = evidence.model_copy(update={"metrics": {**evidence.metrics, **metrics}})
    return judge(changed, GateSpec().model_dump())


def rule_of(verdict: Verdict, gate: str, name: str) -> ExplainedRule:
    return next(rule for rule in explain(verdict).rules if (rule.gate, rule.rule) == (gate, name))


def test_every_rule_of_the_verdict_is_explained_once_and_in_order() -> None:
    verdict = verdict_of()
    expected = [(row.gate, row.rule, row.outcome) for row in verdict.rows()]
    assert [(rule.gate, rule.rule, rule.outcome) for rule in explain(verdict).rules] == expected


def test_a_minimum_that_holds_says_what_is_to_spare() -> None:
    rule = rule_of(verdict_of(sharpe=1.25), "performance", "sharpe")
    assert (rule.bound, rule.margin) == ("at least", 0.25)
    assert rule.sentence == "sharpe is 1.25, at least 1 is asked, 0.25 to spare."


def test_a_maximum_that_holds_has_a_positive_margin_too() -> None:
    rule = rule_of(verdict_of(max_drawdown=0.11), "risk", "max_drawdown")
    assert rule.bound == "at most"
    assert rule.margin == pytest.approx(GateSpec().max_drawdown - 0.11)


def test_a_number_at_its_limit_passes_with_nothing_to_spare() -> None:
    rule = rule_of(verdict_of(max_consecutive_losses=5), "risk", "max_consecutive_losses")
    assert rule.sentence == "max_consecutive_losses is 5, which is its limit."


def test_a_rule_that_fails_says_how_far_it_is_from_its_limit_and_what_to_do() -> None:
    verdict = verdict_of(sharpe=0.4, max_consecutive_losses=9)
    low, many = rule_of(verdict, "performance", "sharpe"), rule_of(verdict, "risk", "max_consecutive_losses")
    assert low.sentence == "sharpe is 0.4, at least 1 is asked, 0.6 away."
    assert (many.bound, many.margin) == ("at most", -4.0)
    found = explain(verdict)
    assert found.summary.startswith("REJECTED: 2 of 7 gates did not pass (performance, risk), by 2 of ")
    assert [low.remedy, many.remedy] == list(found.remedies)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_none_has_no_margin_and_its_reason(value: float) -> None:
    rule = rule_of(verdict_of(sharpe=value), "performance", "sharpe")
    assert (rule.outcome, rule.bound, rule.margin, rule.code) == ("FAIL", "", None, "EVIDENCE_NOT_FINITE")
    assert "proves nothing" in rule.sentence


def test_an_approval_names_the_rule_that_was_closest_to_its_limit() -> None:
    assert "Closest to its limit was performance/sharpe: 1.01, 1% from it." in explain(verdict_of(sharpe=1.01)).summary


def test_a_note_is_no_failure() -> None:
    found = explain(verdict_of(live=False))
    assert found.decision == "APPROVED"
    assert "may trade on paper only" in found.summary
    assert [rule.outcome for rule in found.rules if rule.gate == "live_consistency"] == ["note"]
