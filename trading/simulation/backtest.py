"""The backtest: a model over bars it never saw, through the same steps that train it and trade it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import Bars
from trading.model import TradingModel
from trading.simulation.ledger import ledger_sha256, trade_row
from trading.simulation.metrics import backtest_metrics
from trading.simulation.series import LaneRun, Signals, compute_signals, run_lanes, single_path
from trading.simulation.state import model_parameters

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BacktestResult:
    """Equity, trades and metrics of one model on one stretch of bars.

    Attributes:
        ts: shape (n,), open of each bar; equity: shape (n,), at each close.
        trades: rows of the ledger, see :func:`trading.simulation.ledger.trade_row`.
        metrics: see :func:`trading.simulation.metrics.backtest_metrics`.
        ledger_sha256: proves equal trades.
        codes: shape (n,), the breaker's answer at each close.
    """

    ts: Ints
    equity: Floats
    trades: list[dict[str, Any]]
    metrics: dict[str, float]
    ledger_sha256: str
    codes: Ints


def run_backtest(
    model: TradingModel,
    bars: Bars,
    start: int,
    stop: int | None = None,
    *,
    signals: Signals | None = None,
    fixed_action: Sequence[float] | None = None,
) -> BacktestResult:
    """Trade bars ``start`` to ``stop``; the bars before ``start`` only warm features and regimes.

    Args:
        model: what decides; its spec holds costs and limits.
        bars: of the model's symbol and interval.
        start, stop: half-open range of traded bars.
        signals: of these bars, if they are known already.
        fixed_action: four numbers in [-1, 1] that replace the policy, for comparison.

    Raises:
        DataError: if the bars are not of the model's interval.
    """
    if bars.interval != model.spec.interval:
        raise DataError(
            ReasonCode.BARS_INTERVAL,
            f"{bars.symbol}: the model trades bars of {model.spec.interval} ms, got {bars.interval} ms.",
            remedy="Resample the bars to the model's interval.",
        )
    end = len(bars) if stop is None else stop
    known = compute_signals(model, bars) if signals is None else signals
    run = run_lanes(model, single_path(bars, known), [model_parameters(model)], start, end, fixed_action=fixed_action)[
        0
    ]
    return result_of(model, bars.ts[start:end], run)


def result_of(model: TradingModel, ts: Ints, run: LaneRun) -> BacktestResult:
    """Draw up metrics and ledger of a lane."""
    rows = [trade_row(trade) for trade in run.trades]
    metrics = backtest_metrics(
        run.equity, run.trades, run.state, model.spec.risk.initial_equity, model.spec.bars_per_year
    )
    return BacktestResult(ts, run.equity, rows, metrics, ledger_sha256(rows), run.codes)
