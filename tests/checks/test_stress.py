from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from tests.checks.samples import only
from tests.support import random_model, small_bars
from trading.checks.scenarios import SCENARIOS
from trading.checks.stress import StressEvidence, run_stress
from trading.codes import ReasonCode
from trading.gates.gate import ask_gate
from trading.gates.table import GATES
from trading.settings.models import StressSpec
from trading.simulation import lanes
from trading.simulation.backtest import BacktestResult, run_backtest
from trading.steps.breakers import HALT

BARS = small_bars(120)
START, STOP = 800, len(BARS)
FEW = StressSpec(seeds=3)


def test_the_base_lane_of_the_stress_test_is_the_backtest() -> None:
    model = random_model(2)
    base, results = run_stress(model, BARS, START, STOP, spec=FEW, seed=3)
    assert base.ledger_sha256 == run_backtest(model, BARS, START, STOP).ledger_sha256
    assert base.metrics["trades"] > 20
    assert [result.name for result in results] == list(SCENARIOS)


def test_the_breaker_halts_no_lane_of_the_stress_test() -> None:
    losing = random_model(2)
    halted = losing.spec.changed(limits={**losing.spec.limits.model_dump(), "halt_drawdown": 0.02})
    model = type(losing)(**{**vars(losing), "spec": halted})
    assert (run_backtest(model, BARS, START, STOP).codes == HALT).any()
    answers: list[bool] = []
    base, _ = run_stress(
        model, BARS, START, STOP, spec=FEW, seed=3, look=lambda *seen: answers.append((seen[2].codes == HALT).any())
    )
    assert not (base.codes == HALT).any()
    assert len(answers) == 7 * 3 + 1
    assert not any(answers)


def test_every_draw_of_a_scenario_is_shown_and_none_is_kept() -> None:
    seen: dict[tuple[str, int], weakref.ref[Any]] = {}

    def look(name: str, draw: int, run: BacktestResult) -> None:
        assert len(run.equity) == STOP - START
        seen[name, draw] = weakref.ref(run.equity)

    base, results = run_stress(random_model(2), BARS, START, STOP, spec=FEW, seed=3, look=look)
    gc.collect()
    # Where nothing has a place there is one draw.
    assert set(seen) == {
        (result.name, draw) for result in results for draw in range(1 if result.name == "fee_latency_shock" else 3)
    }
    assert {result.name: result.evidence["seeds"] for result in results} == {
        name: 1 if name == "fee_latency_shock" else 3 for name in SCENARIOS
    }
    assert [name for name, equity in seen.items() if equity() is not None] == []
    assert len(base.equity) == STOP - START


def test_the_stress_test_is_repeatable_on_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    _, two = run_stress(random_model(2), BARS, START, STOP, spec=FEW, seed=3)
    monkeypatch.setattr(lanes, "LANE_THREADS", 5)
    _, five = run_stress(random_model(2), BARS, START, STOP, spec=FEW, seed=3)
    _, other = run_stress(random_model(2), BARS, START, STOP, spec=FEW, seed=4)
    assert two == five
    assert two != other


def test_a_model_that_never_trades_is_not_measured_and_fails_every_scenario() -> None:
    model = random_model(2)
    shy = model.spec.changed(limits={**model.spec.limits.model_dump(), "min_confidence": 1.0})
    base, results = run_stress(type(model)(**{**vars(model), "spec": shy}), BARS, START, STOP, spec=FEW, seed=3)
    assert base.metrics["trades"] == 0
    assert {(result.passed, result.code, result.observed) for result in results} == {
        (False, ReasonCode.STRESS_NOT_MEASURED, None)
    }
    assert [result.evidence["met"] for result in results if result.evidence["shocks"]] == [0.0] * 7
    judged = ask_gate(GATES["stress"], only(StressEvidence(results=tuple(results))), {})
    assert (judged.passed, judged.code) == (False, ReasonCode.STRESS_NOT_MEASURED)


def test_limits_that_are_broken_are_named_with_a_code_and_a_remedy() -> None:
    strict = StressSpec(seeds=3, max_drawdown=1e-6, max_excess_drawdown=0.0, max_loss=0.0, max_shock_loss=0.0)
    _, results = run_stress(random_model(2), BARS, START, STOP, spec=strict, seed=3)
    assert {(result.passed, result.code) for result in results} == {(False, ReasonCode.STRESS_FAILED)}
    for result in results:
        assert result.remedy
        assert result.observed == result.evidence["max_drawdown"]
        assert "max_drawdown" in result.evidence["broken"]
        assert "drawdown (at most 0.0%)" in result.message


def test_the_evidence_counts_what_was_measured_and_names_every_limit() -> None:
    _, results = run_stress(random_model(2), BARS, START, STOP, spec=FEW, seed=3)
    found = {result.name: result.evidence for result in results}
    assert {numbers["quantile"] for numbers in found.values()} == {0.9}
    assert [found[name]["shocks"] for name in ("flash_crash", "gap_at_open", "fee_latency_shock")] == [12, 18, 0]
    assert all(set(numbers["limits"]) <= set(numbers) for numbers in found.values())
    metrics = StressEvidence(results=tuple(results)).numbers()
    assert metrics["stress.flash_crash.excess_drawdown"] == found["flash_crash"]["excess_drawdown"]
    assert metrics["stress.gap_at_open.met"] == found["gap_at_open"]["met"]


def test_evidence_of_one_draw_as_an_earlier_release_wrote_it_still_has_its_numbers() -> None:
    old = StressEvidence.model_validate(
        {
            "results": [
                {
                    "name": "flash_crash",
                    "passed": True,
                    "observed": 0.1,
                    "threshold": 0.25,
                    "evidence": {"max_drawdown": 0.1, "total_return": 0.2, "sharpe": 1.0, "trades": 12.0},
                }
            ]
        }
    )
    assert old.numbers() == {
        "stress.flash_crash.max_drawdown": 0.1,
        "stress.flash_crash.total_return": 0.2,
        "stress.flash_crash.trades": 12.0,
    }
