"""The plain gymnasium environment: one account, one decision a step, over the same compiled simulation."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from envs.vectorised import ACTION_BOX, observation_space
from trading.simulation.parameters import model_parameters
from trading.simulation.training_lanes import TrainingLanes
from trading.training.jobs import TrainingJob
from trading.training.reward import decision_reward


class TradingEnv(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]]):
    """Size, duration, stop and target of the next trade are chosen from what the policy observes, at real costs.

    Args:
        job: series, range and costs, as for training.
    """

    metadata = {"render_modes": []}  # noqa: RUF012  # gymnasium's own declaration

    def __init__(self, job: TrainingJob) -> None:
        self.observation_space = observation_space(job)  # pyright: ignore[reportAttributeAccessIssue]  # a Box of float32
        self.action_space = ACTION_BOX
        self._job = job
        self._lanes: TrainingLanes | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode at a random bar of the training range, on a fresh account.

        Args:
            seed: of the random numbers from now on; None lets them go on.
            options: part of gymnasium's interface, not read.
        """
        super().reset(seed=seed)
        self._lanes = TrainingLanes(
            self._job.series,
            model_parameters(self._job.model)[None, :],
            inputs=self._job.inputs,
            initial_equity=self._job.model.spec.limits.initial_equity,
            episode_bars=self._job.episode_bars,
            rng=self.np_random,
        )
        return self._lanes.reset()[0].astype(np.float32), {}

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Act on one decision and go on to the next.

        Args:
            action: shape (4,), numbers in [-1, 1] in the order of :data:`trading.steps.policy.ACTIONS`.
        """
        if self._lanes is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        _, returns, done, final = self._lanes.step(np.asarray(action, dtype=np.float64)[None, :])
        reward = float(decision_reward(returns, self._job.spec.risk_aversion)[0])
        return final[0].astype(np.float32), reward, False, bool(done[0]), {"log_return": float(returns[0])}
