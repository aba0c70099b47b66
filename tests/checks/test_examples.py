"""A scenario and a check from outside the package go through the functions that a night runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.checks.samples import good_evidence, with_section
from tests.examples import example
from tests.support import random_model, small_bars
from trading.canonical import canonical_json, parse_json
from trading.checks.evidence import gather, read_evidence
from trading.checks.scenarios import SCENARIOS, HeldPositions, Window, stressed_market, stressed_parameters
from trading.checks.stress import StressEvidence, run_stress
from trading.checks.table import CHECKS
from trading.codes import ReasonCode
from trading.gates.gate import ask_gate
from trading.gates.table import GATES
from trading.night.artifacts import BARS as BARS_KIND
from trading.night.artifacts import SPLITS, check_kind
from trading.night.evidence import measuring, parts_of
from trading.night.reads import inputs_of
from trading.night.workspace import open_night
from trading.settings.models import RuntimeSpec, SevengatesSettings, SplitSpec, StressSpec
from trading.simulation.backtest import BacktestResult
from trading.simulation.parameters import model_parameters
from trading.splits import make_splits
from trading.steps.account import HALF_SPREAD

BARS = small_bars(120)
START, STOP = 800, len(BARS)
LENIENT = StressSpec(
    max_drawdown=1.0,
    max_loss=1.0,
    max_excess_drawdown=1.0,
    max_shock_loss=1.0,
    max_excess_recovery=1.0,
    min_trades=1,
    seeds=1,
)
NOTHING = np.zeros(0, dtype=np.int64)


@pytest.fixture
def slow_bleed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The example of a scenario, in the table."""
    module = example("scenario/slow_bleed.py")
    monkeypatch.setitem(SCENARIOS, module.SLOW_BLEED.name, module.SLOW_BLEED)
    return module


@pytest.fixture
def tails(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The example of a check, in the table."""
    module = example("check/tails.py")
    monkeypatch.setitem(CHECKS, module.TAILS.name, module.TAILS)
    return module


def test_a_scenario_of_the_documentation_is_played_beside_the_others_and_changes_none_of_them(slow_bleed: Any) -> None:
    model = random_model(2)
    after: dict[str, BacktestResult] = {}

    def keep(runs: dict[str, BacktestResult]) -> Any:
        return lambda name, _, run: runs.__setitem__(name, run)

    base, results = run_stress(model, BARS, START, STOP, spec=LENIENT, seed=3, look=keep(after))
    known = [scenario for name, scenario in SCENARIOS.items() if name != "slow_bleed"]
    before: dict[str, BacktestResult] = {}
    base_before, _ = run_stress(model, BARS, START, STOP, spec=LENIENT, seed=3, scenarios=known, look=keep(before))
    assert [result.name for result in results] == [*(scenario.name for scenario in known), "slow_bleed"]
    assert base.ledger_sha256 == base_before.ledger_sha256
    bleeding = after.pop("slow_bleed")
    assert {name: run.ledger_sha256 for name, run in after.items()} == {
        name: run.ledger_sha256 for name, run in before.items()
    }
    assert bleeding.ledger_sha256 != base.ledger_sha256
    assert bleeding.metrics["trades"] > 0


def test_a_scenario_of_the_documentation_does_what_it_says(slow_bleed: Any) -> None:
    held = HeldPositions(STOP - START, NOTHING, NOTHING, np.zeros(0))
    market = stressed_market(slow_bleed.SLOW_BLEED, BARS, START, STOP, held=held, seed=3, draw=0)
    assert market.windows == (Window(0, STOP - START),)
    lost = np.log(market.bars.close[START:] / BARS.close[START:])
    np.testing.assert_allclose(np.diff(lost), -slow_bleed.LOSS_PER_BAR, atol=1e-12)
    parameters = model_parameters(random_model(0))
    assert stressed_parameters(slow_bleed.SLOW_BLEED, parameters)[HALF_SPREAD] == 2.0 * parameters[HALF_SPREAD]


def test_the_stress_gate_asks_for_a_scenario_of_the_documentation(slow_bleed: Any) -> None:
    _, results = run_stress(random_model(2), BARS, START, STOP, spec=LENIENT, seed=3)
    stressed = with_section(good_evidence(), StressEvidence(results=tuple(results)))
    assert ask_gate(GATES["stress"], stressed, {}).passed
    spared = with_section(good_evidence(), StressEvidence(results=tuple(results[:-1])))
    refused = ask_gate(GATES["stress"], spared, {})
    assert (refused.passed, refused.code) == (False, ReasonCode.EVIDENCE_MISSING)
    assert "slow_bleed" in refused.reason


def test_a_check_of_the_documentation_measures_what_a_night_keeps(tails: Any, tmp_path: Path) -> None:
    night = open_night(SevengatesSettings(runtime=RuntimeSpec(home=str(tmp_path))), "SIM", "2021-05-01")
    splits = make_splits(len(BARS), SplitSpec(), lookback=10, max_holding=10, warmup=10)
    kept: dict[Any, Any] = {"bars": night.store.put(BARS_KIND, BARS), "splits": night.store.put(SPLITS, splits)}
    measure, parts = measuring("tails"), parts_of("tails", kept)
    assert inputs_of(measure, night, (parts,), {})["reads"] == {}
    found: Any = night.store.get(check_kind("tails"), measure(night, parts))
    assert isinstance(found, tails.TailEvidence)
    assert found.train == tails.tail_of(BARS.close[slice(*splits.train)])
    assert found.numbers() == {"tail_ratio": found.test / found.train}


def test_the_evidence_of_a_check_of_the_documentation_outlives_the_check(
    tails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = tails.TailEvidence(test=0.02, train=0.01)
    evidence = gather("SIM", inputs={}, metrics={}, checks=[measured], live=None)
    monkeypatch.delitem(CHECKS, "tails")
    back = read_evidence(parse_json(canonical_json(evidence.as_json())))
    assert back.digest() == evidence.digest()
    assert back.checks == {"tails": {"test": 0.02, "train": 0.01}}
    assert back.section(tails.TailEvidence).ratio == 2.0
