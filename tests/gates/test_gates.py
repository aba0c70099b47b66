from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.checks.samples import PROVEN_RECORD, START, drift_of, only, still, with_number, with_section, without_section
from trading.checks.calibration import CalibrationEvidence
from trading.checks.drift import Chance, DriftEvidence
from trading.checks.evidence import Evidence, LiveRecord
from trading.checks.leakage import LEAKAGE_CHECKS, LeakageEvidence
from trading.checks.overfitting import OverfittingEvidence
from trading.checks.regime_starts import RegimeStartsEvidence
from trading.checks.scenarios import SCENARIOS
from trading.checks.significance import SignificanceEvidence
from trading.checks.stress import JUDGED, StressEvidence
from trading.checks.survival import AT_LEAST
from trading.checks.table import CHECKS
from trading.checks.walk_forward import FoldResult, WalkForwardEvidence
from trading.codes import ReasonCode
from trading.gates.gate import Gate, GateResult, Limits, ask_gate
from trading.gates.live_consistency import LiveAnswer, decayed, live_answer
from trading.gates.rules import at_least, at_most
from trading.gates.table import GATES
from trading.gates.verdict import Admission, judge
from trading.model.fits import LATEST_SPLIT, FitRecord, required_parts
from trading.results import MEASURE_AGAIN, CheckResult, Number
from trading.settings.models import GateSpec
from trading.statistics.runs import losing_run_probability
from trading.steps.features import FEATURE_NAMES

LIMITS: Limits = GateSpec().model_dump()
UNUSABLE = (None, math.nan, math.inf, -math.inf)
NUMBERS = st.one_of(st.none(), st.floats(), st.integers(), st.floats(-2, 2))

# Where every number a gate reads is, and whether more of it is better.
PLACES: dict[tuple[str, ...], bool] = {
    ("metrics", "trades"): True,
    ("metrics", "sharpe"): True,
    ("metrics", "win_rate"): True,
    ("metrics", "profit_factor"): True,
    ("metrics", "max_drawdown"): False,
    ("metrics", "volatility"): False,
    ("metrics", "max_consecutive_losses"): False,
    ("checks", "significance", "psr0"): True,
    ("checks", "significance", "dsr"): True,
    ("checks", "benchmark", "alpha_t"): True,
    ("checks", "benchmark", "sharpe"): True,
    ("checks", "benchmark", "buy_hold_sharpe"): False,
    ("checks", "benchmark", "timing_p"): False,
    ("checks", "baselines", "results", "0", "difference"): True,
    ("checks", "baselines", "results", "1", "difference"): True,
    ("checks", "calibration", "outcomes"): True,
    ("checks", "calibration", "brier"): False,
    ("checks", "calibration", "ece"): False,
    ("checks", "calibration", "bss"): True,
    ("checks", "calibration", "bss_low"): True,
    ("checks", "calibration", "share_at_mode"): False,
    ("checks", "calibration", "per_side", "1", "ece_equal_mass"): False,
    ("checks", "calibration", "trades_brier"): False,
    ("checks", "drift", "psi", "trend_slow"): False,
    ("checks", "drift", "ks", "log_return_1"): False,
    ("checks", "drift", "recent", "psi", "level_volume"): False,
    ("checks", "drift", "recent", "tails", "log_return_1"): False,
    ("checks", "drift", "outputs", "test", "psi", "confidence"): False,
    ("checks", "drift", "outputs", "recent", "psi", "action_size"): False,
    ("checks", "drift", "conditional", "brier"): False,
    ("checks", "drift", "conditional", "reference_brier"): True,
}
NEEDED = [
    *PLACES,
    ("checks", "drift", "critical_psi"),
    ("checks", "drift", "critical_ks"),
    ("checks", "drift", "psi_chance", "trend_slow", "expected"),
    ("checks", "drift", "psi_chance", "trend_slow", "limit"),
    ("checks", "drift", "ks_chance", "log_return_1", "limit"),
    ("checks", "drift", "recent", "psi_chance", "level_range", "limit"),
    ("checks", "drift", "recent", "tails_chance", "level_range", "expected"),
    ("checks", "drift", "recent", "minimum_psi"),
    ("checks", "drift", "recent", "minimum_tails"),
    ("checks", "drift", "outputs", "test", "psi_chance", "direction", "limit"),
    ("checks", "drift", "conditional", "limit"),
    ("checks", "drift", "conditional", "minimum"),
    ("live", "bars"),
    ("checks", "leakage", "target", "observed"),
    ("checks", "stress", "results", "0", "observed"),
]


def gate(evidence: Evidence, name: str) -> GateResult:
    return ask_gate(GATES[name], evidence, LIMITS)


def test_a_good_candidate_passes_every_gate_without_condition(good: Evidence):
    results = [gate(good, name) for name in GATES]
    assert [(r.passed, r.conditional, r.code) for r in results] == [(True, False, ReasonCode.OK)] * len(GATES)


