"""What a champion is held to on the newest bars: the rules over metrics, and no others."""

from __future__ import annotations

import math

import pytest

from tests.gates.asked import LIMITS
from trading.checks.evidence import Evidence
from trading.gates.metrics import failed_metrics
from trading.results import Number

WINS = "11010" * 24


def test_metrics_that_keep_every_rule_fail_none_although_nothing_else_was_measured(good: Evidence) -> None:
    assert failed_metrics(good.metrics, LIMITS, outcomes=WINS) == []


@pytest.mark.parametrize(
    ("spoiled", "failed"),
    [
        ({"sharpe": 0.99}, ["sharpe"]),
        ({"max_drawdown": 0.2, "win_rate": 0.4}, ["win_rate", "max_drawdown"]),
        ({"volatility": math.nan}, ["volatility"]),
        ({"profit_factor": None}, ["profit_factor"]),
        ({"trades": 0}, ["trades"]),
        ({"max_consecutive_losses": 6}, ["max_consecutive_losses"]),
    ],
    ids=str,
)
def test_the_rules_that_metrics_break_are_named_in_the_order_of_the_gates(
    good: Evidence, spoiled: dict[str, Number], failed: list[str]
) -> None:
    assert [rule.name for rule in failed_metrics({**good.metrics, **spoiled}, LIMITS, outcomes=WINS)] == failed


def test_thresholds_are_the_champions_own(good: Evidence) -> None:
    (rule,) = failed_metrics(good.metrics, {**LIMITS, "min_sharpe": 2.0}, outcomes=WINS)
    assert (rule.name, rule.observed, rule.threshold) == ("sharpe", 1.8, 2.0)


def test_a_run_of_losses_is_looked_for_among_the_last_trades_that_the_champion_is_held_to(good: Evidence) -> None:
    late = "1" * 30 + "0" * 6 + "1" * 24
    for window, failed in ((30, ["max_consecutive_losses"]), (20, [])):
        found = failed_metrics(good.metrics, {**LIMITS, "losses_over_trades": window}, outcomes=late)
        assert [rule.name for rule in found] == failed
