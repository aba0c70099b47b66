"""Any two versions of a model side by side: the same bars, the same costs, each with its own engine and policy."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from trading.codes import ReasonCode
from trading.engines.stream import model_lookback
from trading.errors import DataError
from trading.market.bars import Bars
from trading.model.bundle import Bundle
from trading.model.spec import Costs
from trading.night.artifacts import numbers
from trading.reports.assumptions import assumptions
from trading.simulation.backtest import BacktestResult, run_backtest


@dataclass(frozen=True, kw_only=True)
class VersionResult:
    """One version on the bars of a comparison.

    Attributes:
        version: in the registry.
        tag: of its engine.
        policy: kind of its policy.
        decision: of its seven gates.
        as_of_ms: moment of its night, UTC milliseconds.
        bundle_digest: of its bundle.
        metrics: of :mod:`trading.simulation.metrics`.
        ledger_sha256: of its trades.
        assumptions: of the simulation, one sentence each: the costs are common, units and limits its own.
    """

    version: int
    tag: str
    policy: str
    decision: str
    as_of_ms: int
    bundle_digest: str
    metrics: dict[str, float]
    ledger_sha256: str
    assumptions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class VersionComparison:
    """Two versions side by side.

    Attributes:
        model_name: registered model.
        first_ms: open of the first compared bar.
        last_ms: close of the last one.
        bars: how many.
        seen_in_training: whether a version was fitted on some of these bars, or it is not known.
        correlation: of the returns of both; NaN if one of them never moved.
        results: of both versions, in the order asked for.
    """

    model_name: str
    first_ms: int
    last_ms: int
    bars: int
    seen_in_training: bool
    correlation: float
    results: tuple[VersionResult, VersionResult]

    @property
    def common_assumptions(self) -> tuple[str, ...]:
        """What the simulator assumed of both."""
        one, other = self.results
        return tuple(line for line in one.assumptions if line in other.assumptions)

    def own_assumptions(self, result: VersionResult) -> tuple[str, ...]:
        """What it assumed of one version and not of the other.

        Args:
            result: of the two.
        """
        return tuple(line for line in result.assumptions if line not in self.common_assumptions)

    def as_json(self) -> dict[str, Any]:
        """JSON data; a number that is not finite is text."""
        data = asdict(self)
        data["correlation"] = numbers({"correlation": self.correlation})["correlation"]
        data["results"] = [{**asdict(result), "metrics": numbers(result.metrics)} for result in self.results]
        return data


def compare_versions(
    model_name: str,
    versions: tuple[int, int],
    bundles: tuple[Bundle, Bundle],
    bars: Bars,
    *,
    costs: Costs,
    start_ms: int | None = None,
) -> VersionComparison:
    """Trade two bundles over the same bars.

    Args:
        model_name: registered model.
        versions: numbers of both.
        bundles: of both.
        bars: of their market.
        costs: that both are traded at.
        start_ms: first bar to trade; None is where the later of both test splits begins, or the end of the warm-up if
            a bundle of release 0.1 does not say.

    Raises:
        DataError: if fewer than two bars are left to trade.
    """
    tests = [bundle.lineage.ranges.get("test") for bundle in bundles]
    known = [part[0] for part in tests if part is not None]
    first = max(model_lookback(bundle.model) for bundle in bundles)
    wanted = start_ms if start_ms is not None else max(known) if len(known) == len(bundles) else None
    if wanted is not None:
        first = max(first, int(np.searchsorted(bars.ts, wanted)))
    if len(bars) - first < 2:
        raise DataError(
            ReasonCode.BARS_TOO_FEW,
            f"{bars.symbol}: {len(bars)} bars leave {max(len(bars) - first, 0)} to compare on after warm-up and start.",
            remedy="Name an earlier start with --from, or a longer history.",
        )
    runs = [_traded(bundle, bars, first, costs) for bundle in bundles]
    begin = int(bars.ts[first])
    return VersionComparison(
        model_name=model_name,
        first_ms=begin,
        last_ms=int(bars.ts[-1]) + bars.interval,
        bars=len(bars) - first,
        seen_in_training=len(known) < len(bundles) or begin < max(known),
        correlation=_correlation(runs[0], runs[1]),
        results=(
            _result(versions[0], bundles[0], runs[0], costs),
            _result(versions[1], bundles[1], runs[1], costs),
        ),
    )


def _traded(bundle: Bundle, bars: Bars, first: int, costs: Costs) -> BacktestResult:
    spec = bundle.model.spec.model_copy(update={"costs": costs})
    return run_backtest(replace(bundle.model, spec=spec), bars, first)


def _result(version: int, bundle: Bundle, run: BacktestResult, costs: Costs) -> VersionResult:
    spec = bundle.model.spec
    return VersionResult(
        version=version,
        tag=spec.engine.tag,
        policy=spec.policy.kind,
        decision=bundle.decision,
        as_of_ms=bundle.lineage.as_of_ms,
        bundle_digest=bundle.digest,
        metrics=dict(run.metrics),
        ledger_sha256=run.ledger_sha256,
        assumptions=tuple(assumptions(spec.changed(costs=costs))),
    )


def _correlation(one: BacktestResult, other: BacktestResult) -> float:
    moves = [np.diff(np.log(run.equity)) for run in (one, other)]
    if any(not np.isfinite(move).all() or not np.ptp(move) > 0.0 for move in moves):
        return float("nan")
    return float(np.corrcoef(moves[0], moves[1])[0, 1])
