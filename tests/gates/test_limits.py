"""Every limit at its edge: what holds at it and fails beyond it, by which code, and what a person reads then."""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest

from tests.checks.samples import with_number, with_section
from tests.gates.asked import LIMITS, assert_reads_well, rule_of
from trading.checks.calibration import CalibrationEvidence
from trading.checks.evidence import Evidence
from trading.checks.leakage import LEAKAGE_CHECKS, LeakageEvidence
from trading.checks.overfitting import OverfittingEvidence
from trading.checks.scenarios import SCENARIOS
from trading.checks.significance import SignificanceEvidence
from trading.checks.stress import StressEvidence
from trading.checks.walk_forward import FoldResult, WalkForwardEvidence
from trading.codes import ReasonCode
from trading.gates.leakage import leakage_rules
from trading.gates.performance import performance_rules
from trading.model.fits import FitRecord
from trading.moments import moment_text
from trading.results import MEASURE_AGAIN, CheckResult, Number


class Edge(NamedTuple):
    """One limit.

    Attributes:
        gate: that has it.
        rule: of the gate.
        place: of the measured number in the evidence.
        limit: the last number that passes.
        beyond: a number that does not.
        code: of the failure.
        says: what the message holds, measured number and limit in it.
        advice: what the remedy holds.
        threshold: of the settings that has to be set for it, where the default only shows.
    """

    gate: str
    rule: str
    place: tuple[str, ...]
    limit: float
    beyond: float
    code: str
    says: str
    advice: str
    threshold: str = ""

    @property
    def limits(self) -> dict[str, float]:
        """The thresholds to judge by that differ from the default."""
        return {self.threshold: self.limit} if self.threshold else {}


