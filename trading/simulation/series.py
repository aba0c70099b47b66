"""Signals of a series and the simulation of lanes over it: arrays in, arrays out, compiled underneath."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trading.features.steps import FEATURE_NAMES, FEATURES, feature_windows, new_ring
from trading.market.bars import COLUMNS, Bars
from trading.model import TradingModel
from trading.regimes.filter import emission_terms
from trading.simulation.lanes import empty_trades, lock_step, side_loop, signal_loop
from trading.simulation.state import new_state

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Signals:
    """What a model sees and believes on every bar, before any account.

    Attributes:
        raw, scaled: shape (n, F), features, and features in training standard deviations; NaN during the warm-up.
        beliefs: shape (n, 3), causal regime probabilities; NaN before the filter starts.
        warm: shape (n,), 1 once features are complete.
        direction: shape (n,), 1 long, -1 short, 0 none.
        confidence: shape (n,), effective confidence; 0 without a direction.
    """

    raw: Floats
    scaled: Floats
    beliefs: Floats
    warm: Ints
    direction: Ints
    confidence: Floats


@dataclass(frozen=True, eq=False)
class Paths:
    """Bars and signals of L lanes with the same timestamps.

    Attributes:
        ts: shape (n,); interval: milliseconds of a bar.
        open, high, low, close, volume: shape (L, n).
        raw, scaled: shape (L, n, F); beliefs: shape (L, n, 3); warm, direction, confidence: shape (L, n).
    """

    ts: Ints
    interval: int
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    raw: Floats
    scaled: Floats
    beliefs: Floats
    warm: Ints
    direction: Ints
    confidence: Floats

    def signals(self, lane: int) -> Signals:
        """Views of one lane's signals."""
        return Signals(*(getattr(self, name)[lane] for name in SIGNAL_NAMES))


SIGNAL_NAMES = tuple(Signals.__dataclass_fields__)
SIGNAL_THREADS = 2


def compute_signals(model: TradingModel, bars: Bars) -> Signals:
    """Run features, regime filter and calibrator over bars, first to last."""
    return compute_paths(model, [bars]).signals(0)


def compute_paths(model: TradingModel, lanes: Sequence[Bars]) -> Paths:
    """Signals of several series with the same timestamps, two at a time: compiled loops hold no interpreter lock."""
    count, n = len(lanes), len(lanes[0])
    paths = Paths(
        lanes[0].ts,
        lanes[0].interval,
        *(np.stack([getattr(bars, name) for bars in lanes]) for name in COLUMNS),
        raw=np.empty((count, n, FEATURES)),
        scaled=np.empty((count, n, FEATURES)),
        beliefs=np.empty((count, n, 3)),
        warm=np.empty((count, n), dtype=np.int64),
        direction=np.empty((count, n), dtype=np.int64),
        confidence=np.empty((count, n)),
    )
    with ThreadPoolExecutor(SIGNAL_THREADS) as pool:
        list(pool.map(lambda lane: _fill_signals(model, paths, lane), range(count)))
    return paths


def single_path(bars: Bars, signals: Signals) -> Paths:
    """One lane of signals that are known already, without copying them."""
    return Paths(
        bars.ts,
        bars.interval,
        *(getattr(bars, name)[None, :] for name in COLUMNS),
        *(getattr(signals, name)[None] for name in SIGNAL_NAMES),
    )


def _fill_signals(model: TradingModel, paths: Paths, lane: int) -> None:
    spec = model.spec
    whiten, log_norm = emission_terms(model.covars)
    columns = np.array([FEATURE_NAMES.index(name) for name in spec.regime_features], dtype=np.int64)
    signal_loop(
        paths.high[lane], paths.low[lane], paths.close[lane], paths.volume[lane], new_ring(spec.features),
        feature_windows(spec.features), model.scaler_mean, model.scaler_std, columns, model.startprob, model.transmat,
        model.means, whiten, log_norm, paths.raw[lane], paths.scaled[lane], paths.beliefs[lane], paths.warm[lane],
    )  # fmt: skip
    side_loop(
        paths.beliefs[lane], paths.warm[lane], spec.direction_threshold, model.calibrator_x, model.calibrator_y,
        paths.direction[lane], paths.confidence[lane],
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class LaneRun:
    """What one lane did.

    Attributes:
        equity: shape (n,), marked at every close.
        trades: shape (number of trades, TRADE_SIZE), in the order of closing.
        codes: shape (n,), the breaker's answer at every close (``trading.risk.breakers``).
        state: shape (STATE_SIZE,), the account after the last bar.
    """

    equity: Floats
    trades: Floats
    codes: Ints
    state: Floats


def run_lanes(
    model: TradingModel,
    paths: Paths,
    parameters: Sequence[Floats],
    start: int,
    stop: int,
    *,
    fixed_action: Sequence[float] | None = None,
) -> list[LaneRun]:
    """Run lanes in lock step over bars ``start`` to ``stop``.

    Args:
        model: the policy and the initial equity.
        paths: bars and signals of each lane.
        parameters: packed parameters of each lane.
        start, stop: half-open range of bars.
        fixed_action: size, duration, stop and target in [-1, 1] used instead of the policy.
    """
    lanes, n = len(paths.close), stop - start
    states = np.stack([new_state(model.spec.risk.initial_equity)] * lanes)
    equity, codes = np.empty((lanes, n)), np.empty((lanes, n), dtype=np.int64)
    trades, closed = empty_trades(lanes, n), np.zeros(lanes, dtype=np.int64)
    lock_step(
        paths.ts, paths.interval, *(getattr(paths, name) for name in (*COLUMNS, *SIGNAL_NAMES)), start, stop,
        model.w0, model.b0, model.w1, model.b1, model.w2, model.b2,
        np.full(4, math.nan) if fixed_action is None else np.asarray(fixed_action, dtype=np.float64),
        states, np.stack(list(parameters)), equity, trades, closed, codes,
    )  # fmt: skip
    return [LaneRun(equity[i], trades[i, : closed[i]], codes[i], states[i]) for i in range(lanes)]