@pytest.mark.parametrize("place", NEEDED, ids=".".join)
@pytest.mark.parametrize("value", UNUSABLE, ids=str)
def test_a_number_that_is_missing_or_not_finite_rejects_the_candidate(
    good: Evidence, place: tuple[str, ...], value: Number
):
    verdict = judge(with_number(good, place, value), LIMITS)
    assert not verdict.approved
    codes = {rule.code for failed in verdict.failed for rule in failed.rules if not rule.passed}
    expected = ReasonCode.EVIDENCE_MISSING if value is None else ReasonCode.EVIDENCE_NOT_FINITE
    assert codes & {expected, ReasonCode.EVIDENCE_NOT_FINITE, ReasonCode.DRIFT_CRITICAL}


@pytest.mark.parametrize("place", NEEDED, ids=".".join)
def test_a_not_finite_number_still_rejects_after_a_trip_through_json(good: Evidence, place: tuple[str, ...]):
    spoiled = with_number(good, place, math.nan)
    assert not judge(Evidence.model_validate_json(spoiled.model_dump_json()), LIMITS).approved


@given(place=st.sampled_from(sorted(PLACES)), before=NUMBERS, after=NUMBERS)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_making_a_number_worse_never_turns_a_rejection_into_an_approval(
    good: Evidence, place: tuple[str, ...], before: Number, after: Number
):
    better_is_more = PLACES[place]
    if before is not None and after is not None and (after > before if better_is_more else after < before):
        before, after = after, before
    if (before is None or math.isnan(before)) and after is not None and math.isfinite(after):
        before, after = after, before
    first, second = judge(with_number(good, place, before), LIMITS), judge(with_number(good, place, after), LIMITS)
    if before is None or not -math.inf < before < math.inf:
        assert not first.approved
    else:
        assert first.approved or not second.approved


@given(observed=NUMBERS, limit=st.floats(allow_nan=False, allow_infinity=False))
def test_a_rule_passes_only_on_a_finite_number_on_the_right_side_of_its_limit(observed: Number, limit: float):
    finite = observed is not None and -math.inf < observed < math.inf
    assert at_most("x", observed, limit, remedy="r").passed is (finite and observed is not None and observed <= limit)
    assert at_least("x", observed, limit, remedy="r").passed is (finite and observed is not None and observed >= limit)


def test_a_limit_itself_is_allowed(good: Evidence):
    at_limit = good
    for place, value in {
        ("metrics", "trades"): 50,
        ("metrics", "sharpe"): 1.0,
        ("metrics", "win_rate"): 0.5,
        ("metrics", "profit_factor"): 1.5,
        ("metrics", "max_drawdown"): 0.15,
        ("metrics", "volatility"): 0.30,
        ("metrics", "max_consecutive_losses"): 5,
        ("checks", "significance", "psr0"): 0.95,
        ("checks", "benchmark", "alpha_t"): 1.645,
        ("checks", "benchmark", "sharpe"): 1.0,
        ("checks", "benchmark", "buy_hold_sharpe"): 1.0,
        ("checks", "benchmark", "timing_p"): 0.05,
        ("checks", "calibration", "brier"): 0.25,
        ("checks", "calibration", "ece"): 0.10,
        ("checks", "calibration", "share_at_mode"): 0.5,
        ("checks", "calibration", "per_side", "0", "ece_equal_mass"): 0.10,
        ("checks", "calibration", "trades_brier"): 0.25,
    }.items():
        at_limit = with_number(at_limit, place, value)
    assert judge(at_limit, LIMITS).approved


@pytest.mark.parametrize("name", GATES)
def test_every_rule_is_evaluated_although_all_of_them_fail(good: Evidence, name: str):
    nothing = Evidence(symbol="SIM", live=LiveRecord())
    failed = gate(nothing, name)
    assert not failed.passed
    assert failed.code in {ReasonCode.EVIDENCE_MISSING, ReasonCode.DRIFT_CRITICAL}
    assert failed.remedy
    if name in {"performance", "risk", "stress", "leakage", "calibration"}:
        assert len(failed.rules) == len(gate(good, name).rules)
        assert not any(rule.passed for rule in failed.rules)


def test_a_candidate_without_trades_is_told_so_in_its_own_words_and_nothing_else(good: Evidence):
    idle = good.model_copy(update={"metrics": {**good.metrics, "trades": 0, "sharpe": math.nan, "win_rate": math.nan}})
    for check in ("significance", "benchmark", "baselines"):
        idle = with_section(idle, CHECKS[check].evidence(**({"outcomes": ""} if check == "significance" else {})))
    result = gate(idle, "performance")
    assert [rule.code for rule in result.rules] == [ReasonCode.NO_TRADES]
    assert result.reason == "the candidate made no trade on the test split, so there is no performance to judge"
    assert "min_confidence" in result.remedy
    assert gate(idle, "risk").passed


@pytest.mark.parametrize(("least", "trades", "code"), [(50, 49, "TRADES_TOO_FEW"), (0, 0, "NO_TRADES"), (0, 1, "OK")])
def test_fewer_trades_than_are_asked_for_fail_and_none_always(good: Evidence, least: int, trades: int, code: str):
    few = with_number(good, ("metrics", "trades"), trades)
    result = ask_gate(GATES["performance"], few, {**LIMITS, "min_trades": least})
    assert (result.code, result.passed) == (code, code == "OK")


