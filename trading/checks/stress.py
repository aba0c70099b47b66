"""The stress test: base path and every scenario as lanes in lock step, each judged by the owner's limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ClassVar

from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.checks.scenarios import SCENARIOS, Scenario, stressed_bars, stressed_parameters
from trading.codes import ReasonCode
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.results import CheckResult, Number
from trading.settings.models import StressSpec

if TYPE_CHECKING:
    from trading.simulation.backtest import BacktestResult


class StressEvidence(CheckEvidence):
    """How the candidate came through the scenarios: one result each, whose observed number is the worst drawdown."""

    check: ClassVar[str] = "stress"

    results: tuple[CheckResult, ...] = ()

    def numbers(self) -> dict[str, Number]:
        drawdowns = {result.name: result.observed for result in self.results}
        return {f"stress.{name}.max_drawdown": value for name, value in drawdowns.items() if isinstance(value, float)}


def run_stress(
    model: TradingModel,
    bars: Bars,
    start: int,
    stop: int,
    *,
    spec: StressSpec,
    seed: int,
    scenarios: Iterable[Scenario] | None = None,
    look: Callable[[str, BacktestResult], object] | None = None,
) -> tuple[BacktestResult, list[CheckResult]]:
    """Run the base path and every scenario; of a scenario nothing is kept but its judgement.

    Args:
        model: the candidate.
        bars: the whole series.
        start: first bar that is traded.
        stop: end of the range that is traded.
        spec: limits.
        seed: of the scenarios' places and directions.
        scenarios: what happens; by default every row of :data:`trading.checks.scenarios.SCENARIOS`.
        look: is given the name and the backtest of each scenario as it ends, in one of several threads.

    Returns:
        The base backtest, equal to :func:`trading.simulation.backtest.run_backtest`, and the judgement of each scenario
        in order.
    """
    # The simulation compiles when it is imported, and gates read the evidence above without it.
    from trading.simulation.backtest import result_of
    from trading.simulation.lanes import LANE_THREADS, LaneRun, map_lanes
    from trading.simulation.parameters import model_parameters

    played = list(SCENARIOS.values() if scenarios is None else scenarios)
    parameters = model_parameters(model)
    with ThreadPoolExecutor(LANE_THREADS) as pool:
        stressed = pool.map(lambda one: stressed_bars(one, bars, start=start, stop=stop, seed=seed), played)
        lanes = [bars.slice(0, stop), *stressed]
    packed = [parameters, *(stressed_parameters(one, parameters) for one in played)]
    base: list[BacktestResult] = []

    def judged(lane: int, run: LaneRun) -> CheckResult | None:
        result = result_of(model, bars.ts[start:stop], run)
        if lane == 0:
            base.append(result)
            return None
        name = played[lane - 1].name
        if look is not None:
            look(name, result)
        return _judge(name, result, spec)

    checks = map_lanes(model, lanes, packed, start, stop, judged)
    return base[0], [check for check in checks if check is not None]


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


def _measure(subject: Subject) -> StressEvidence:
    part = subject.splits.test
    _, results = run_stress(
        subject.model, subject.bars, part.start, part.stop, spec=subject.spec(StressSpec), seed=subject.seed
    )
    return StressEvidence(results=tuple(results))


STRESS = Check(
    evidence=StressEvidence,
    measure=_measure,
    parts=("bars", "splits", "model"),
    settings=(StressSpec,),
    seeded=True,
)
