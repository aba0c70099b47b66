"""Signals of a series and the simulation of lanes over it: arrays in, arrays out, compiled underneath."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trading.features.steps import FEATURE_NAMES, feature_windows, new_ring
from trading.market.bars import Bars
from trading.model import TradingModel
from trading.regimes.filter import emission_terms
from trading.simulation.lanes import empty_trades, lock_step, side_loop, signal_loop
from trading.simulation.state import PARAMETERS_SIZE, new_state, pack_parameters

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


def compute_signals(model: TradingModel, bars: Bars) -> Signals:
    """Run features, regime filter and calibrator over bars, first to last."""
    spec = model.spec
    whiten, log_norm = emission_terms(model.covars)
    columns = np.array([FEATURE_NAMES.index(name) for name in spec.regime_features], dtype=np.int64)
    raw, scaled, beliefs, warm = signal_loop(
        bars.high, bars.low, bars.close, bars.volume, new_ring(spec.features), feature_windows(spec.features),
        model.scaler_mean, model.scaler_std, columns, model.startprob, model.transmat, model.means, whiten, log_norm,
    )  # fmt: skip
    direction, confidence = side_loop(beliefs, warm, spec.direction_threshold, model.calibrator_x, model.calibrator_y)
    return Signals(raw, scaled, beliefs, warm, direction, confidence)


def model_parameters(model: TradingModel) -> Floats:
    """The packed parameters of a model's own costs, limits and action bounds."""
    spec = model.spec
    return pack_parameters(spec.costs, spec.risk, spec.policy, spec.features.medium, spec.bars_per_year)


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
    paths: Sequence[tuple[Bars, Signals]],
    parameters: Sequence[Floats],
    start: int,
    stop: int,
    *,
    fixed_action: Sequence[float] | None = None,
) -> list[LaneRun]:
    """Run lanes with the same timestamps in lock step over bars ``start`` to ``stop``.

    Args:
        model: the policy and the initial equity.
        paths: bars and signals of each lane; all of one length.
        parameters: packed parameters of each lane.
        start, stop: half-open range of bars.
        fixed_action: size, duration, stop and target in [-1, 1] used instead of the policy.
    """
    lanes, n = len(paths), stop - start
    part = slice(start, stop)
    states = np.stack([new_state(model.spec.risk.initial_equity)] * lanes)
    packed = np.stack(list(parameters)).reshape(lanes, PARAMETERS_SIZE)
    equity, codes = np.empty((lanes, n)), np.empty((lanes, n), dtype=np.int64)
    trades, closed = empty_trades(lanes, n), np.zeros(lanes, dtype=np.int64)
    first = paths[0][0]

    def bar_column(name: str) -> Floats:
        return np.stack([getattr(bars, name)[part] for bars, _ in paths])

    def signal_column(name: str) -> NDArray[np.generic]:
        return np.stack([getattr(signals, name)[part] for _, signals in paths])

    lock_step(
        first.ts[part], first.interval, *(bar_column(name) for name in ("open", "high", "low", "close", "volume")),
        *(signal_column(name) for name in ("raw", "scaled", "beliefs", "warm", "direction", "confidence")),
        model.w0, model.b0, model.w1, model.b1, model.w2, model.b2,
        np.full(4, math.nan) if fixed_action is None else np.asarray(fixed_action, dtype=np.float64),
        states, packed, equity, trades, closed, codes,
    )  # fmt: skip
    return [LaneRun(equity[i], trades[i, : closed[i]], codes[i], states[i]) for i in range(lanes)]
