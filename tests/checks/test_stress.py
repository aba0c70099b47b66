from __future__ import annotations

import numpy as np
import pytest

from tests.support import random_model, small_bars
from trading.checks.evidence import SCENARIOS
from trading.checks.scenarios import SHOCKS, stressed_bars, stressed_parameters
from trading.checks.stress import run_stress
from trading.codes import ReasonCode
from trading.settings.models import StressSpec
from trading.simulation.backtest import run_backtest
from trading.simulation.parameters import model_parameters
from trading.steps.account import FEE, HALF_SPREAD, LATENCY

BARS = small_bars(120)
START, STOP = 800, len(BARS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_leaves_the_past_alone_and_keeps_bars_valid(name: str) -> None:
    stressed = stressed_bars(name, BARS, START, STOP, seed=1)
    assert len(stressed) == STOP
    assert stressed.slice(0, START).digest() == BARS.slice(0, START).digest()
    assert (stressed.high >= np.maximum(stressed.open, stressed.close)).all()
    assert (stressed.low <= np.minimum(stressed.open, stressed.close)).all()
    assert (stressed.low > 0).all()
    assert (stressed.volume >= 0).all()


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_changes_prices_volumes_or_costs_and_is_repeatable(name: str) -> None:
    one, two, other = (stressed_bars(name, BARS, START, STOP, seed) for seed in (1, 1, 2))
    assert one.digest() == two.digest()
    parameters = model_parameters(random_model(0))
    changed_costs = (stressed_parameters(name, parameters) != parameters).any()
    assert changed_costs or one.digest() != BARS.digest()
    assert name == "fee_latency_shock" or one.digest() != other.digest()


def test_scenarios_do_what_their_names_say() -> None:
    calm = np.abs(np.diff(np.log(BARS.close[START:])))
    spiky = np.abs(np.diff(np.log(stressed_bars("volatility_spike", BARS, START, STOP, 1).close[START:])))
    assert spiky.mean() > 1.2 * calm.mean()
    crash = stressed_bars("flash_crash", BARS, START, STOP, 1)
    assert (crash.low[START:] / crash.open[START:] < 0.85).sum() == 8
    gaps = stressed_bars("gap_at_open", BARS, START, STOP, 1)
    jumped = np.abs(np.log(gaps.open[START:] / gaps.close[START - 1 : -1])) > 0.05
    assert jumped.sum() == 12
    outage = stressed_bars("data_outage", BARS, START, STOP, 1)
    assert (outage.volume[START:] == 0).sum() == 8 * 24
    np.testing.assert_allclose(outage.close[-1], BARS.close[-1], rtol=1e-9)
    shocked = stressed_parameters("fee_latency_shock", model_parameters(random_model(0)))
    assert shocked[LATENCY] == 2
    assert shocked[FEE] > 0
    drought = stressed_parameters("liquidity_drought", model_parameters(random_model(0)))
    assert drought[HALF_SPREAD] == pytest.approx(10 * model_parameters(random_model(0))[HALF_SPREAD])


def test_the_base_lane_of_the_stress_test_is_the_backtest() -> None:
    model = random_model(2)
    base, results = run_stress(model, BARS, START, STOP, StressSpec(), seed=3)
    assert base.ledger_sha256 == run_backtest(model, BARS, START, STOP).ledger_sha256
    assert [result.name for result in results] == list(SCENARIOS) == list(SHOCKS)


def test_a_drawdown_over_the_limit_fails_with_a_code_and_a_remedy() -> None:
    _, results = run_stress(random_model(2), BARS, START, STOP, StressSpec(max_drawdown=1e-6, max_loss=0.0), seed=3)
    failed = [result.check for result in results if not result.check.passed]
    assert len(failed) == 8
    assert {check.code for check in failed} == {ReasonCode.STRESS_FAILED}
    assert all(check.remedy and check.observed is not None for check in failed)