@pytest.mark.parametrize(
    ("place", "value", "rule", "code"),
    [
        (("checks", "significance", "psr0"), 0.94, "psr0", "NOT_SIGNIFICANT"),
        (("checks", "benchmark", "alpha_t"), 1.64, "alpha_t", "NOT_BEYOND_MARKET"),
        (("checks", "benchmark", "buy_hold_sharpe"), 1.81, "sharpe_over_market", "NOT_BEYOND_MARKET"),
        (("checks", "benchmark", "timing_p"), 0.051, "timing_p", "TIMING_BY_CHANCE"),
    ],
)
def test_what_chance_or_the_market_explains_fails_by_its_own_code_with_a_remedy(
    good: Evidence, place: tuple[str, ...], value: float, rule: str, code: str
):
    result = gate(with_number(good, place, value), "performance")
    failed = [(found.name, found.code) for found in result.rules if not found.passed]
    assert failed == [(rule, code)]
    assert result.reason
    assert result.remedy


def test_the_deflated_ratio_is_shown_with_its_trials_and_decides_only_if_a_limit_is_set(good: Evidence):
    low = with_number(good, ("checks", "significance", "dsr"), 0.4)
    shown = next(rule for rule in gate(low, "performance").rules if rule.name == "dsr")
    assert (shown.passed, shown.severity, shown.observed) == (True, "warn", 0.4)
    assert shown.message == "3 trials so far, worth 1.30 independent ones"
    asked = ask_gate(GATES["performance"], low, {**LIMITS, "min_dsr": 0.5})
    assert (asked.code, asked.passed) == (ReasonCode.NOT_SIGNIFICANT, False)
    assert "best of 3 trials" in asked.reason
    assert ask_gate(GATES["performance"], good, {**LIMITS, "min_dsr": 0.5}).passed


@pytest.mark.parametrize(
    ("mean_action", "follow_signal", "beaten"), [(0.4, 0.6, 2), (0.0, 0.6, 1), (0.4, -0.2, 1), (-0.1, -0.2, 0)]
)
@pytest.mark.parametrize("least", [0, 1, 2])
def test_a_policy_that_adds_nothing_to_its_engine_says_so_and_fails_only_if_that_is_asked(
    good: Evidence, mean_action: float, follow_signal: float, beaten: int, least: int
):
    places = (("checks", "baselines", "results", str(number), "difference") for number in range(2))
    found = good
    for place, difference in zip(places, (mean_action, follow_signal), strict=True):
        found = with_number(found, place, difference)
    result = ask_gate(GATES["performance"], found, {**LIMITS, "min_baselines_beaten": least})
    rule = result.rules[-1]
    assert (rule.name, rule.observed, rule.passed) == ("baselines_beaten", beaten, beaten >= least)
    assert rule.code == (ReasonCode.OK if beaten == 2 else ReasonCode.BASELINES_NOT_BEATEN)
    assert (result.passed, result.conditional) == (beaten >= least, False)
    assert ("following its signal" in rule.message) is (follow_signal <= 0.0)
    assert ("held constant" in rule.message) is (mean_action <= 0.0)
    assert bool(rule.remedy) is not rule.passed


def trades_of(evidence: Evidence, outcomes: str, longest: int) -> Evidence:
    found = evidence.section(SignificanceEvidence).model_copy(update={"outcomes": outcomes})
    return with_number(with_section(evidence, found), ("metrics", "max_consecutive_losses"), longest)


def test_beside_a_run_of_losses_stands_how_likely_chance_alone_makes_it(good: Evidence):
    rule = gate(trades_of(good, "110" * 40, 1), "risk").rules[-1]
    assert rule.passed
    assert rule.evidence == {
        "trades": 120,
        "win_rate": pytest.approx(2 / 3),
        "probability": losing_run_probability(5, trades=120, win_rate=2 / 3),
    }
    assert "with 120 trades of which 67 % gain" in rule.message.replace("67%", "67 %")
    failed = gate(trades_of(good, "0" * 6 + "10" * 500, 6), "risk")
    assert failed.code is ReasonCode.ABOVE_MAXIMUM
    assert "max_consecutive_losses 6 is over 5; with 1006 trades" in failed.reason
    assert "losses_over_trades" in failed.remedy


@pytest.mark.parametrize(("window", "passes"), [(0, False), (30, False), (20, True), (500, False)])
def test_a_run_of_losses_is_looked_for_among_the_last_trades_that_the_owner_names(
    good: Evidence, window: int, passes: bool
):
    once = trades_of(good, "1" * 30 + "0" * 6 + "1" * 24, 6)
    result = ask_gate(GATES["risk"], once, {**LIMITS, "losses_over_trades": window})
    assert result.passed is passes


def test_a_run_of_losses_that_the_last_trades_cut_counts_only_what_is_left_of_it(good: Evidence):
    result = ask_gate(GATES["risk"], trades_of(good, "1" + "0" * 9, 9), {**LIMITS, "losses_over_trades": 5})
    assert (result.passed, result.rules[-1].observed) == (True, 5)