METRICS, SIGNIFICANCE, CALIBRATION = ("metrics",), ("checks", "significance"), ("checks", "calibration")
BENCHMARK, OVERFITTING = ("checks", "benchmark"), ("checks", "overfitting")
EDGES = [
    Edge(
        *("performance", "trades", (*METRICS, "trades"), 50, 49, "TRADES_TOO_FEW"),
        says="49 trades on the test split, and at least 50 are needed",
        advice="Give it more history (market.history_bars) or a larger test split, or trade a shorter interval",
    ),
    Edge(
        *("performance", "sharpe", (*METRICS, "sharpe"), 1.0, 0.99, "BELOW_MINIMUM"),
        says="sharpe 0.99 is under 1",
        advice="more history, or trade a longer interval",
    ),
    Edge(
        *("performance", "win_rate", (*METRICS, "win_rate"), 0.5, 0.49, "BELOW_MINIMUM"),
        says="win_rate 0.49 is under 0.5",
        advice="Raise risk.min_confidence, or allow closer targets with policy.min_target",
    ),
    Edge(
        *("performance", "profit_factor", (*METRICS, "profit_factor"), 1.5, 1.49, "BELOW_MINIMUM"),
        says="profit_factor 1.49 is under 1.5",
        advice="Raise risk.min_confidence, or allow closer stops with policy.min_stop",
    ),
    Edge(
        *("performance", "psr0", (*SIGNIFICANCE, "psr0"), 0.95, 0.949, "NOT_SIGNIFICANT"),
        says="over 0 with a probability of 94.9%, with an error of 0.60; 95.0% is needed",
        advice="longer test split: more history, or a larger share of it. At this ratio that takes 0.8 years",
    ),
    Edge(
        *("performance", "dsr", (*SIGNIFICANCE, "dsr"), 0.5, 0.499, "NOT_SIGNIFICANT"),
        says="best of 3 trials, 1.30 independent ones, with a probability of 49.9%; 50.0% is needed",
        advice="try fewer candidates on the same bars",
        threshold="min_dsr",
    ),
    Edge(
        *("performance", "alpha_t", (*BENCHMARK, "alpha_t"), 1.645, 1.64, "NOT_BEYOND_MARKET"),
        says="beyond 0.10 times its market the candidate earned 20.0% a year, with a t-value of 1.64; 1.645 is needed",
        advice="let it trade both sides and leave when its side ends, or judge it on a longer test split",
    ),
    Edge(
        *("performance", "timing_p", (*BENCHMARK, "timing_p"), 0.05, 0.051, "TIMING_BY_CHANCE"),
        says="timing_p 0.051 is over 0.05",
        advice="look at the engine's signal, not at the policy",
    ),
    Edge(
        *("performance", "overfitting", (*OVERFITTING, "probability"), 0.5, 0.51, "OVERFITTED"),
        says="overfitting 0.51 is over 0.5",
        advice="train fewer, or each for longer (policy.steps)",
        threshold="max_overfitting",
    ),
    Edge(
        *("risk", "max_drawdown", (*METRICS, "max_drawdown"), 0.15, 0.151, "ABOVE_MAXIMUM"),
        says="max_drawdown 0.151 is over 0.15",
        advice="Lower risk.size_cap, or raise policy.risk_aversion",
    ),
    Edge(
        *("risk", "volatility", (*METRICS, "volatility"), 0.3, 0.31, "ABOVE_MAXIMUM"),
        says="volatility 0.31 is over 0.3",
        advice="Lower risk.volatility_target",
    ),
    Edge(
        *("risk", "max_consecutive_losses", (*METRICS, "max_consecutive_losses"), 5, 6, "ABOVE_MAXIMUM"),
        says="max_consecutive_losses 6 is over 5; with 120 trades of which 60% gain, independent ones break the limit "
        "of 5 with a probability of",
        advice="Raise risk.min_confidence or risk.cooldown_bars",
    ),
    Edge(
        *("calibration", "outcomes", (*CALIBRATION, "outcomes"), 1, 0, "BELOW_MINIMUM"),
        says="outcomes 0 is under 1",
        advice="Give the calibrator more bars (splits.train, splits.validation)",
    ),
    Edge(
        *("calibration", "brier", (*CALIBRATION, "brier"), 0.25, 0.251, "ABOVE_MAXIMUM"),
        says="brier 0.251 is over 0.25",
        advice="try another calibration.method",
    ),
    Edge(
        *("calibration", "ece", (*CALIBRATION, "ece"), 0.1, 0.101, "ABOVE_MAXIMUM"),
        says="ece 0.101 is over 0.1",
        advice="try another calibration.method",
    ),
    Edge(
        *("calibration", "share_at_mode", (*CALIBRATION, "share_at_mode"), 0.5, 0.51, "ABOVE_MAXIMUM"),
        says="share_at_mode 0.51 is over 0.5",
        advice="try another calibration.method",
    ),
    *(
        Edge(
            *("calibration", f"ece_{side}", (*CALIBRATION, "per_side", number, "ece_equal_mass")),
            *(0.1, 0.101, "ABOVE_MAXIMUM"),
            says=f"ece_{side} 0.101 is over 0.1",
            advice="try another calibration.method",
        )
        for number, side in (("0", "long"), ("1", "short"))
    ),
    Edge(
        *("calibration", "trades_brier", (*CALIBRATION, "trades_brier"), 0.25, 0.251, "ABOVE_MAXIMUM"),
        says="trades_brier 0.251 is over 0.25",
        advice="compare policy.max_duration with calibration.horizon_bars",
    ),
]
UNSKILLED = "train on more history, try another engine, or leave this market alone"


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.rule)
def test_a_rule_holds_at_its_limit_and_fails_beyond_it_with_both_numbers_and_a_remedy(good: Evidence, edge: Edge):
    at = rule_of(with_number(good, edge.place, edge.limit), edge.gate, edge.rule, **edge.limits)
    assert (at.passed, at.severity, at.observed, at.threshold) == (True, "block", edge.limit, edge.limit)
    assert (at.code, at.remedy) == (ReasonCode.OK, "")
    beyond = rule_of(with_number(good, edge.place, edge.beyond), edge.gate, edge.rule, **edge.limits)
    assert (beyond.passed, beyond.severity, beyond.observed, beyond.threshold) == (
        *(False, "block"),
        *(edge.beyond, edge.limit),
    )
    assert beyond.code == edge.code
    assert edge.says in beyond.message
    assert edge.advice in beyond.remedy
    assert_reads_well(beyond)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.rule)
@pytest.mark.parametrize("number", [None, math.nan])
def test_a_number_that_proves_nothing_is_shown_beside_its_limit(good: Evidence, edge: Edge, number: Number):
    found = rule_of(with_number(good, edge.place, number), edge.gate, edge.rule, **edge.limits)
    assert (found.passed, found.severity, found.threshold) == (False, "block", edge.limit)
    assert found.observed == (None if number is None else "nan")


