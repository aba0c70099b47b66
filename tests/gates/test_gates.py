from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import drift_of
from trading.checks.evidence import SCENARIOS, Evidence, LeakageEvidence, LiveRecord
from trading.codes import ReasonCode
from trading.gates.gates import GATES
from trading.gates.rules import GateResult, at_least, at_most, decide
from trading.gates.verdict import judge
from trading.results import CheckResult, Number
from trading.settings.models import GateSpec
from trading.steps.features import FEATURE_NAMES

LIMITS = GateSpec()
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
    ("calibration", "outcomes"): True,
    ("calibration", "brier"): False,
    ("calibration", "ece"): False,
    ("drift", "psi", "trend_slow"): False,
    ("drift", "ks", "log_return_1"): False,
    ("live", "sharpe"): True,
}
NEEDED = [
    *PLACES,
    ("drift", "critical_psi"),
    ("drift", "critical_ks"),
    ("live", "backtest_sharpe"),
    ("live", "bars"),
    ("leakage", "target", "observed"),
    ("stress", "0", "observed"),
]


def with_number(evidence: Evidence, place: tuple[str, ...], value: Number) -> Evidence:
    data: Any = evidence.model_dump()
    inner = data
    for key in place[:-1]:
        inner = list(inner)[int(key)] if key.isdigit() else inner[key]
    inner[place[-1]] = value
    return Evidence.model_validate(data)


def gate(evidence: Evidence, name: str, limits: GateSpec = LIMITS) -> GateResult:
    return GATES[name](evidence, limits)


def test_a_good_candidate_passes_every_gate_without_condition(good: Evidence):
    results = [gate(good, name) for name in GATES]
    assert [(r.passed, r.conditional, r.code) for r in results] == [(True, False, ReasonCode.OK)] * 7


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
        ("calibration", "brier"): 0.25,
        ("calibration", "ece"): 0.10,
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
    spared = good.model_copy(update={"stress": tuple(check for check in good.stress if check.name != name)})
    result = gate(spared, "stress")
    assert (result.passed, result.code) == (False, ReasonCode.EVIDENCE_MISSING)
    assert name in result.reason


@pytest.mark.parametrize("severity", ["block", "warn"])
def test_a_failed_scenario_fails_the_stress_gate_whatever_severity_it_claims(good: Evidence, severity: Any):
    broken = CheckResult(
        name="flash_crash", passed=False, severity=severity, observed=0.4, code=ReasonCode.STRESS_FAILED
    )
    result = gate(good.model_copy(update={"stress": (broken, *good.stress)}), "stress")
    assert (result.passed, result.code) == (False, ReasonCode.STRESS_FAILED)


def test_a_scenario_that_nobody_asked_for_can_fail_but_not_save(good: Evidence):
    extra = CheckResult(name="meteor", passed=False, observed=1.0, code=ReasonCode.STRESS_FAILED)
    assert not gate(good.model_copy(update={"stress": (*good.stress, extra)}), "stress").passed
    only = extra.model_copy(update={"passed": True})
    assert not gate(good.model_copy(update={"stress": (only,)}), "stress").passed


def test_a_leak_found_by_one_check_fails_the_leakage_gate(good: Evidence):
    found = CheckResult(
        name="target", passed=False, observed=0.9, threshold=0.3, code=ReasonCode.LEAK_TARGET, message="m"
    )
    assert good.leakage is not None
    leaky = good.model_copy(update={"leakage": good.leakage.model_copy(update={"target": found})})
    assert gate(leaky, "leakage").code is ReasonCode.LEAK_TARGET


def test_a_leakage_check_that_did_not_run_fails_the_leakage_gate(good: Evidence):
    assert gate(good.model_copy(update={"leakage": LeakageEvidence()}), "leakage").code is ReasonCode.EVIDENCE_MISSING


def test_one_critical_feature_fails_the_drift_gate_although_the_mean_is_low(good: Evidence):
    drifted = with_number(good, ("drift", "ks", "log_return_1"), 0.45)
    result = gate(drifted, "drift")
    assert result.code is ReasonCode.DRIFT_CRITICAL
    assert "log_return_1" in result.reason
    assert [rule.passed for rule in result.rules] == [True, True, False, True]


def test_a_mean_psi_over_the_limit_fails_the_drift_gate_without_a_critical_feature():
    result = gate(Evidence(symbol="SIM", drift=drift_of(0.3, 0.1)), "drift")
    assert [rule.name for rule in result.rules if not rule.passed] == ["mean_psi"]


@pytest.mark.parametrize("missing", FEATURE_NAMES)
def test_one_feature_whose_drift_was_not_looked_at_fails_the_drift_gate(good: Evidence, missing: str):
    assert good.drift is not None
    psi, ks = (
        {name: value for name, value in numbers.items() if name != missing}
        for numbers in (good.drift.psi, good.drift.ks)
    )
    partly = good.drift.model_copy(update={"psi": psi, "ks": ks})
    result = gate(good.model_copy(update={"drift": partly}), "drift")
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


def test_a_flat_calibrator_is_noted_and_does_not_fail_by_itself(good: Evidence):
    assert good.calibration is not None
    flat = good.model_copy(update={"calibration": good.calibration.model_copy(update={"informative": False})})
    result = gate(flat, "calibration")
    assert (result.passed, result.conditional) == (True, False)
    assert "flat" in result.rules[-1].message


def test_a_gate_without_rules_fails():
    assert decide("empty").code is ReasonCode.EVIDENCE_MISSING