def test_starts_that_disagree_are_named_and_decide_only_if_a_limit_is_set(good: Evidence):
    def rule(least: float, *agreements: Number, starts: Number = 30) -> CheckResult:
        changes = [{"agreement": each, "sharpe": 2.0 * (each or 0)} for each in agreements]
        results = tuple(START.model_copy(update=change) for change in changes)
        evidence = with_section(good, RegimeStartsEvidence(starts=starts, results=results))
        judged = ask_gate(GATES["performance"], evidence, {**LIMITS, "min_start_agreement": least})
        return next(rule for rule in judged.rules if rule.name == "start_agreement")

    agreed, apart = rule(0.0, 1.0, 0.95), rule(0.0, 1.0, 0.95, 0.4)
    assert (agreed.passed, agreed.severity, agreed.code, agreed.observed) == (True, "warn", ReasonCode.OK, 0.95)
    assert (apart.passed, apart.severity, apart.code) == (True, "warn", ReasonCode.REGIMES_UNSTABLE)
    assert "the 3 best of 30 starts" in apart.message
    assert "40.0% of the test bars" in apart.message
    assert "Sharpe ratios of 0.80 to 2.00" in apart.message
    judged = rule(0.5, 1.0, 0.4)
    assert (judged.passed, judged.severity, judged.code) == (False, "block", ReasonCode.REGIMES_UNSTABLE)
    assert "raise regimes.seeds" in judged.remedy
    assert (rule(0.95, 1.0, 0.95).passed, rule(0.95, 1.0, 0.95).remedy) == (True, "")
    assert rule(0.0, starts=0).passed
    assert rule(0.5, starts=0).passed
    for unusable in UNUSABLE:
        assert (rule(0.0, 1.0, unusable).passed, rule(0.0, 1.0, unusable).severity) == (False, "block")
    assert not rule(0.0, starts=None).passed


def test_a_choice_among_seeds_is_shown_and_decides_only_if_a_limit_is_set(good: Evidence):
    chance = with_section(good, OverfittingEvidence(seeds=3, bars=900, divisions=12_870, probability=0.6, logit=-0.1))

    def rule(evidence: Evidence, most: float) -> CheckResult:
        judged = ask_gate(GATES["performance"], evidence, {**LIMITS, "max_overfitting": most})
        return next(rule for rule in judged.rules if rule.name == "overfitting")

    assert (rule(chance, 1.0).passed, rule(chance, 1.0).severity, rule(chance, 1.0).observed) == (True, "warn", 0.6)
    assert (rule(chance, 0.5).passed, rule(chance, 0.5).severity) == (False, "block")
    assert rule(chance, 0.5).code is ReasonCode.OVERFITTED
    assert rule(good, 0.5).passed
    alone = rule(with_section(good, OverfittingEvidence(seeds=1)), 0.5)
    assert (alone.passed, alone.observed) == (True, 0)
    for unusable in UNUSABLE:
        spoiled = with_section(good, OverfittingEvidence(seeds=2, probability=unusable))
        assert (rule(spoiled, 1.0).passed, rule(spoiled, 1.0).severity) == (False, "block")


def folded(sharpe: float | None = 1.1, psr0: float | None = 0.97) -> WalkForwardEvidence:
    """Evidence of two folds and the test split."""
    fold = FoldResult(trained_from=0, trained_to=1, first=2, last=3, trades=40, sharpe=sharpe, total_return=0.1)
    return WalkForwardEvidence(asked=2, folds=(fold, fold), years=2.5, sharpe=sharpe, psr0=psr0)


def test_walk_forward_folds_are_judged_together_with_the_test_split_where_they_are_asked_for(good: Evidence):
    def judged(section: WalkForwardEvidence) -> GateResult:
        return gate(with_section(good, section), "performance")

    assert {"walk_forward_folds", "walk_forward_psr0"} <= {rule.name for rule in judged(folded()).rules}
    assert judged(folded()).passed
    weak = judged(folded(psr0=0.9))
    assert (weak.passed, weak.code) == (False, ReasonCode.NOT_SIGNIFICANT)
    assert "over 2.50 years" in weak.reason
    assert "1.10, 1.10" in weak.reason
    for missing in (None, math.nan, math.inf):
        assert not judged(folded(psr0=missing)).passed
    short = judged(folded().model_copy(update={"folds": folded().folds[:1]}))
    assert (short.passed, short.code) == (False, ReasonCode.EVIDENCE_MISSING)
    assert not judged(WalkForwardEvidence()).passed
    assert judged(WalkForwardEvidence(asked=0)).passed


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_candidate_spared_one_scenario_fails_the_stress_gate(good: Evidence, name: str):
    came_through = good.section(StressEvidence).results
    spared = StressEvidence(results=tuple(result for result in came_through if result.name != name))
    result = gate(with_section(good, spared), "stress")
    assert (result.passed, result.code) == (False, ReasonCode.EVIDENCE_MISSING)
    assert name in result.reason


@pytest.mark.parametrize("severity", ["block", "warn"])
def test_a_failed_scenario_fails_the_stress_gate_whatever_severity_it_claims(good: Evidence, severity: Any):
    broken = CheckResult(
        name="flash_crash", passed=False, severity=severity, observed=0.4, code=ReasonCode.STRESS_FAILED
    )
    result = gate(stressed(good, broken, *good.section(StressEvidence).results), "stress")
    assert (result.passed, result.code) == (False, ReasonCode.STRESS_FAILED)


