from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.checks.samples import drift_of, only, with_section, without_section
from trading.checks.calibration import CalibrationEvidence
from trading.checks.drift import DriftEvidence
from trading.checks.evidence import Evidence, LiveRecord
from trading.checks.leakage import LeakageEvidence
from trading.checks.scenarios import SCENARIOS
from trading.checks.stress import StressEvidence
from trading.checks.table import CHECKS
from trading.codes import ReasonCode
from trading.gates.gate import Gate, GateResult, Limits, ask_gate
from trading.gates.rules import at_least, at_most
from trading.gates.table import GATES
from trading.gates.verdict import judge
from trading.results import CheckResult, Number
from trading.settings.models import GateSpec
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
    ("live", "sharpe"): True,
}
NEEDED = [
    *PLACES,
    ("checks", "drift", "critical_psi"),
    ("checks", "drift", "critical_ks"),
    ("live", "backtest_sharpe"),
    ("live", "bars"),
    ("checks", "leakage", "target", "observed"),
    ("checks", "stress", "results", "0", "observed"),
]


def with_number(evidence: Evidence, place: tuple[str, ...], value: Number) -> Evidence:
    data: Any = evidence.model_dump()
    inner = data
    for key in place[:-1]:
        inner = list(inner)[int(key)] if key.isdigit() else inner[key]
    inner[place[-1]] = value
    return Evidence.model_validate(data)


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
        ("metrics", "sharpe"): 1.0,
        ("metrics", "win_rate"): 0.5,
        ("metrics", "profit_factor"): 1.5,
        ("metrics", "max_drawdown"): 0.15,
        ("metrics", "volatility"): 0.30,
        ("metrics", "max_consecutive_losses"): 5,
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


def test_a_candidate_without_trades_is_told_so_in_its_own_words(good: Evidence):
    idle = with_number(with_number(good, ("metrics", "trades"), 0), ("metrics", "sharpe"), 0.0)
    result = gate(idle, "performance")
    assert result.code is ReasonCode.NO_TRADES
    assert "made no trade" in result.reason
    assert "min_confidence" in result.remedy


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


def test_a_leak_found_by_one_check_fails_the_leakage_gate(good: Evidence):
    found = CheckResult(
        name="target", passed=False, observed=0.9, threshold=0.3, code=ReasonCode.LEAK_TARGET, message="m"
    )
    leaky = good.section(LeakageEvidence).model_copy(update={"target": found})
    assert gate(with_section(good, leaky), "leakage").code is ReasonCode.LEAK_TARGET


def test_a_leakage_check_that_did_not_run_fails_the_leakage_gate(good: Evidence):
    assert gate(with_section(good, LeakageEvidence()), "leakage").code is ReasonCode.EVIDENCE_MISSING


def test_one_critical_feature_fails_the_drift_gate_although_the_mean_is_low(good: Evidence):
    drifted = with_number(good, ("checks", "drift", "ks", "log_return_1"), 0.45)
    result = gate(drifted, "drift")
    assert result.code is ReasonCode.DRIFT_CRITICAL
    assert "log_return_1" in result.reason
    assert [rule.passed for rule in result.rules] == [True, True, False, True]


def test_a_mean_psi_over_the_limit_fails_the_drift_gate_without_a_critical_feature():
    result = gate(only(drift_of(0.3, 0.1)), "drift")
    assert [rule.name for rule in result.rules if not rule.passed] == ["mean_psi"]


@pytest.mark.parametrize("missing", FEATURE_NAMES)
def test_one_feature_whose_drift_was_not_looked_at_fails_the_drift_gate(good: Evidence, missing: str):
    whole = good.section(DriftEvidence)
    psi, ks = ({name: value for name, value in numbers.items() if name != missing} for numbers in (whole.psi, whole.ks))
    result = gate(with_section(good, whole.model_copy(update={"psi": psi, "ks": ks})), "drift")
    assert [rule.name for rule in result.rules if not rule.passed] == ["features"]


@pytest.mark.parametrize("live", [None, LiveRecord(version="3", bars=199, sharpe=-9.0, backtest_sharpe=2.0)])
def test_without_enough_live_bars_the_gate_passes_under_a_condition_with_its_own_code(
    good: Evidence, live: LiveRecord | None
):
    result = gate(good.model_copy(update={"live": live}), "live_consistency")
    assert (result.passed, result.conditional, result.code) == (True, True, ReasonCode.LIVE_RECORD_MISSING)
    assert "on paper only" in result.reason


@pytest.mark.parametrize(("live_sharpe", "passes"), [(1.12, True), (1.11, False), (-1.0, False)])
def test_live_sharpe_has_to_reach_seventy_percent_of_the_backtest(good: Evidence, live_sharpe: float, passes: bool):
    result = gate(with_number(good, ("live", "sharpe"), live_sharpe), "live_consistency")
    assert result.passed is passes
    assert passes or result.code is ReasonCode.LIVE_BELOW_BACKTEST


def test_a_champion_with_a_losing_backtest_is_nothing_to_compare_with(good: Evidence):
    losing = with_number(with_number(good, ("live", "backtest_sharpe"), -2.0), ("live", "sharpe"), -1.5)
    assert not gate(losing, "live_consistency").passed


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


def test_a_gate_whose_threshold_is_not_given_cannot_be_asked(good: Evidence):
    with pytest.raises(ValueError, match="gate patient judges by min_patience"):
        ask_gate(Gate(name="patient", judge=lambda _evidence, _limits: [], thresholds=("min_patience",)), good, LIMITS)


def stressed(evidence: Evidence, *results: CheckResult) -> Evidence:
    return with_section(evidence, StressEvidence(results=results))
