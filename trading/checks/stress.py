"""The stress test: base path and every draw of every scenario as lanes, each scenario judged by the owner's limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.checks.scenarios import SCENARIOS, Scenario, held_positions, stressed_market, stressed_parameters
from trading.checks.survival import LaneNumbers, judged_scenario, keeps, lane_numbers, lane_path
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.results import CheckResult, Number
from trading.settings.models import StressSpec
from trading.steps.account import HALT_DRAWDOWN

if TYPE_CHECKING:
    from trading.simulation.backtest import BacktestResult


JUDGED = (
    "max_drawdown",
    "excess_drawdown",
    "total_return",
    "shock_loss",
    "excess_recovery",
    "breaches",
    "trades",
    "met",
)
"""Numbers of a scenario that are written down as metrics of the night."""


class StressEvidence(CheckEvidence):
    """How the candidate came through the scenarios: one result each, whose observed number is the worst drawdown.

    What else was measured of a scenario is in its result's evidence, see
    :func:`trading.checks.survival.scenario_numbers`. Release 0.1 wrote ``max_drawdown``, ``total_return``, ``sharpe``
    and ``trades`` of one draw.
    """

    check: ClassVar[str] = "stress"

    results: tuple[CheckResult, ...] = ()

    def numbers(self) -> dict[str, Number]:
        return {
            f"stress.{result.name}.{name}": result.evidence[name]
            for result in self.results
            for name in JUDGED
            if isinstance(result.evidence.get(name), float | int)
        }


def contradictions(result: CheckResult) -> list[str]:
    """The judged numbers of a scenario that are missing or do not keep the limit that is written beside them.

    Args:
        result: of a scenario, as :func:`trading.checks.survival.judged_scenario` writes it.
    """
    shown, limits = result.evidence, result.evidence.get("limits")
    if not isinstance(limits, dict) or result.observed != shown.get("max_drawdown"):
        return list(JUDGED)
    return [name for name in JUDGED if not keeps(name, shown.get(name), limits.get(name))]


def run_stress(
    model: TradingModel,
    bars: Bars,
    start: int,
    stop: int,
    *,
    spec: StressSpec,
    seed: int,
    scenarios: Iterable[Scenario] | None = None,
    look: Callable[[str, int, BacktestResult], object] | None = None,
) -> tuple[BacktestResult, list[CheckResult]]:
    """Run the base path and every draw of every scenario; of a draw nothing is kept but its numbers.

    The breaker does not halt here: a candidate that it saved would be judged by what the breaker did.

    Args:
        model: the candidate.
        bars: the whole series.
        start: first bar that is traded.
        stop: end of the range that is traded.
        spec: limits, and how many draws.
        seed: of the scenarios' places.
        scenarios: what happens; by default every row of :data:`trading.checks.scenarios.SCENARIOS`.
        look: is given the name, the number of the draw and its backtest as it ends, in one of several threads.

    Returns:
        The base backtest, equal to :func:`trading.simulation.backtest.run_backtest` as long as that does not halt, and
        the judgement of each scenario in order.
    """
    # The simulation compiles when it is imported, and gates read the evidence above without it.
    from trading.simulation.backtest import result_of
    from trading.simulation.lanes import Lane, Span, WarmedLanes, map_lanes
    from trading.simulation.parameters import model_parameters

    played = list(SCENARIOS.values() if scenarios is None else scenarios)
    calm = model_parameters(model)
    # The breaker is left with nothing to lose.
    calm[HALT_DRAWDOWN] = 1.0
    limits, per_year, ts = model.spec.limits, model.spec.bars_per_year, bars.ts[start:stop]
    warmed = WarmedLanes(model, bars, start, stop)
    run = warmed.run(Lane(bars.slice(0, stop), calm))
    result, base, held = result_of(model, ts, run), lane_path(run, ts, limits), held_positions(ts, run)

    def numbers_of(scenario: Scenario, draw: int) -> LaneNumbers:
        market = stressed_market(scenario, bars, start, stop, held=held, seed=seed, draw=draw)
        shocked = stressed_parameters(scenario, calm)
        spans = tuple(Span(start + window.begin, start + window.end, shocked) for window in market.windows)
        run = warmed.run(Lane(market.bars, calm, spans))
        if look is not None:
            look(scenario.name, draw, result_of(model, ts, run))
        begins = np.array([window.begin for window in market.windows], dtype=np.int64)
        met = int(held_positions(ts, run).on(begins).sum())
        return lane_numbers(lane_path(run, ts, limits), base, market, met=met, bars_per_year=per_year)

    # Of what has no place, one draw is as good as many.
    draws = [(one, draw) for one in played for draw in range(spec.seeds if one.shock is not None else 1)]
    numbers = map_lanes(lambda lane: numbers_of(*draws[lane]), len(draws))
    found: dict[str, list[LaneNumbers]] = {one.name: [] for one in played}
    for (one, _), lane in zip(draws, numbers, strict=True):
        found[one.name].append(lane)
    return result, [judged_scenario(name, lanes, base, spec) for name, lanes in found.items()]


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