def test_a_scenario_that_nobody_asked_for_can_fail_but_not_save(good: Evidence):
    extra = CheckResult(name="meteor", passed=False, observed=1.0, code=ReasonCode.STRESS_FAILED)
    assert not gate(stressed(good, *good.section(StressEvidence).results, extra), "stress").passed
    assert not gate(stressed(good, extra.model_copy(update={"passed": True})), "stress").passed


def test_a_scenario_that_is_not_believed_says_what_it_does_not_keep(good: Evidence):
    first, *others = good.section(StressEvidence).results
    shown = {**first.evidence, "shock_loss": first.evidence["limits"]["shock_loss"] + 0.01, "breaches": None}
    result = gate(stressed(good, first.model_copy(update={"evidence": shown}), *others), "stress")
    refused = next(rule for rule in result.rules if rule.name == first.name)
    assert (refused.passed, refused.code, refused.remedy) == (False, ReasonCode.STRESS_FAILED, MEASURE_AGAIN)
    assert refused.message == (
        f"{first.name} says that it passed, but does not keep the limits beside it: shock_loss, breaches"
    )


def test_a_scenario_that_says_it_passed_and_does_not_show_it_fails_the_stress_gate(good: Evidence):
    first, *others = good.section(StressEvidence).results
    limits = first.evidence["limits"]
    for name in JUDGED:
        side = -1.0 if name in AT_LEAST else 1.0
        for value in (limits[name], limits[name] + side * 1e-6, "NaN", None):
            shown = {**first.evidence, name: value}
            observed = (
                shown["max_drawdown"] if name == "max_drawdown" and value not in ("NaN", None) else first.observed
            )
            result = gate(
                stressed(good, first.model_copy(update={"evidence": shown, "observed": observed}), *others), "stress"
            )
            assert result.passed == (value == limits[name]), (name, value)
            if not result.passed:
                assert name in result.reason
    for shown in ({}, {**first.evidence, "limits": None}, {**first.evidence, "max_drawdown": 0.01}):
        doubtful = stressed(good, first.model_copy(update={"evidence": shown}), *others)
        assert not gate(doubtful, "stress").passed


def test_a_leak_found_by_one_check_fails_the_leakage_gate(good: Evidence):
    found = CheckResult(
        name="target", passed=False, observed=0.9, threshold=0.3, code=ReasonCode.LEAK_TARGET, message="m"
    )
    leaky = good.section(LeakageEvidence).model_copy(update={"target": found})
    assert gate(with_section(good, leaky), "leakage").code is ReasonCode.LEAK_TARGET


@pytest.mark.parametrize("name", LEAKAGE_CHECKS)
def test_a_leakage_check_that_did_not_run_fails_the_leakage_gate(good: Evidence, name: str):
    spared = good.section(LeakageEvidence).model_copy(update={name: None})
    result = gate(with_section(good, spared), "leakage")
    assert (result.passed, result.code) == (False, ReasonCode.EVIDENCE_MISSING)
    assert name in result.reason


@pytest.mark.parametrize(("part", "split"), [item for item in LATEST_SPLIT.items() if item[0] != "drift"])
def test_a_part_fitted_one_millisecond_beyond_its_split_fails_the_leakage_gate(good: Evidence, part: str, split: str):
    section = good.section(LeakageEvidence)
    late = [
        record.model_copy(update={"last_ts": section.split_ends[split] + 1}) if record.part == part else record
        for record in section.fits
    ]
    result = gate(with_section(good, section.model_copy(update={"fits": tuple(late)})), "leakage")
    assert (result.passed, result.code) == (False, ReasonCode.LEAK_FIT)
    assert f"the {split} split ends" in result.reason


@pytest.mark.parametrize("part", required_parts(trained_policy=True))
def test_a_part_that_does_not_say_what_it_saw_fails_the_leakage_gate(good: Evidence, part: str):
    section = good.section(LeakageEvidence)
    silent = section.model_copy(update={"fits": tuple(record for record in section.fits if record.part != part)})
    result = gate(with_section(good, silent), "leakage")
    assert (result.passed, result.code) == (False, ReasonCode.EVIDENCE_MISSING)
    assert f"fit_{part}" in result.reason


@pytest.mark.parametrize("changes", [{"required_fits": (), "fits": ()}, {"split_ends": {}}], ids=["none", "no ends"])
def test_fits_that_nobody_asks_for_or_that_have_no_end_fail_the_leakage_gate(good: Evidence, changes: dict[str, Any]):
    section = good.section(LeakageEvidence).model_copy(update=changes)
    assert gate(with_section(good, section), "leakage").code is ReasonCode.EVIDENCE_MISSING


@pytest.mark.parametrize("reference", [None, FitRecord(part="drift", first_ts=0, last_ts=1_001)], ids=["none", "late"])
def test_a_drift_reference_beyond_the_train_split_fails_the_leakage_gate(good: Evidence, reference: FitRecord | None):
    section = good.section(DriftEvidence).model_copy(update={"reference": reference})
    result = gate(with_section(good, section), "leakage")
    assert [rule.name for rule in result.rules if not rule.passed] == ["fit_drift"]


