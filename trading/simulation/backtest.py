"""The backtest: a model over bars it never saw, through the same steps that train it and trade it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from trading.arrays import Floats, Ints
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.simulation.lanes import LaneRun, run_lanes
from trading.simulation.metrics.summary import Details, backtest_metrics
from trading.simulation.parameters import model_parameters
from trading.simulation.trades import ledger_rows, ledger_sha256

PROBABILITY = "p_"


@dataclass(frozen=True, eq=False)
class BacktestResult:
    """Equity, trades and metrics of one model on one stretch of bars.

    Attributes:
        ts: shape (n,), open of each bar, UTC milliseconds.
        equity: shape (n,), at each close, quote currency.
        closed: shape (number of trades, TRADE_SIZE), in the order of closing.
        metrics: see :func:`trading.simulation.metrics.summary.backtest_metrics`.
        codes: shape (n,), the breaker's answer at each close.
    """

    ts: Ints
    equity: Floats
    closed: Floats
    metrics: dict[str, float]
    codes: Ints

    @cached_property
    def trades(self) -> list[dict[str, Any]]:
        """Rows of the ledger, see :func:`trading.simulation.trades.ledger_rows`; drawn up when first asked for."""
        return ledger_rows(self.closed)

    @cached_property
    def ledger_sha256(self) -> str:
        """Proves equal trades."""
        return ledger_sha256(self.closed)


def run_backtest(
    model: TradingModel,
    bars: Bars,
    start: int,
    stop: int | None = None,
    *,
    fixed_action: Sequence[float] | None = None,
) -> BacktestResult:
    """Trade bars ``start`` to ``stop``; the bars before ``start`` only warm features and regimes.

    Args:
        model: what decides; its spec holds costs and limits.
        bars: of the model's symbol and interval.
        start: position of the first traded bar.
        stop: position after the last one; None is the end of the bars.
        fixed_action: four numbers in [-1, 1] that replace the policy, for comparison.

    Raises:
        DataError: if the bars are not of the model's interval.
        EngineError: ``ENGINE_CHECK`` if a user's form for series differs from bar by bar on these bars.
    """
    if bars.interval != model.spec.interval:
        raise DataError(
            ReasonCode.BARS_INTERVAL,
            f"{bars.symbol}: the model trades bars of {model.spec.interval} ms, got {bars.interval} ms.",
            remedy="Resample the bars to the model's interval.",
        )
    end = len(bars) if stop is None else stop
    (run,) = run_lanes(model, [bars], [model_parameters(model)], start, end, fixed_action=fixed_action)
    return result_of(model, bars.ts[start:end], run)


def result_of(model: TradingModel, ts: Ints, run: LaneRun) -> BacktestResult:
    """Draw up the metrics of a lane; in them the open position is closed at the last close.

    Args:
        model: that traded; its spec holds initial equity and bars in a year.
        ts: shape (n,), open of each traded bar, UTC milliseconds.
        run: what its lane did on these bars.
    """
    metrics = backtest_metrics(
        run.settled_equity,
        run.settled_trades,
        run.settled,
        model.spec.limits.initial_equity,
        model.spec.bars_per_year,
        Details(ts, run.low_equity, regime_names(model.spec.engine.extras)),
    )
    return BacktestResult(ts, run.equity, run.trades, metrics, run.codes)


def regime_names(extras: Sequence[str]) -> tuple[str, ...]:
    """Names of an engine's regimes: of further numbers that are all probabilities, ``p_NAME`` each; else none.

    Args:
        extras: names of the engine's further numbers.
    """
    if not extras or not all(name.startswith(PROBABILITY) for name in extras):
        return ()
    return tuple(name.removeprefix(PROBABILITY) for name in extras)
