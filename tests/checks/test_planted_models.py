"""Every scenario refuses a model that it is there for and lets a prudent one pass, by the real stress test and gate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.checks.planted import START, STOP, market, planted, prudent
from tests.checks.samples import good_evidence, with_section
from trading.checks.scenarios import SCENARIOS
from trading.checks.stress import StressEvidence, run_stress
from trading.codes import ReasonCode
from trading.gates.gate import GateResult, ask_gate
from trading.gates.table import GATES
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.results import CheckResult
from trading.settings.models import StressSpec
from trading.simulation import parameters

SPEC = StressSpec(seeds=8)
PLANTED = planted()


@pytest.fixture(scope="module")
def bars() -> Bars:
    return market()


def stressed(model: TradingModel, bars: Bars, spec: StressSpec = SPEC) -> tuple[dict[str, CheckResult], GateResult]:
    """What the stress test found, by scenario, and what the gate says of it."""
    base, results = run_stress(model, bars, START, STOP, spec=spec, seed=1)
    # Nothing but a shock is to give a model away.
    assert base.metrics["intrabar_drawdown"] < spec.max_drawdown
    assert base.metrics["total_return"] > 0.0
    evidence = with_section(good_evidence(), StressEvidence(results=tuple(results)))
    return {result.name: result for result in results}, ask_gate(GATES["stress"], evidence, {})


def test_a_prudent_model_comes_through_every_scenario(bars: Bars) -> None:
    results, gate = stressed(prudent(), bars, StressSpec())
    assert {name: result.message for name, result in results.items() if not result.passed} == {}
    assert gate.passed
    assert min(result.evidence["met"] for result in results.values()) > 0.9


def test_every_scenario_has_a_planted_model_that_it_must_refuse() -> None:
    assert frozenset().union(*(one.refused_by for one in PLANTED.values())) == set(SCENARIOS)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_model_is_refused_by_the_scenarios_that_are_there_for_it(name: str, bars: Bars) -> None:
    results, gate = stressed(PLANTED[name].model, bars)
    refused = {scenario for scenario, result in results.items() if result.code is ReasonCode.STRESS_FAILED}
    assert PLANTED[name].refused_by <= refused
    assert not gate.passed
    assert gate.code is ReasonCode.STRESS_FAILED
    assert {rule.name for rule in gate.rules if not rule.passed} == refused


def test_a_liquidation_is_a_breach(bars: Bars) -> None:
    results, _ = stressed(PLANTED["all in without a stop"].model, bars, StressSpec(seeds=8, quantile=0.5))
    spike = results["volatility_spike"]
    assert spike.evidence["breaches"] > 0
    assert "breaches" in spike.evidence["broken"]


def test_fills_over_the_limit_of_size_are_breaches(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    model = prudent()
    packed = parameters.model_parameters
    too_much = model.spec.changed(limits={**model.spec.limits.model_dump(), "size_cap": 0.36})
    monkeypatch.setattr(parameters, "model_parameters", lambda one: packed(replace(one, spec=too_much)))
    lenient = StressSpec(seeds=1, max_drawdown=1.0, max_loss=1.0, max_excess_drawdown=1.0, max_shock_loss=1.0)
    results, gate = stressed(model, bars, lenient)
    assert {tuple(result.evidence["broken"]) for result in results.values()} == {("breaches",)}
    assert gate.code is ReasonCode.STRESS_FAILED
