"""What the gate of live consistency says of a record: every rule of one that counts, and why another does not."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.checks.samples import PROVEN_RECORD
from tests.gates.asked import LIMITS, assert_reads_well
from trading.checks.evidence import Evidence, LiveRecord
from trading.codes import ReasonCode
from trading.gates.live_consistency import LiveAnswer, live_answer, live_consistency_rules
from trading.results import CheckResult

ON_PAPER = "Let `sevengates live` trade"


def rules_of(live: LiveRecord | None) -> dict[str, CheckResult]:
    evidence = Evidence(symbol="SIM", live=live)
    return {rule.name: rule for rule in live_consistency_rules(evidence, LIMITS)}


def record(**numbers: Any) -> LiveRecord:
    return PROVEN_RECORD.model_copy(update=numbers)


@pytest.mark.parametrize(
    ("live", "why"),
    [
        (None, "there is no live record of this symbol yet"),
        (record(bars=199), "the live record has 199 bars, and 200 are needed to compare"),
        (record(sharpe=None), "the account of the live record never moved in 5000 bars"),
        (record(sharpe=math.nan), "the account of the live record never moved in 5000 bars"),
        (record(backtest_sharpe=0.0), "the backtest of the version in Production, 0.0, promises nothing"),
        (record(backtest_sharpe=-0.1), "the backtest of the version in Production, -0.1, promises nothing"),
        (record(backtest_sharpe=math.inf), "the backtest of the version in Production, inf, promises nothing"),
        (record(backtest_sharpe=None), "the backtest of the version in Production, None, promises nothing"),
        (record(refused="bars of another source"), "bars of another source"),
        (record(refused="bars of another source", bars=None), "bars of another source"),
    ],
    ids=str,
)
def test_a_record_that_counts_as_none_is_a_condition_and_says_why(live: LiveRecord | None, why: str) -> None:
    assert live_answer(live, LIMITS) is LiveAnswer.NO_RECORD
    (rule,) = rules_of(live).values()
    assert (rule.name, rule.passed, rule.severity) == ("live_bars", False, "warn")
    assert (rule.observed, rule.threshold) == (None if live is None else live.bars, 200)
    assert rule.code is ReasonCode.LIVE_RECORD_MISSING
    assert rule.message.startswith(why)
    assert rule.message.endswith("; such a model may enter Production only when nothing is there, on paper only")
    assert rule.remedy.startswith(f"{ON_PAPER} the version in Production on paper")
    assert_reads_well(rule)


@pytest.mark.parametrize("bars", [None, math.nan, math.inf, -math.inf])
def test_a_record_that_does_not_know_its_bars_fails_the_candidate_and_counts_as_none(bars: float | None) -> None:
    (rule,) = rules_of(record(bars=bars)).values()
    assert (rule.name, rule.passed, rule.severity, rule.threshold) == ("live_bars", False, "block", 200)
    assert live_answer(record(bars=bars), LIMITS) is LiveAnswer.NO_RECORD


@pytest.mark.parametrize("counts", [{"bars": 200}, {"backtest_sharpe": 1e-6, "shrunken_sharpe": 0.0}])
def test_a_record_of_just_enough_bars_or_of_a_backtest_just_over_zero_counts(counts: dict[str, float]) -> None:
    assert live_answer(record(**counts), LIMITS) is LiveAnswer.PROVEN


def test_a_proven_record_shows_every_comparison_with_its_limit() -> None:
    rules = rules_of(record())
    assert [(rule.name, rule.observed, rule.threshold) for rule in rules.values()] == [
        ("live_bars", 5_000, 200),
        ("live_high", 5.6, pytest.approx(0.7 * 1.4)),
        ("live_sharpe", 1.5, pytest.approx(0.7 * 1.6)),
        ("live_e_value", 31.0, 20.0),
    ]
    assert all(rule.passed and rule.severity == "block" for rule in rules.values())


@pytest.mark.parametrize(
    ("name", "numbers", "code", "says", "advice"),
    [
        (
            *("live_high", {"high": 0.979}, ReasonCode.LIVE_BELOW_BACKTEST),
            "the version in Production fails live: with its error added, its Sharpe ratio is under 70% of its "
            "backtest's; it is demoted, and an approved candidate enters on paper",
            "Look at what changed in the market since its night",
        ),
        (
            *("live_sharpe", {"sharpe": 1.119}, ReasonCode.LIVE_UNPROVEN),
            "live_sharpe 1.119 is under 1.12",
            f"{ON_PAPER} on: until it is proven, such a model enters an empty Production only, on paper",
        ),
        (
            *("live_e_value", {"e_value": 19.99}, ReasonCode.LIVE_UNPROVEN),
            "live_e_value 19.99 is under 20",
            f"{ON_PAPER} on: until it is proven, such a model enters an empty Production only, on paper",
        ),
    ],
)
def test_a_comparison_that_does_not_hold_is_a_condition_with_both_numbers_and_a_remedy(
    name: str, numbers: dict[str, float], code: ReasonCode, says: str, advice: str
) -> None:
    rules = rules_of(record(**numbers))
    assert [rule.name for rule in rules.values() if not rule.passed] == [name]
    assert (rules[name].severity, rules[name].observed, rules[name].code) == ("warn", *numbers.values(), code)
    assert says in rules[name].message
    assert advice in rules[name].remedy
    assert_reads_well(rules[name])


@pytest.mark.parametrize(
    ("shrunken", "least"),
    [(1.4, 1.4), (1.7, 1.6), (-0.5, -0.5), (None, 1.6), (math.nan, 1.6), (math.inf, 1.6), (-math.inf, 1.6)],
)
def test_a_failure_needs_the_share_of_what_is_promised_and_of_what_was_drawn_back(
    shrunken: float | None, least: float
) -> None:
    assert rules_of(record(shrunken_sharpe=shrunken))["live_high"].threshold == pytest.approx(0.7 * least)