def test_a_fixed_action_is_asked_for_no_policy_and_no_choice(good: Evidence):
    section, parts = good.section(LeakageEvidence), required_parts(trained_policy=False)
    fixed = section.model_copy(
        update={"required_fits": parts, "fits": tuple(record for record in section.fits if record.part in parts)}
    )
    assert gate(with_section(good, fixed), "leakage").passed


def test_one_critical_feature_fails_the_drift_gate_although_its_psi_is_low(good: Evidence):
    drifted = with_number(good, ("checks", "drift", "ks", "log_return_1"), 0.45)
    result = gate(drifted, "drift")
    assert result.code is ReasonCode.DRIFT_CRITICAL
    assert "log_return_1" in result.reason
    assert [rule.name for rule in result.rules if not rule.passed] == ["critical"]


def test_one_feature_whose_psi_is_over_the_limit_fails_the_drift_gate_without_being_critical(good: Evidence):
    result = gate(with_number(good, ("checks", "drift", "psi", "trend_slow"), 0.3), "drift")
    assert [(rule.name, rule.code) for rule in result.rules if not rule.passed] == [
        ("max_psi", ReasonCode.ABOVE_MAXIMUM)
    ]


def test_psi_counts_over_what_chance_makes_of_it(good: Evidence):
    moved = with_number(good, ("checks", "drift", "psi", "trend_slow"), 0.3)
    expected = with_number(moved, ("checks", "drift", "psi_chance", "trend_slow", "expected"), 0.1)
    assert gate(expected, "drift").passed


@pytest.mark.parametrize("missing", FEATURE_NAMES)
def test_one_feature_whose_drift_was_not_looked_at_fails_the_drift_gate(good: Evidence, missing: str):
    whole = good.section(DriftEvidence)
    psi, ks = ({name: value for name, value in numbers.items() if name != missing} for numbers in (whole.psi, whole.ks))
    result = gate(with_section(good, whole.model_copy(update={"psi": psi, "ks": ks})), "drift")
    assert [rule.name for rule in result.rules if not rule.passed] == ["features"]


def test_one_feature_that_was_not_looked_at_on_the_newest_bars_fails_the_drift_gate(good: Evidence):
    whole = good.section(DriftEvidence)
    result = gate(with_section(good, whole.model_copy(update={"recent": still(FEATURE_NAMES[1:])})), "drift")
    assert [rule.name for rule in result.rules if not rule.passed] == ["features"]
    assert "recent.log_return_1" in result.reason


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [
        (("recent", "psi", "level_volume"), 2.0, ReasonCode.DRIFT_RECENT),
        (("recent", "tails", "level_range"), 0.4, ReasonCode.DRIFT_RECENT),
        (("outputs", "test", "psi", "confidence"), 2.0, ReasonCode.DRIFT_OUTPUTS),
        (("outputs", "recent", "psi", "action_size"), 2.0, ReasonCode.DRIFT_OUTPUTS),
        (("conditional", "brier"), 0.26, ReasonCode.DRIFT_CONDITIONAL),
    ],
)
def test_what_moved_fails_the_drift_gate_by_its_own_code(
    good: Evidence, place: tuple[str, ...], value: float, code: ReasonCode
):
    result = gate(with_number(good, ("checks", "drift", *place), value), "drift")
    assert (result.passed, result.code) == (False, code)
    assert sum(not rule.passed for rule in result.rules) == 1
    assert place[0] == "conditional" or place[-1] in result.reason


def test_a_feature_whose_psi_is_over_the_limit_by_chance_has_too_few_bars_which_is_no_drift(good: Evidence):
    chance = Chance(expected=0.6, limit=1.5, spread=0.4)
    whole = good.section(DriftEvidence)
    noisy = whole.model_copy(
        update={"psi": {**whole.psi, "trend_slow": 1.2}, "psi_chance": {**whole.psi_chance, "trend_slow": chance}}
    )
    result = gate(with_section(good, noisy), "drift")
    assert (result.passed, result.code) == (False, ReasonCode.INSUFFICIENT_DATA)
    assert [rule.name for rule in result.rules if not rule.passed] == ["enough_bars"]
    assert "too few bars" in result.reason
    assert "history_bars" in result.remedy
    beyond = noisy.model_copy(update={"psi": {**noisy.psi, "trend_slow": 1.6}})
    assert gate(with_section(good, beyond), "drift").code is ReasonCode.DRIFT_CRITICAL


def test_bars_that_tell_nothing_of_any_feature_are_too_few_and_not_unmeasured():
    chance = dict.fromkeys(FEATURE_NAMES, Chance(expected=0.6, limit=1.5, spread=0.4))
    result = gate(only(drift_of(0.9, 0.05).model_copy(update={"psi_chance": chance})), "drift")
    assert {rule.code for rule in result.rules if not rule.passed} == {ReasonCode.INSUFFICIENT_DATA}
    assert [rule.name for rule in result.rules if not rule.passed] == ["max_psi", "enough_bars"]