@pytest.mark.parametrize("number", ["bss", "bss_low"])
@pytest.mark.parametrize(("least", "value", "passes"), [(0.0, 0.0, False), (0.0, 1e-9, True), (0.1, 0.1, False)])
def test_skill_has_to_be_over_its_limit(good: Evidence, number: str, least: float, value: float, passes: bool):
    name = {"bss": "brier_skill", "bss_low": "brier_skill_low"}[number]
    found = rule_of(
        with_number(good, ("checks", "calibration", number), value), "calibration", name, min_brier_skill=least
    )
    assert (found.passed, found.observed, found.threshold) == (passes, value, least)
    if not passes:
        assert f"{name} {value:g} is not over {least:g}" in found.message
        assert UNSKILLED in found.remedy
        assert_reads_well(found)
    unknown = with_number(good, ("checks", "calibration", number), None)
    assert rule_of(unknown, "calibration", name, min_brier_skill=least).threshold == least


@pytest.mark.parametrize(
    ("informative", "least", "passes", "severity", "observed"),
    [
        (True, 0.0, True, "block", "true"),
        (True, -0.1, True, "block", "true"),
        (False, 0.0, False, "block", "false"),
        (False, -0.1, True, "warn", "false"),
        (None, -0.1, False, "block", None),
    ],
)
def test_a_calibrator_tells_more_than_base_rates_or_nobody_asks_it_to(
    good: Evidence, informative: bool | None, least: float, passes: bool, severity: str, observed: str | None
):
    section = good.section(CalibrationEvidence).model_copy(update={"informative": informative})
    found = rule_of(with_section(good, section), "calibration", "informative", min_brier_skill=least)
    assert (found.passed, found.severity, found.observed) == (passes, severity, observed)
    if severity == "warn":
        assert found.message == "the calibrator is flat, and no skill is asked of it"
        return
    assert found.threshold == "true"
    if informative is False:
        assert found.code is ReasonCode.BELOW_MINIMUM
        assert "nothing told more about later outcomes than the base rate of each side" in found.message
        assert UNSKILLED in found.remedy
        assert_reads_well(found)


@pytest.mark.parametrize(
    ("error", "chance", "code", "observed"),
    [
        (0.14, 0.05, ReasonCode.OK, pytest.approx(0.09)),
        (0.04, 0.05, ReasonCode.OK, 0.0),
        (0.14, None, ReasonCode.EVIDENCE_MISSING, None),
        (None, 0.05, ReasonCode.EVIDENCE_MISSING, None),
        (None, math.inf, ReasonCode.EVIDENCE_MISSING, None),
        (0.14, math.nan, ReasonCode.EVIDENCE_NOT_FINITE, "nan"),
        (0.14, math.inf, ReasonCode.EVIDENCE_NOT_FINITE, "inf"),
        (math.inf, 0.05, ReasonCode.EVIDENCE_NOT_FINITE, "inf"),
        (-math.inf, 0.05, ReasonCode.EVIDENCE_NOT_FINITE, "-inf"),
    ],
)
def test_chance_excuses_only_as_much_of_a_sides_error_as_it_was_measured_to_make(
    good: Evidence, error: Number, chance: Number, code: ReasonCode, observed: object
):
    side = ("checks", "calibration", "per_side", "0")
    spoiled = with_number(with_number(good, (*side, "ece_equal_mass"), error), (*side, "ece_chance"), chance)
    found = rule_of(spoiled, "calibration", "ece_long")
    assert (found.code, found.observed) == (code, observed)


def test_both_sides_are_asked_for_where_none_was_measured(good: Evidence):
    section = good.section(CalibrationEvidence).model_copy(update={"per_side": ()})
    for name in ("ece_long", "ece_short"):
        found = rule_of(with_section(good, section), "calibration", name)
        assert (found.code, found.threshold) == (ReasonCode.EVIDENCE_MISSING, 0.1)
        assert_reads_well(found)


@pytest.mark.parametrize(("trades", "few"), [(0, True), (29, True), (30, False), (-1, False)])
def test_trades_too_few_to_judge_confidence_by_are_noted_with_how_many_are_needed(
    good: Evidence, trades: int, few: bool
):
    found = rule_of(with_number(good, ("checks", "calibration", "trades"), trades), "calibration", "trades_brier")
    assert found.passed
    if few:
        assert (found.severity, found.observed, found.threshold) == ("warn", trades, 30)
        assert found.message == f"{trades} trades are too few to judge confidence by, 30 are needed"
    else:
        assert (found.severity, found.observed, found.threshold) == ("block", 0.22, 0.25)


