"""The stress test: base path and eight scenarios as nine lanes in lock step, each judged by the owner's limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from trading.checks.evidence import SCENARIOS
from trading.checks.scenarios import stressed_bars, stressed_parameters
from trading.codes import ReasonCode
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.results import CheckResult
from trading.settings.models import StressSpec
from trading.simulation.backtest import BacktestResult, result_of
from trading.simulation.lanes import LANE_THREADS, run_lanes
from trading.simulation.parameters import model_parameters


@dataclass(frozen=True, eq=False)
class StressResult:
    """One scenario's run and its judgement."""

    name: str
    check: CheckResult
    backtest: BacktestResult


def run_stress(
    model: TradingModel,
    bars: Bars,
    start: int,
    stop: int,
    spec: StressSpec,
    seed: int,
) -> tuple[BacktestResult, list[StressResult]]:
    """Run the base path and every scenario.

    Args:
        model: the candidate; bars: the whole series, traded from ``start`` to ``stop``.
        spec: limits; seed: of the scenarios' places and directions.

    Returns:
        The base backtest, equal to :func:`trading.simulation.backtest.run_backtest`, and the eight results in order.
    """
    parameters = model_parameters(model)
    with ThreadPoolExecutor(LANE_THREADS) as pool:
        stressed = pool.map(lambda name: stressed_bars(name, bars, start, stop, seed), SCENARIOS)
        lanes = [bars.slice(0, stop), *stressed]
    packed = [parameters, *(stressed_parameters(name, parameters) for name in SCENARIOS)]
    runs = run_lanes(model, lanes, packed, start, stop)
    results = [result_of(model, bars.ts[start:stop], run) for run in runs]
    judged = [
        StressResult(name, _judge(name, result, spec), result)
        for name, result in zip(SCENARIOS, results[1:], strict=True)
    ]
    return results[0], judged


def _judge(name: str, result: BacktestResult, spec: StressSpec) -> CheckResult:
    drawdown, loss = result.metrics["max_drawdown"], -result.metrics["total_return"]
    # A NaN fails both comparisons.
    passed = drawdown <= spec.max_drawdown and loss <= spec.max_loss
    return CheckResult(
        name=name,
        passed=passed,
        observed=drawdown,
        threshold=spec.max_drawdown,
        code=ReasonCode.OK if passed else ReasonCode.STRESS_FAILED,
        message=f"drawdown {drawdown:.1%} (at most {spec.max_drawdown:.1%}), return {-loss:+.1%} "
        f"(at least {-spec.max_loss:+.1%})",
        remedy="" if passed else "Lower risk.size_cap, or let the policy take closer stops (policy.max_stop).",
        evidence={
            "max_drawdown": drawdown,
            "total_return": result.metrics["total_return"],
            "sharpe": result.metrics["sharpe"],
            "trades": result.metrics["trades"],
        },
    )