@pytest.mark.parametrize("part", ["recent", "outputs_test", "outputs_recent", "conditional"])
def test_a_comparison_without_enough_bars_says_so_and_one_that_was_forgotten_does_not_pass(good: Evidence, part: str):
    whole = good.section(DriftEvidence)
    name = part.partition("_")[2]
    without = {"outputs": {key: found for key, found in whole.outputs.items() if key != name}} if name else {part: None}
    told = gate(with_section(good, whole.model_copy(update={**without, "insufficient": (part,)})), "drift")
    assert [(rule.name, rule.code) for rule in told.rules if not rule.passed] == [(part, ReasonCode.INSUFFICIENT_DATA)]
    forgotten = gate(with_section(good, whole.model_copy(update=without)), "drift")
    assert [(rule.name, rule.code) for rule in forgotten.rules if not rule.passed] == [
        (part, ReasonCode.EVIDENCE_MISSING)
    ]


@pytest.mark.parametrize("live", [None, LiveRecord(version="3", bars=199, sharpe=-9.0, backtest_sharpe=2.0)])
def test_without_enough_live_bars_the_gate_passes_under_a_condition_with_its_own_code(
    good: Evidence, live: LiveRecord | None
):
    result = gate(good.model_copy(update={"live": live}), "live_consistency")
    assert (result.passed, result.conditional, result.code) == (True, True, ReasonCode.LIVE_RECORD_MISSING)
    assert "on paper only" in result.reason


LIVE_PLACES = ("sharpe", "backtest_sharpe", "high", "e_value")


@pytest.mark.parametrize(
    ("numbers", "answer"),
    [
        ({}, LiveAnswer.PROVEN),
        ({"sharpe": 1.12}, LiveAnswer.PROVEN),
        ({"sharpe": 1.11}, LiveAnswer.CONDITIONAL),
        ({"sharpe": 9.0, "e_value": 19.9}, LiveAnswer.CONDITIONAL),
        ({"e_value": 20.0}, LiveAnswer.PROVEN),
        ({"sharpe": -3.0, "high": 1.0}, LiveAnswer.CONDITIONAL),
        ({"sharpe": -3.0, "high": 0.97}, LiveAnswer.FAIL),
        ({"sharpe": -3.0, "high": 1.0, "shrunken_sharpe": None}, LiveAnswer.FAIL),
        ({"bars": 199, "sharpe": -9.0, "high": -8.0}, LiveAnswer.NO_RECORD),
        ({"sharpe": math.nan}, LiveAnswer.NO_RECORD),
        ({"backtest_sharpe": -2.0}, LiveAnswer.NO_RECORD),
        ({"refused": "j.db: of another source"}, LiveAnswer.NO_RECORD),
    ],
    ids=str,
)
def test_a_live_record_fails_is_proven_or_leaves_it_open(good: Evidence, numbers: dict[str, Any], answer: LiveAnswer):
    live = PROVEN_RECORD.model_copy(update=numbers)
    assert live_answer(live, LIMITS) is answer
    result = gate(good.model_copy(update={"live": live}), "live_consistency")
    assert (result.passed, result.conditional) == (True, answer is not LiveAnswer.PROVEN)
    codes = {
        LiveAnswer.FAIL: ReasonCode.LIVE_BELOW_BACKTEST,
        LiveAnswer.CONDITIONAL: ReasonCode.LIVE_UNPROVEN,
        LiveAnswer.NO_RECORD: ReasonCode.LIVE_RECORD_MISSING,
        LiveAnswer.PROVEN: ReasonCode.OK,
    }
    assert result.code is codes[answer]


@pytest.mark.parametrize("name", LIVE_PLACES)
@given(value=st.sampled_from(UNUSABLE))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_live_number_that_is_missing_or_not_finite_proves_nothing_and_fails_nobody(
    good: Evidence, name: str, value: Number
):
    live = PROVEN_RECORD.model_copy(update={name: value})
    assert live_answer(live, LIMITS) in (LiveAnswer.NO_RECORD, LiveAnswer.CONDITIONAL)
    assert judge(good.model_copy(update={"live": live}), LIMITS).admission is Admission.IF_EMPTY_ON_PAPER


def test_a_record_of_release_0_1_without_an_error_proves_nothing(good: Evidence):
    live = LiveRecord(version="1", bars=9_000, sharpe=3.0, backtest_sharpe=2.0)
    assert live_answer(live, LIMITS) is LiveAnswer.CONDITIONAL
    assert live_answer(live.model_copy(update={"sharpe": -3.0}), LIMITS) is LiveAnswer.CONDITIONAL


@pytest.mark.parametrize(
    ("numbers", "is_decayed"),
    [
        ({"decay_e_value": 20.0}, True),
        ({"decay_e_value": 19.9}, False),
        ({"decay_e_value": math.nan}, False),
        ({"decay_e_value": math.inf}, False),
        ({"decay_e_value": None}, False),
        ({"decay_e_value": 50.0, "bars": 150}, False),
        ({"decay_e_value": 50.0, "refused": "of another source"}, False),
    ],
    ids=str,
)
def test_decay_has_to_be_proven_by_a_record(numbers: dict[str, Any], is_decayed: bool):
    assert decayed(PROVEN_RECORD.model_copy(update=numbers), LIMITS) is is_decayed
    assert not decayed(None, LIMITS)