@pytest.mark.parametrize(
    ("margin", "held", "observed", "passes"),
    [(0.0, 1.8, 0.0, True), (0.0, 1.81, -0.01, False), (0.5, 1.3, 0.5, True), (0.5, 1.31, 0.49, False)],
)
def test_the_market_has_to_be_beaten_by_the_margin_that_is_asked(
    good: Evidence, margin: float, held: float, observed: float, passes: bool
):
    evidence = with_number(good, ("checks", "benchmark", "buy_hold_sharpe"), held)
    found = rule_of(evidence, "performance", "sharpe_over_market", min_market_margin=margin)
    assert (found.passed, found.observed, found.threshold) == (passes, pytest.approx(observed), margin)
    if not passes:
        assert f"a Sharpe ratio of 1.80 is not enough beside the {held:.2f} of buying and holding" in found.message
        assert "Holding the market was better on these bars" in found.remedy
        assert_reads_well(found)


@pytest.mark.parametrize("number", ["sharpe", "buy_hold_sharpe"])
def test_without_either_ratio_nothing_is_known_of_the_margin(good: Evidence, number: str):
    found = rule_of(with_number(good, ("checks", "benchmark", number), None), "performance", "sharpe_over_market")
    assert (found.passed, found.code, found.threshold) == (False, ReasonCode.EVIDENCE_MISSING, 0.0)


def test_a_message_names_what_was_not_measured_as_unknown(good: Evidence):
    blank = good
    for name in ("beta", "alpha"):
        blank = with_number(blank, ("checks", "benchmark", name), None)
    blank = with_number(blank, ("checks", "benchmark", "alpha_t"), 0.0)
    message = rule_of(blank, "performance", "alpha_t").message
    assert "beyond an unknown number times its market the candidate earned an unknown share a year" in message


@pytest.mark.parametrize(
    ("error", "years", "says", "advises"),
    [
        (0.6, 0.8, "94.9%, with an error of 0.60; 95.0%", " At this ratio that takes 0.8 years."),
        (None, 0.8, "94.9%; 95.0%", " At this ratio that takes 0.8 years."),
        (0.6, None, "94.9%, with an error of 0.60; 95.0%", ""),
        (0.6, math.inf, "94.9%, with an error of 0.60; 95.0%", ""),
    ],
)
def test_how_many_years_a_ratio_needs_is_said_where_any_number_of_years_would_do(
    good: Evidence, error: Number, years: Number, says: str, advises: str
):
    section = good.section(SignificanceEvidence)
    weak = section.model_copy(update={"psr0": 0.949, "sharpe_se": error, "min_track_years": years})
    found = rule_of(with_section(good, weak), "performance", "psr0")
    assert says in found.message
    assert found.remedy.endswith(f"or a larger share of it.{advises}")
    assert_reads_well(found)


def test_a_candidate_without_trades_is_asked_for_at_least_one(good: Evidence):
    for least in (0, 50):
        found = rule_of(with_number(good, ("metrics", "trades"), 0), "performance", "trades", min_trades=least)
        assert (found.passed, found.observed, found.threshold) == (False, 0, max(least, 1))
        assert "give it more history, or another engine or interval" in found.remedy.lower()
        assert_reads_well(found)
    one = rule_of(with_number(good, ("metrics", "trades"), 1), "performance", "trades", min_trades=0)
    assert (one.passed, one.threshold) == (True, 1)
    assert rule_of(with_number(good, ("metrics", "trades"), 1), "performance", "trades").code == "TRADES_TOO_FEW"


@pytest.mark.parametrize(("least", "severity"), [(0.0, "warn"), (0.5, "block")])
def test_a_deflated_ratio_that_holds_is_a_note_only_where_no_limit_is_set(good: Evidence, least: float, severity: str):
    found = rule_of(good, "performance", "dsr", min_dsr=least)
    assert (found.passed, found.severity, found.observed, found.threshold) == (True, severity, 0.97, least)
    assert bool(found.message) is (severity == "warn")
    unknown = rule_of(with_number(good, ("checks", "significance", "dsr"), None), "performance", "dsr")
    assert (unknown.passed, unknown.severity) == (False, "block")


