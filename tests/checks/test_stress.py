from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

from tests.support import random_model, small_bars
from trading.checks.scenarios import SCENARIOS, CostShock, Scenario, stressed_bars, stressed_parameters
from trading.checks.stress import run_stress
from trading.codes import ReasonCode
from trading.market.bars import Bars
from trading.settings.models import StressSpec
from trading.simulation.backtest import BacktestResult, run_backtest
from trading.simulation.parameters import model_parameters
from trading.steps.account import FEE, HALF_SPREAD, LATENCY, MAKER_FEE, PARTICIPATION

BARS = small_bars(120)
START, STOP = 800, len(BARS)


def played(name: str, seed: int = 1) -> Bars:
    return stressed_bars(SCENARIOS[name], BARS, start=START, stop=STOP, seed=seed)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_leaves_the_past_alone_and_keeps_bars_valid(name: str) -> None:
    stressed = played(name)
    assert len(stressed) == STOP
    assert stressed.slice(0, START).digest() == BARS.slice(0, START).digest()
    assert (stressed.high >= np.maximum(stressed.open, stressed.close)).all()
    assert (stressed.low <= np.minimum(stressed.open, stressed.close)).all()
    assert (stressed.low > 0).all()
    assert (stressed.volume >= 0).all()


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_changes_prices_volumes_or_costs_and_is_repeatable(name: str) -> None:
    one, two, other = (played(name, seed) for seed in (1, 1, 2))
    assert one.digest() == two.digest()
    parameters = model_parameters(random_model(0))
    changed_costs = (stressed_parameters(SCENARIOS[name], parameters) != parameters).any()
    assert changed_costs or one.digest() != BARS.digest()
    assert SCENARIOS[name].shock is None or one.digest() != other.digest()


def test_scenarios_do_what_their_names_say() -> None:
    calm = np.abs(np.diff(np.log(BARS.close[START:])))
    spiky = np.abs(np.diff(np.log(played("volatility_spike").close[START:])))
    assert spiky.mean() > 1.2 * calm.mean()
    crash = played("flash_crash")
    assert (crash.low[START:] / crash.open[START:] < 0.85).sum() == 8
    gaps = played("gap_at_open")
    jumped = np.abs(np.log(gaps.open[START:] / gaps.close[START - 1 : -1])) > 0.05
    assert jumped.sum() == 12
    outage = played("data_outage")
    assert (outage.volume[START:] == 0).sum() == 8 * 24
    np.testing.assert_allclose(outage.close[-1], BARS.close[-1], rtol=1e-9)
    shocked = stressed_parameters(SCENARIOS["fee_latency_shock"], model_parameters(random_model(0)))
    assert shocked[LATENCY] == 2
    assert shocked[FEE] > 0
    drought = stressed_parameters(SCENARIOS["liquidity_drought"], model_parameters(random_model(0)))
    assert drought[HALF_SPREAD] == pytest.approx(10 * model_parameters(random_model(0))[HALF_SPREAD])


def test_the_base_lane_of_the_stress_test_is_the_backtest() -> None:
    model = random_model(2)
    base, results = run_stress(model, BARS, START, STOP, spec=StressSpec(), seed=3)
    assert base.ledger_sha256 == run_backtest(model, BARS, START, STOP).ledger_sha256
    assert [result.name for result in results] == list(SCENARIOS)


def test_what_a_scenario_did_is_shown_and_not_kept() -> None:
    seen: dict[str, weakref.ref[Any]] = {}

    def look(name: str, run: BacktestResult) -> None:
        assert len(run.equity) == STOP - START
        seen[name] = weakref.ref(run.equity)

    base, results = run_stress(random_model(2), BARS, START, STOP, spec=StressSpec(), seed=3, look=look)
    gc.collect()
    assert set(seen) == {result.name for result in results} == set(SCENARIOS)
    assert [name for name, equity in seen.items() if equity() is not None] == []
    assert len(base.equity) == STOP - START


def test_a_drawdown_over_the_limit_fails_with_a_code_and_a_remedy() -> None:
    strict = StressSpec(max_drawdown=1e-6, max_loss=0.0)
    _, results = run_stress(random_model(2), BARS, START, STOP, spec=strict, seed=3)
    failed = [result for result in results if not result.passed]
    assert len(failed) == len(SCENARIOS)
    assert {check.code for check in failed} == {ReasonCode.STRESS_FAILED}
    assert all(check.remedy and check.observed is not None for check in failed)


def test_a_scenario_in_which_nothing_happens_is_refused() -> None:
    with pytest.raises(ValueError, match="calm changes neither prices nor costs"):
        Scenario("calm")


def test_a_shock_to_the_costs_alone_leaves_every_other_parameter_as_it_was() -> None:
    parameters = model_parameters(random_model(0))
    shocked = stressed_parameters(Scenario("dear", costs=CostShock(fee=3.0, participation=0.5)), parameters)
    assert set(np.flatnonzero(shocked != parameters)) == {FEE, MAKER_FEE, PARTICIPATION}
    assert shocked[FEE] == 3.0 * parameters[FEE]
    assert shocked[MAKER_FEE] == 3.0 * parameters[MAKER_FEE]
    assert shocked[PARTICIPATION] == 0.5 * parameters[PARTICIPATION]