@pytest.mark.parametrize("number", ["bss", "bss_low"])
def test_confidence_that_is_no_better_than_the_base_rate_of_its_side_fails(good: Evidence, number: str):
    result = gate(with_number(good, ("checks", "calibration", number), 0.0), "calibration")
    assert (result.passed, result.code) == (False, ReasonCode.BELOW_MINIMUM)
    assert "is not over 0" in result.reason


def test_a_flat_calibrator_fails(good: Evidence):
    flat = good.section(CalibrationEvidence).model_copy(update={"informative": False})
    result = gate(with_section(good, flat), "calibration")
    assert not result.passed
    assert "flat" in result.reason


def test_a_flat_calibrator_is_noted_where_no_skill_is_asked_for(good: Evidence):
    flat = good.section(CalibrationEvidence).model_copy(update={"informative": False})
    result = ask_gate(GATES["calibration"], with_section(good, flat), {**LIMITS, "min_brier_skill": -0.1})
    assert (result.passed, result.conditional) == (True, False)
    assert any("no skill is asked" in rule.message for rule in result.rules)


def test_what_chance_explains_of_a_sides_error_is_not_held_against_it(good: Evidence):
    place = ("checks", "calibration", "per_side", "0")
    off = with_number(good, (*place, "ece_equal_mass"), 0.14)
    assert [rule.name for rule in gate(off, "calibration").rules if not rule.passed] == ["ece_long"]
    assert gate(with_number(off, (*place, "ece_chance"), 0.05), "calibration").passed
    assert not gate(with_number(off, (*place, "ece_chance"), math.nan), "calibration").passed


@pytest.mark.parametrize(("trades", "passes"), [(0, True), (29, True), (30, False), (120, False), (None, False)])
def test_trades_that_confidence_misjudges_fail_unless_they_are_too_few_to_tell(
    good: Evidence, trades: int | None, passes: bool
):
    misjudged = with_number(good, ("checks", "calibration", "trades_brier"), 0.3)
    result = gate(with_number(misjudged, ("checks", "calibration", "trades"), trades), "calibration")
    assert (result.passed, result.conditional) == (passes, False)
    assert ("too few" in result.rules[-1].message) is (passes and trades is not None)


def test_a_gate_without_rules_fails(good: Evidence):
    assert (
        ask_gate(Gate(name="empty", judge=lambda _evidence, _limits: []), good, LIMITS).code
        is ReasonCode.EVIDENCE_MISSING
    )


@pytest.mark.parametrize("check", CHECKS)
def test_a_candidate_for_which_a_whole_check_did_not_run_is_rejected(good: Evidence, check: str):
    verdict = judge(without_section(good, check), LIMITS)
    assert [failed.name for failed in verdict.failed] == [name for name, row in GATES.items() if check in row.checks]
    assert not verdict.approved


def test_every_check_is_read_by_a_gate_and_every_gate_reads_what_there_is():
    assert {check for row in GATES.values() for check in row.checks} == set(CHECKS)
    assert {name for row in GATES.values() for name in row.thresholds} == set(GateSpec.model_fields)


@pytest.mark.parametrize("name", GATES)
def test_a_result_says_which_checks_and_thresholds_the_gate_asked_for(good: Evidence, name: str):
    row, result = GATES[name], gate(good, name)
    assert result.checks == row.checks
    assert result.thresholds == {threshold: LIMITS[threshold] for threshold in row.thresholds}


def test_a_gate_sees_only_the_sections_and_thresholds_that_its_row_names(good: Evidence):
    seen: list[tuple[set[str], set[str]]] = []

    def look(evidence: Evidence, limits: Limits) -> list[CheckResult]:
        seen.append((set(evidence.checks), set(limits)))
        return [CheckResult(name="looked", passed=True)]

    ask_gate(Gate(name="nosy", judge=look, checks=("drift",), thresholds=("max_psi",)), good, LIMITS)
    assert seen == [({"drift"}, {"max_psi"})]


def test_a_result_gives_every_reason_and_each_advice_once(good: Evidence):
    def refused(name: str, remedy: str, message: str = "") -> CheckResult:
        return CheckResult(name=name, passed=False, code=ReasonCode.NO_TRADES, message=message, remedy=remedy)

    found = [refused("one", "Wait.", "first"), refused("two", "Wait."), refused("three", ""), refused("four", "Look.")]
    strict = ask_gate(Gate(name="strict", judge=lambda _evidence, _limits: found), good, LIMITS)
    assert strict.reason == "first; two did not pass; three did not pass; four did not pass"
    assert strict.remedy == "Wait. Look."
    holds = gate(good, "risk")
    assert (holds.reason, holds.remedy) == ("all rules hold", "")


def test_a_gate_whose_thresholds_are_not_given_cannot_be_asked(good: Evidence):
    patient = Gate(name="patient", judge=lambda _evidence, _limits: [], thresholds=("min_patience", "max_psi", "hurry"))
    with pytest.raises(ValueError, match="gate patient judges by min_patience, hurry, which the thresholds"):
        ask_gate(patient, good, LIMITS)


def stressed(evidence: Evidence, *results: CheckResult) -> Evidence:
    return with_section(evidence, StressEvidence(results=results))