@pytest.mark.parametrize(
    ("mean_action", "follow_signal", "says"),
    [
        (0.1, 0.2, ""),
        (-0.5, 0.2, "its own mean action held constant was better by 0.50 of Sharpe"),
        (0.1, 0.0, "following its signal was as good"),
        (
            *(0.0, -1.25),
            "its own mean action held constant was as good, following its signal was better by 1.25 of Sharpe",
        ),
    ],
)
@pytest.mark.parametrize("least", [0, 1, 2])
def test_a_baseline_that_was_not_beaten_is_named_with_by_how_much_it_was_better(
    good: Evidence, mean_action: float, follow_signal: float, says: str, least: int
):
    found = good
    for number, difference in enumerate((mean_action, follow_signal)):
        found = with_number(found, ("checks", "baselines", "results", str(number), "difference"), difference)
    rule = rule_of(found, "performance", "baselines_beaten", min_baselines_beaten=least)
    assert (rule.threshold, rule.severity, rule.message) == (least, "block" if least else "warn", says)
    assert rule.evidence == {"mean_action": mean_action, "follow_signal": follow_signal}
    if not rule.passed:
        assert "train it longer (policy.steps), or trade a fixed action" in rule.remedy
        assert_reads_well(rule)


@pytest.mark.parametrize(("number", "name"), [("0", "over_mean_action"), ("1", "over_follow_signal")])
@pytest.mark.parametrize("difference", [None, math.nan, math.inf])
def test_a_baseline_whose_difference_was_not_measured_is_named(
    good: Evidence, number: str, name: str, difference: Number
):
    spoiled = with_number(good, ("checks", "baselines", "results", number, "difference"), difference)
    found = rule_of(spoiled, "performance", name)
    assert (found.passed, found.severity, found.threshold) == (False, "block", 0.0)
    assert found.observed == (None if difference is None else str(difference))


def folds(asked: Number, count: int, psr0: Number = 0.97) -> WalkForwardEvidence:
    fold = FoldResult(trained_from=0, trained_to=1, first=2, last=3, trades=40, sharpe=1.1, total_return=0.1)
    return WalkForwardEvidence(asked=asked, folds=(fold,) * count, years=2.5, sharpe=1.1, psr0=psr0)


@pytest.mark.parametrize(
    ("asked", "count", "passes"), [(0, 0, True), (1, 1, True), (1, 0, False), (2, 1, False), (2, 2, True), (2, 3, True)]
)
def test_as_many_folds_as_were_asked_for_have_to_be_there(good: Evidence, asked: int, count: int, passes: bool):
    evidence = with_section(good, folds(asked, count))
    found = rule_of(evidence, "performance", "walk_forward_folds")
    assert (found.passed, found.observed, found.threshold) == (passes, count, asked)
    if not passes:
        assert (found.code, found.remedy) == (ReasonCode.EVIDENCE_MISSING, MEASURE_AGAIN)
        assert found.message == f"walk_forward_folds {count} is under {asked}"
    asks = "walk_forward_psr0" in {rule.name for rule in performance_rules(evidence, LIMITS)}
    assert asks is (asked > 0)


@pytest.mark.parametrize("asked", [None, math.nan, math.inf])
def test_folds_that_nobody_knows_to_have_been_asked_for_fail(good: Evidence, asked: Number):
    found = rule_of(with_section(good, folds(asked, 2)), "performance", "walk_forward_folds")
    assert (found.passed, found.observed) == (False, None if asked is None else str(asked))


@pytest.mark.parametrize(("psr0", "passes"), [(0.95, True), (0.949, False), (None, False), (math.nan, False)])
def test_all_test_ranges_together_are_held_to_the_limit_of_the_last(good: Evidence, psr0: Number, passes: bool):
    found = rule_of(with_section(good, folds(2, 2, psr0)), "performance", "walk_forward_psr0")
    assert (found.passed, found.threshold) == (passes, 0.95)
    if psr0 == 0.949:
        assert found.code is ReasonCode.NOT_SIGNIFICANT
        assert found.message == (
            "over 2.50 years of walk-forward folds and test split the true Sharpe ratio is over 0 with a probability "
            "of 94.9%; 95.0% is needed. The folds have 1.10, 1.10"
        )
        assert "look at the folds that lost, or give it more history" in found.remedy
        assert_reads_well(found)


