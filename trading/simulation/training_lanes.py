"""Training lanes: many accounts over one series, each run from decision to decision by one compiled call."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.errors import TrainingError
from trading.market.bars import Bars
from trading.model.model import OBSERVATION_SIZE
from trading.simulation.kernels import advance
from trading.simulation.signals import Signals
from trading.steps.account import STATE_SIZE, TRADE_SIZE, new_state

MOST_DRAWS = 1_000


class TrainingLanes:
    """L accounts that wait at their next decision.

    Args:
        bars, signals: the series all lanes share.
        start, stop: half-open range of bars the lanes may see.
        parameters: shape (L, PARAMETERS_SIZE).
        initial_equity: of every episode.
        episode_bars: longest episode; each starts at a random bar.
        rng: draws the starts.
    """

    def __init__(
        self,
        bars: Bars,
        signals: Signals,
        start: int,
        stop: int,
        parameters: Floats,
        initial_equity: float,
        episode_bars: int,
        rng: np.random.Generator,
    ) -> None:
        self.lanes = len(parameters)
        self.parameters = parameters
        self.observations = np.zeros((self.lanes, OBSERVATION_SIZE))
        self._series = (
            bars.ts, bars.interval, bars.open, bars.high, bars.low, bars.close, bars.volume,
            signals.raw, signals.scaled, signals.beliefs, signals.warm, signals.direction, signals.confidence,
        )  # fmt: skip
        self._range = (start, stop)
        self._episode = min(episode_bars, stop - start - 1)
        self._fresh = new_state(initial_equity)
        self._rng = rng
        self._states = np.zeros((self.lanes, STATE_SIZE))
        self._cursor = np.zeros(self.lanes, dtype=np.int64)
        self._last = np.zeros(self.lanes, dtype=np.int64)
        self._returns = np.zeros(self.lanes)
        self._done = np.zeros(self.lanes, dtype=np.bool_)
        self._scratch = np.zeros(TRADE_SIZE)

    def reset(self) -> Floats:
        """Start an episode in every lane and run each to its first decision; shape (L, 27)."""
        self._restart(np.ones(self.lanes, dtype=np.bool_))
        return self.observations.copy()

    def step(self, actions: Floats) -> tuple[Floats, Floats, NDArray[np.bool_], Floats]:
        """Act in every lane.

        Args:
            actions: shape (L, 4), in [-1, 1].

        Returns:
            Observations of the next decisions, where an ended lane already shows its new episode (L, 27); log equity
            changes (L,); whether each episode ended (L,); and the last observations of the episodes that ended.
        """
        self._advance(np.ascontiguousarray(actions))
        returns, done = self._returns.copy(), self._done.copy()
        final = self.observations.copy()
        if done.any():
            self._restart(done)
        return self.observations.copy(), returns, done, final

    def _restart(self, which: NDArray[np.bool_]) -> None:
        """New episodes; a start without any decision before its end is drawn again."""
        start, stop = self._range
        waiting = which.copy()
        for _ in range(MOST_DRAWS):
            if not waiting.any():
                return
            count = int(waiting.sum())
            begin = self._rng.integers(start, stop - self._episode, size=count)
            self._states[waiting] = self._fresh
            self._cursor[waiting] = begin
            self._last[waiting] = begin + self._episode - 1
            self._run(np.flatnonzero(waiting))
            waiting[waiting] = self._done[waiting]
        raise TrainingError(
            ReasonCode.TRAINING_NO_DECISIONS,
            f"{MOST_DRAWS} random episodes of {self._episode} bars offered a lane no decision.",
            remedy="Lower regimes.direction_threshold or use more history.",
        )

    def _run(self, lanes: NDArray[np.int64]) -> None:
        states, cursor = self._states[lanes], self._cursor[lanes]
        observations, returns, done = self.observations[lanes], self._returns[lanes], self._done[lanes]
        nothing = np.full((len(lanes), 4), math.nan)
        advance(
            *self._series, states, self.parameters[lanes], cursor, self._last[lanes], nothing, observations, returns,
            done, self._scratch,
        )  # fmt: skip
        self._states[lanes], self._cursor[lanes] = states, cursor
        self.observations[lanes], self._done[lanes] = observations, done

    def _advance(self, actions: Floats) -> None:
        advance(
            *self._series, self._states, self.parameters, self._cursor, self._last, actions, self.observations,
            self._returns, self._done, self._scratch,
        )  # fmt: skip
