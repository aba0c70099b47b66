"""Training lanes: many accounts over one series, each run from decision to decision by one compiled call."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats, Ints
from trading.codes import ReasonCode
from trading.engines.stream import Signals
from trading.errors import TrainingError
from trading.market.bars import Bars
from trading.model.fits import FitRecord, fit_record
from trading.simulation.kernels import WaitingLanes, advance_loop
from trading.steps.account import ACCOUNT_SIZE, TRADE_SIZE, new_account
from trading.steps.policy import ACTIONS

MOST_DRAWS = 1_000


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingSeries:
    """Bars and signals of one market, and the half-open range of them that lanes may see."""

    bars: Bars
    signals: Signals
    start: int
    stop: int


class TrainingLanes:
    """L accounts that wait at their next decision.

    Args:
        series: bars and signals that all lanes share, and the bars they may see.
        parameters: shape (L, PARAMETERS_SIZE).
        inputs: numbers in an observation.
        initial_equity: of every episode.
        episode_bars: longest episode; each starts at a random bar.
        rng: draws the starts.
    """

    def __init__(
        self,
        series: TrainingSeries,
        parameters: Floats,
        *,
        inputs: int,
        initial_equity: float,
        episode_bars: int,
        rng: np.random.Generator,
    ) -> None:
        self.lanes = len(parameters)
        self.parameters = parameters
        self.observations = np.zeros((self.lanes, inputs))
        self._series = (series.bars.columns(), series.signals.columns())
        self._range = (series.start, series.stop)
        self._ts = series.bars.ts
        self._seen = (series.stop, series.start)
        self._episode = min(episode_bars, series.stop - series.start - 1)
        self._fresh = new_account(initial_equity)
        self._rng = rng
        self._accounts = np.zeros((self.lanes, ACCOUNT_SIZE))
        self._cursor = np.zeros(self.lanes, dtype=np.int64)
        self._last = np.zeros(self.lanes, dtype=np.int64)
        self._returns = np.zeros(self.lanes)
        self._done = np.zeros(self.lanes, dtype=np.bool_)
        self._scratch = np.zeros(TRADE_SIZE)

    @property
    def record(self) -> FitRecord:
        """The bars that the episodes so far had: from the first one's begin to the last one's end."""
        first, last = self._seen
        return fit_record("policy", self._ts[first : last + 1])

    def reset(self) -> Floats:
        """Start an episode in every lane and run each to its first decision; shape (L, I)."""
        self._restart(np.ones(self.lanes, dtype=np.bool_))
        return self.observations.copy()

    def step(self, actions: Floats) -> tuple[Floats, Floats, NDArray[np.bool_], Floats]:
        """Act in every lane.

        Args:
            actions: shape (L, A), in [-1, 1].

        Returns:
            Observations of the next decisions, where an ended lane already shows its new episode (L, I); log equity
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
            self._accounts[waiting] = self._fresh
            self._cursor[waiting] = begin
            self._last[waiting] = begin + self._episode - 1
            self._seen = (min(self._seen[0], int(begin.min())), max(self._seen[1], int(self._last[waiting].max())))
            self._run(np.flatnonzero(waiting))
            waiting[waiting] = self._done[waiting]
        raise TrainingError(
            ReasonCode.TRAINING_NO_DECISIONS,
            f"{MOST_DRAWS} random episodes of {self._episode} bars offered a lane no decision.",
            remedy="Lower regimes.direction_threshold or use more history.",
        )

    def _run(self, lanes: Ints) -> None:
        """Run some lanes to their first decision."""
        accounts, cursor = self._accounts[lanes], self._cursor[lanes]
        observations, returns, done = self.observations[lanes], self._returns[lanes], self._done[lanes]
        chosen = WaitingLanes(accounts, self.parameters[lanes], cursor, self._last[lanes], observations, returns, done)
        nothing = np.full((len(lanes), len(ACTIONS)), math.nan)
        advance_loop(*self._series, chosen, nothing, self._scratch)
        self._accounts[lanes], self._cursor[lanes] = accounts, cursor
        self.observations[lanes], self._done[lanes] = observations, done

    def _advance(self, actions: Floats) -> None:
        lanes = WaitingLanes(
            self._accounts,
            self.parameters,
            self._cursor,
            self._last,
            self.observations,
            self._returns,
            self._done,
        )
        advance_loop(*self._series, lanes, actions, self._scratch)