@pytest.mark.parametrize(
    ("seeds", "most", "passes", "severity", "observed", "threshold"),
    [
        (0, 0.5, True, "warn", 0, 0.5),
        (1, 0.5, True, "warn", 0, 0.5),
        (2, 0.5, False, "block", 0.6, 0.5),
        (2, 0.6, True, "block", 0.6, 0.6),
        (2, 1.0, True, "warn", 0.6, 1.0),
        (None, 1.0, False, "block", None, 1.0),
        (math.nan, 1.0, False, "block", "nan", 1.0),
        (math.inf, 1.0, False, "block", "inf", 1.0),
    ],
)
def test_a_choice_needs_two_seeds_and_a_limit_under_one_to_be_judged(
    good: Evidence, seeds: Number, most: float, passes: bool, severity: str, observed: object, threshold: float
):
    evidence = with_section(good, OverfittingEvidence(seeds=seeds, probability=0.6))
    found = rule_of(evidence, "performance", "overfitting", max_overfitting=most)
    assert (found.passed, found.severity, found.observed, found.threshold) == (passes, severity, observed, threshold)
    if seeds in (0, 1):
        assert found.message == "nothing was chosen among seeds, so no choice can be overfitted"


def losses(good: Evidence, outcomes: str | None, longest: int, **limits: float) -> CheckResult:
    section = good.section(SignificanceEvidence).model_copy(update={"outcomes": outcomes})
    evidence = with_number(with_section(good, section), ("metrics", "max_consecutive_losses"), longest)
    return rule_of(evidence, "risk", "max_consecutive_losses", **limits)


def test_losses_in_a_row_say_how_likely_chance_is_and_when_it_is_likely_what_else_could_be_asked(good: Evidence):
    rare = losses(good, "1" * 60 + "0" * 6 + "1" * 54, 6)
    assert not rare.passed
    assert rare.evidence["probability"] < 0.5
    assert rare.remedy == "Raise risk.min_confidence or risk.cooldown_bars."
    likely = losses(good, "0" * 6 + "10" * 500, 6)
    assert likely.evidence["probability"] > 0.5
    assert likely.remedy.startswith("Raise risk.min_confidence or risk.cooldown_bars. So many trades")
    even = losses(good, "0011", 2, max_consecutive_losses=1)
    assert (even.passed, even.evidence["probability"]) == (False, 0.5)
    assert even.remedy == rare.remedy
    kept = losses(good, "10" * 500, 1)
    assert kept.evidence["probability"] > 0.5
    assert (kept.passed, kept.remedy) == (True, "")
    assert kept.message.startswith("with 1000 trades of which 50% gain")


def test_losses_in_a_row_cannot_be_judged_without_the_outcomes_of_trades(good: Evidence):
    unknown = losses(good, None, 3)
    assert (unknown.passed, unknown.threshold, unknown.remedy) == (False, 5, MEASURE_AGAIN)
    none = losses(good, "", 0)
    assert (none.passed, none.message, none.evidence) == (True, "", {})
    assert losses(good, "", 0, losses_over_trades=10).observed == 0


@pytest.mark.parametrize(
    ("first", "last", "passes"), [(0, 1_000, True), (1_000, 1_000, True), (0, 1_001, False), (1_000, 999, False)]
)
def test_a_part_may_see_the_last_bar_of_its_split_and_no_later_one(good: Evidence, first: int, last: int, passes: bool):
    section = good.section(LeakageEvidence)
    scaler = FitRecord(part="scaler", first_ts=first, last_ts=last)
    fits = tuple(scaler if record.part == "scaler" else record for record in section.fits)
    found = rule_of(with_section(good, section.model_copy(update={"fits": fits})), "leakage", "fit_scaler")
    assert (found.passed, found.observed, found.threshold) == (passes, moment_text(last), moment_text(1_000))
    if not passes:
        assert (
            found.message
            == f"the scaler saw bars up to {found.observed}, and the train split ends at {found.threshold}"
        )
        assert found.remedy == "Fit it on bars of the train split or before."


@pytest.mark.parametrize("name", LEAKAGE_CHECKS)
def test_a_leakage_check_that_did_not_run_is_asked_for(good: Evidence, name: str):
    section = good.section(LeakageEvidence).model_copy(update={name: None})
    assert rule_of(with_section(good, section), "leakage", name).remedy == MEASURE_AGAIN


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_that_did_not_run_is_asked_for(good: Evidence, name: str):
    assert rule_of(with_section(good, StressEvidence()), "stress", name).remedy == MEASURE_AGAIN


def test_a_part_that_was_fitted_but_is_not_required_is_looked_at_too(good: Evidence):
    section = good.section(LeakageEvidence)
    unasked = section.model_copy(update={"required_fits": ("engine",)})
    names = [rule.name for rule in leakage_rules(with_section(good, unasked), LIMITS)]
    fitted = [f"fit_{record.part}" for record in section.fits if record.part != "engine"]
    assert names == [*LEAKAGE_CHECKS, "fit_engine", *fitted, "fit_drift"]
