"""The streaming decision: bar after bar into a signal, and an order at a close, by the steps of the backtest."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trading.arrays import Floats
from trading.model.model import ACTIONS, OBSERVATION_SIZE, TradingModel
from trading.simulation.parameters import model_parameters
from trading.steps.bar import Bar
from trading.steps.decision import close_step, side_step, signal_step
from trading.steps.features import FEATURE_NAMES, FEATURES, feature_windows, new_ring
from trading.steps.regimes import BEAR, BULL, confidence_step, emission_terms


@dataclass(frozen=True)
class Signal:
    """What a model believes at the close of a bar, before any account.

    Attributes:
        warm: 1 once features are complete and the regime filter has started.
        direction: 1 long, -1 short, 0 none.
        confidence_raw: probability of the direction's regime; 0 without a direction.
        confidence: the same after calibration, which is what the breaker compares.
    """

    warm: int
    direction: int
    confidence_raw: float
    confidence: float


class SignalStream:
    """Features, regime filter and calibrator of one model, fed one bar at a time.

    Attributes:
        raw, scaled: shape (F,), features of the last bar, and the same in training standard deviations.
        belief: shape (3,), causal regime probabilities; NaN before the filter has started.
        count: bars seen.
    """

    def __init__(self, model: TradingModel) -> None:
        spec = model.spec
        whiten, log_norm = emission_terms(model.covars)
        columns = np.array([FEATURE_NAMES.index(name) for name in spec.regime_features], dtype=np.int64)
        self.raw, self.scaled = np.full(FEATURES, math.nan), np.full(FEATURES, math.nan)
        self.belief = np.full(3, math.nan)
        self.count = 0
        self._started = 0
        self._ring = new_ring(spec.features)
        self._threshold = spec.direction_threshold
        self._windows = feature_windows(spec.features)
        self._model = (
            model.scaler_mean, model.scaler_std, columns, model.startprob, model.transmat, model.means, whiten, log_norm
        )  # fmt: skip
        self._knots = model.calibrator_x, model.calibrator_y

    def on_bar(self, bar: Bar) -> Signal:
        """Take in one closed bar."""
        self._started = signal_step(
            self._ring, self.count, self._started, self._windows, bar.high, bar.low, bar.close, bar.volume,
            *self._model, self.raw, self.scaled, self.belief,
        )  # fmt: skip
        self.count += 1
        direction = side_step(self.belief, self._started, self._threshold)
        raw = 0.0 if direction == 0 else float(self.belief[BULL if direction > 0 else BEAR])
        return Signal(self._started, direction, raw, float(confidence_step(self.belief, direction, *self._knots)))

    def save(self) -> dict[str, Floats]:
        """A copy of everything the stream has to remember between two bars, as named arrays."""
        return {
            "ring": self._ring.copy(),
            "belief": self.belief.copy(),
            "count": np.array([float(self.count)]),
            "started": np.array([float(self._started)]),
        }

    def restore(self, state: Mapping[str, Floats]) -> None:
        """Go on where a stream of the same model was saved."""
        self._ring[:] = state["ring"]
        self.belief[:] = state["belief"]
        self.count, self._started = int(state["count"][0]), int(state["started"][0])


class Decider:
    """One model at work: its stream of signals, its packed parameters and its policy.

    Attributes:
        action: shape (4,), what the policy chose at the last decision it was asked for.
    """

    def __init__(self, model: TradingModel) -> None:
        self.model = model
        self.stream = SignalStream(model)
        self.parameters = model_parameters(model)
        self.action = np.full(len(ACTIONS), math.nan)
        self._observation = np.empty(OBSERVATION_SIZE)

    def decide(self, account: Floats, bar: Bar, signal: Signal) -> int:
        """Decide at the close of the bar that the stream took in last.

        An order, if any, is written to the account's order fields and waits there.

        Returns:
            ``ALLOWED`` or a denial, see :mod:`trading.steps.breakers`.
        """
        model, stream = self.model, self.stream
        self.action[:] = math.nan
        return close_step(
            account, self.parameters, bar.ts + model.spec.interval, bar.close, stream.raw, stream.scaled, stream.belief,
            signal.warm, signal.direction, signal.confidence, model.w0, model.b0, model.w1, model.b1, model.w2,
            model.b2, self._observation, self.action,
        )  # fmt: skip
