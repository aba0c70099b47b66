"""What the gate of drift says of each rule that does not hold: how much of what, why, and what to do."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pytest

from tests.checks.samples import drift_of, only, still, with_number, with_section
from tests.gates.asked import assert_reads_well, rule_of
from trading.checks.drift import Chance, DriftEvidence
from trading.checks.evidence import Evidence
from trading.codes import ReasonCode
from trading.results import MEASURE_AGAIN, Number
from trading.steps.features import FEATURE_NAMES

RETRAIN = "Train on more recent bars (lower market.history_bars), or find out what changed in the data."
LENGTHEN = "Give a longer history (market.history_bars), or bars of a shorter interval."
NOISY = Chance(expected=0.6, limit=1.5, spread=0.4)


class Spoiled(NamedTuple):
    """A number of the evidence, and the rule that it breaks.

    Attributes:
        rule: of the gate of drift.
        place: of the number in the section.
        value: that breaks it.
        names: the measures that the rule names.
        code: of the failure.
        says: the message.
        remedy: what to do.
    """

    rule: str
    place: tuple[str, ...]
    value: float
    names: list[str]
    code: ReasonCode
    says: str
    remedy: str


MOVED = "moved further than in any stretch of the past as long"
SPOILED = [
    Spoiled(
        *("critical", ("psi", "trend_slow"), 0.6, ["trend_slow"], ReasonCode.DRIFT_CRITICAL),
        *("critical drift of trend_slow", RETRAIN),
    ),
    Spoiled(
        *("measured", ("ks", "trend_slow"), math.nan, ["trend_slow"], ReasonCode.EVIDENCE_NOT_FINITE),
        says="drift of trend_slow could not be measured",
        remedy="Look for a constant, empty or broken column in the features and bars of this symbol.",
    ),
    Spoiled(
        *("measured", ("recent", "psi", "level_volume"), math.nan, ["recent.level_volume"]),
        *(ReasonCode.EVIDENCE_NOT_FINITE, "drift of recent.level_volume could not be measured"),
        remedy="Look for a constant, empty or broken column in the features and bars of this symbol.",
    ),
    Spoiled(
        *("measured", ("outputs", "test", "psi", "direction"), math.nan, ["outputs_test.direction"]),
        *(ReasonCode.EVIDENCE_NOT_FINITE, "drift of outputs_test.direction could not be measured"),
        remedy="Look for a constant, empty or broken column in the features and bars of this symbol.",
    ),
    Spoiled(
        *("recent", ("recent", "psi", "level_volume"), 2.0, ["level_volume"], ReasonCode.DRIFT_RECENT),
        *(f"recent: level_volume {MOVED}", RETRAIN),
    ),
    Spoiled(
        *("outputs_test", ("outputs", "test", "psi", "confidence"), 2.0, ["confidence"], ReasonCode.DRIFT_OUTPUTS),
        *(f"outputs_test: confidence {MOVED}", RETRAIN),
    ),
    Spoiled(
        *("outputs_recent", ("outputs", "recent", "psi", "direction"), 2.0, ["direction"], ReasonCode.DRIFT_OUTPUTS),
        *(f"outputs_recent: direction {MOVED}", RETRAIN),
    ),
]


def drift_rule(good: Evidence, name: str, **changes: Any) -> Any:
    section = good.section(DriftEvidence).model_copy(update=changes)
    return rule_of(with_section(good, section), "drift", name)


@pytest.mark.parametrize("spoiled", SPOILED, ids=lambda spoiled: "-".join((spoiled.rule, *spoiled.place)))
def test_a_rule_counts_and_names_what_breaks_it_and_says_what_to_do(good: Evidence, spoiled: Spoiled) -> None:
    rule = rule_of(with_number(good, ("checks", "drift", *spoiled.place), spoiled.value), "drift", spoiled.rule)
    assert (rule.passed, rule.severity, rule.observed, rule.threshold) == (False, "block", 1, 0)
    assert (rule.code, rule.message, rule.remedy) == (spoiled.code, spoiled.says, spoiled.remedy)
    assert (rule.evidence.get("features") or rule.evidence.get("moved")) == spoiled.names
    assert_reads_well(rule)


@pytest.mark.parametrize("name", ["features", "critical", "measured", "enough_bars", "recent", "outputs_test"])
def test_several_measures_are_counted_and_named_one_after_the_other(name: str) -> None:
    two: dict[str, Number] = {"b_of_two": math.nan, "a_of_two": math.nan}
    moved = still(("b_of_two", "a_of_two")).model_copy(update={"psi": dict.fromkeys(two, 9.0)})
    chance = dict.fromkeys(two, NOISY)
    section = {
        "features": DriftEvidence(
            expected=("a_of_two", "b_of_two"), psi={"c": 0.1}, recent=still(["a_of_two", "b_of_two"])
        ),
        "critical": DriftEvidence(psi=two, ks=two),
        "measured": DriftEvidence(psi=two, ks=two),
        "enough_bars": DriftEvidence(psi=dict.fromkeys(two, 0.9), ks=dict.fromkeys(two, 0.1), psi_chance=chance),
        "recent": DriftEvidence(recent=moved),
        "outputs_test": DriftEvidence(outputs={"test": moved}),
    }[name]
    rule = rule_of(only(section), "drift", name)
    assert not rule.passed
    assert "a_of_two, b_of_two" in rule.message
    assert rule.observed == (3 if name == "features" else 2)


def test_what_holds_still_shows_its_limits_and_how_many_bars_it_rests_on(good: Evidence) -> None:
    assert drift_rule(good, "critical").evidence == {"features": [], "critical_psi": 0.5, "critical_ks": 0.4}
    for name in ("recent", "outputs_test", "outputs_recent"):
        rule = drift_rule(good, name)
        assert (rule.observed, rule.threshold) == (0, 0)
        assert rule.evidence == {"moved": [], "bars": 720, "windows": 39.0}


def test_a_feature_that_was_not_looked_at_is_named_with_where_it_is_missing(good: Evidence) -> None:
    whole = good.section(DriftEvidence)
    psi, ks = ({name: found[name] for name in FEATURE_NAMES[1:]} for found in (whole.psi, whole.ks))
    chance = {name: whole.psi_chance[name] for name in FEATURE_NAMES[2:]}
    rule = drift_rule(good, "features", psi=psi, ks=ks, psi_chance=chance, recent=still(FEATURE_NAMES[:-1]))
    absent = [FEATURE_NAMES[0], f"chance.{FEATURE_NAMES[1]}", f"recent.{FEATURE_NAMES[-1]}"]
    assert (rule.passed, rule.observed, rule.threshold, rule.code) == (False, 3, 0, ReasonCode.EVIDENCE_MISSING)
    assert rule.message == f"drift of {', '.join(absent)} was never measured"
    assert rule.evidence == {"features": absent}
    assert rule.remedy == MEASURE_AGAIN


def test_a_list_of_features_that_is_empty_asks_for_a_measurement(good: Evidence) -> None:
    rule = drift_rule(good, "features", expected=())
    assert (rule.passed, rule.observed, rule.threshold, rule.remedy) == (False, None, None, MEASURE_AGAIN)


@pytest.mark.parametrize(
    ("psi", "expected", "observed", "passes"),
    [(0.2, 0.0, 0.2, True), (0.21, 0.0, 0.21, False), (0.31, 0.125, 0.185, True), (0.35, 0.125, 0.225, False)],
)
def test_the_largest_psi_over_its_expectation_is_held_to_the_limit(
    good: Evidence, psi: float, expected: float, observed: float, passes: bool
) -> None:
    moved = with_number(good, ("checks", "drift", "psi", "trend_slow"), psi)
    moved = with_number(moved, ("checks", "drift", "psi_chance", "trend_slow", "expected"), expected)
    rule = rule_of(moved, "drift", "max_psi")
    assert (rule.passed, rule.observed, rule.threshold) == (passes, pytest.approx(observed), 0.2)
    if not passes:
        assert (rule.code, rule.remedy) == (ReasonCode.ABOVE_MAXIMUM, RETRAIN)
        assert rule.message == f"max_psi {observed:g} is over 0.2"
        assert_reads_well(rule)


def test_too_few_bars_for_any_feature_leave_no_psi_to_hold_to_the_limit() -> None:
    noisy = drift_of(0.9, 0.05).model_copy(update={"psi_chance": dict.fromkeys(FEATURE_NAMES, NOISY)})
    rule = rule_of(only(noisy), "drift", "max_psi")
    assert (rule.passed, rule.observed, rule.threshold) == (False, None, 0.2)
    assert (rule.code, rule.remedy) == (ReasonCode.INSUFFICIENT_DATA, LENGTHEN)
    assert rule.message == "no feature has enough bars to tell a shift from chance"
    enough = rule_of(only(noisy), "drift", "enough_bars")
    assert (enough.observed, enough.threshold, enough.remedy) == (len(FEATURE_NAMES), 0, LENGTHEN)
    assert enough.message == f"too few bars to tell drift of {', '.join(sorted(FEATURE_NAMES))} from chance"
    assert enough.evidence == {"features": sorted(FEATURE_NAMES)}
    assert_reads_well(rule)
    assert_reads_well(enough)


def test_a_feature_with_too_few_bars_leaves_the_others_to_be_held_to_the_limit(good: Evidence) -> None:
    whole = good.section(DriftEvidence)
    one = {"psi_chance": {**whole.psi_chance, "trend_slow": NOISY}}
    rule = drift_rule(good, "max_psi", psi={**whole.psi, "trend_slow": 1.2, "log_return_1": 0.3}, **one)
    assert (rule.passed, rule.observed) == (False, pytest.approx(0.3))
    rule = drift_rule(good, "max_psi", psi={**whole.psi, "trend_slow": 1.2}, **one)
    assert (rule.passed, rule.observed) == (True, pytest.approx(0.05))


@pytest.mark.parametrize("name", ["recent", "outputs_test", "outputs_recent", "conditional"])
@pytest.mark.parametrize("told", [True, False])
def test_a_comparison_that_was_not_made_shows_no_number(name: str, told: bool) -> None:
    rule = rule_of(only(DriftEvidence(insufficient=(name,) if told else ())), "drift", name)
    assert (rule.passed, rule.severity, rule.observed, rule.threshold) == (False, "block", None, None)
    if told:
        assert (rule.code, rule.remedy) == (ReasonCode.INSUFFICIENT_DATA, LENGTHEN)
        assert rule.message == f"{name} cannot be told on so few bars"
    else:
        assert (rule.code, rule.remedy) == (ReasonCode.EVIDENCE_MISSING, MEASURE_AGAIN)
    assert_reads_well(rule)


@pytest.mark.parametrize(("brier", "passes"), [(0.2, True), (0.25, True), (0.251, False), (0.26, False)])
def test_newest_outcomes_may_be_worse_by_what_chance_reaches(good: Evidence, brier: float, passes: bool) -> None:
    level = with_number(good, ("checks", "drift", "conditional", "reference_brier"), 0.0)
    level = with_number(level, ("checks", "drift", "conditional", "limit"), 0.25)
    rule = rule_of(with_number(level, ("checks", "drift", "conditional", "brier"), brier), "drift", "conditional")
    assert (rule.passed, rule.observed, rule.threshold) == (passes, brier, 0.25)
    if not passes:
        assert rule.code is ReasonCode.DRIFT_CONDITIONAL
        assert rule.message == f"conditional {brier} is over 0.25"
        assert "train on more recent bars, or wait for more of them" in rule.remedy
        assert_reads_well(rule)


@pytest.mark.parametrize("number", [None, math.nan, math.inf])
def test_without_what_chance_reaches_no_outcome_can_be_told(good: Evidence, number: float | None) -> None:
    rule = rule_of(with_number(good, ("checks", "drift", "conditional", "limit"), number), "drift", "conditional")
    assert (rule.name, rule.passed, rule.threshold) == ("conditional", False, None)
    assert rule.observed == (None if number is None else "nan")
