"""Signals of a series and the simulation of lanes over it: arrays in, arrays out, compiled underneath."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from trading.arrays import Floats, Ints
from trading.market.bars import COLUMNS, Bars
from trading.model.model import TradingModel
from trading.simulation.kernels import empty_trades, lock_step, side_loop, signal_loop
from trading.steps.account import new_state
from trading.steps.features import FEATURE_NAMES, FEATURES, feature_windows, new_ring
from trading.steps.regimes import emission_terms

LANE_THREADS = 2
"""The platform's smallest machine has two cores; nine lanes leave little for more threads to win."""


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


def compute_signals(model: TradingModel, bars: Bars) -> Signals:
    """Run features, regime filter and calibrator over bars, first to last."""
    n = len(bars)
    signals = Signals(
        raw=np.empty((n, FEATURES)),
        scaled=np.empty((n, FEATURES)),
        beliefs=np.empty((n, 3)),
        warm=np.empty(n, dtype=np.int64),
        direction=np.empty(n, dtype=np.int64),
        confidence=np.empty(n),
    )
    signal_loop(
        bars.high, bars.low, bars.close, bars.volume, new_ring(model.spec.features), *_perception(model),
        signals.raw, signals.scaled, signals.beliefs, signals.warm,
    )  # fmt: skip
    side_loop(signals.beliefs, signals.warm, *_side(model), signals.direction, signals.confidence)
    return signals


@dataclass(frozen=True, eq=False)
class LaneRun:
    """What one lane did.

    Attributes:
        equity: shape (n,), marked at every close.
        trades: shape (number of trades, TRADE_SIZE), in the order of closing.
        codes: shape (n,), the breaker's answer at every close (``trading.steps.breakers``).
        state: shape (STATE_SIZE,), the account after the last bar.
    """

    equity: Floats
    trades: Floats
    codes: Ints
    state: Floats


def run_lanes(
    model: TradingModel,
    lanes: Sequence[Bars],
    parameters: Sequence[Floats],
    start: int,
    stop: int,
    *,
    fixed_action: Sequence[float] | None = None,
) -> list[LaneRun]:
    """Run lanes in lock step over bars ``start`` to ``stop``; the bars before only warm features and regimes.

    Two threads share the lanes: compiled loops hold no interpreter lock, and no lane sees another.

    Args:
        model: features, regimes, policy and the initial equity.
        lanes: the bars of each lane, with the same timestamps and the same prices and volumes before ``start``.
        parameters: packed parameters of each lane.
        start, stop: half-open range of traded bars.
        fixed_action: size, duration, stop and target in [-1, 1] used instead of the policy.
    """
    first = lanes[0]
    for bars in lanes[1:]:
        if not all(np.array_equal(getattr(bars, name)[:start], getattr(first, name)[:start]) for name in COLUMNS):
            raise ValueError(f"lanes in lock step need the same bars before bar {start}")
    action = np.full(4, math.nan) if fixed_action is None else np.asarray(fixed_action, dtype=np.float64)
    groups = [range(part, len(lanes), LANE_THREADS) for part in range(min(LANE_THREADS, len(lanes)))]
    with ThreadPoolExecutor(LANE_THREADS) as pool:
        done = pool.map(
            lambda group: _run_group(
                model, [lanes[i] for i in group], [parameters[i] for i in group], start, stop, action
            ),
            groups,
        )
        runs = dict(zip(itertools.chain.from_iterable(groups), itertools.chain.from_iterable(done), strict=True))
    return [runs[i] for i in range(len(lanes))]


def _run_group(
    model: TradingModel, lanes: list[Bars], parameters: list[Floats], start: int, stop: int, action: Floats
) -> list[LaneRun]:
    count, n = len(lanes), stop - start
    states = np.stack([new_state(model.spec.risk.initial_equity)] * count)
    equity, codes = np.empty((count, n)), np.empty((count, n), dtype=np.int64)
    trades, closed = empty_trades(count, n), np.zeros(count, dtype=np.int64)
    lock_step(
        lanes[0].ts, lanes[0].interval, *(np.stack([getattr(bars, name) for bars in lanes]) for name in COLUMNS),
        start, stop, np.stack([new_ring(model.spec.features)] * count), *_perception(model), *_side(model),
        model.w0, model.b0, model.w1, model.b1, model.w2, model.b2, action,
        states, np.stack(parameters), equity, trades, closed, codes,
    )  # fmt: skip
    return [LaneRun(equity[i], trades[i, : closed[i]], codes[i], states[i]) for i in range(count)]


def _perception(model: TradingModel) -> tuple[Any, ...]:
    """What the signal step needs of a model, in its order."""
    spec = model.spec
    whiten, log_norm = emission_terms(model.covars)
    columns = np.array([FEATURE_NAMES.index(name) for name in spec.regime_features], dtype=np.int64)
    return (
        feature_windows(spec.features), model.scaler_mean, model.scaler_std, columns, model.startprob, model.transmat,
        model.means, whiten, log_norm,
    )  # fmt: skip


def _side(model: TradingModel) -> tuple[Any, ...]:
    """What direction and confidence need of a model."""
    return model.spec.direction_threshold, model.calibrator_x, model.calibrator_y
