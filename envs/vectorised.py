"""The environment that trains: stable-baselines3's vectorised interface over compiled simulation lanes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from trading.model.fits import FitRecord
from trading.simulation.parameters import model_parameters
from trading.simulation.training_lanes import TrainingLanes
from trading.steps.policy import ACTIONS
from trading.training.curriculum import LEVELS, Level, lane_parameters
from trading.training.jobs import TrainingJob
from trading.training.reward import decision_reward

ACTION_BOX = spaces.Box(-1.0, 1.0, (len(ACTIONS),), np.float32)


def observation_space(job: TrainingJob) -> spaces.Box:
    """The space of what the policy of a job observes.

    Args:
        job: its model says how many numbers an observation has.
    """
    return spaces.Box(-np.inf, np.inf, (job.inputs,), np.float32)


class LaneVecEnv(VecEnv):
    """Every lane is an environment; one step is one decision in each, run by one compiled call.

    An episode ends by time, not by ruin, so its end is reported as a truncation and the value of its last observation
    is bootstrapped.
    """

    def __init__(self, job: TrainingJob, seed: int) -> None:
        super().__init__(job.spec.lanes, observation_space(job), ACTION_BOX)
        self._job = job
        self._rng = np.random.default_rng(seed)
        self._base = model_parameters(job.model)
        self._lanes = TrainingLanes(
            job.series,
            lane_parameters(self._base, LEVELS[0], job.spec.lanes, self._rng),
            inputs=job.inputs,
            initial_equity=job.model.spec.limits.initial_equity,
            episode_bars=job.episode_bars,
            rng=self._rng,
        )
        self._actions: NDArray[np.float32] = np.zeros((job.spec.lanes, len(ACTIONS)), dtype=np.float32)

    @property
    def record(self) -> FitRecord:
        """The bars that the policy has been trained on so far."""
        return self._lanes.record

    def set_level(self, level: Level) -> None:
        """Move every lane to a level of the curriculum; running episodes go on under its costs.

        Args:
            level: how far costs are scaled and fills delayed.
        """
        self._lanes.parameters = lane_parameters(self._base, level, self.num_envs, self._rng)

    def reset(self) -> NDArray[np.float32]:
        return self._lanes.reset().astype(np.float32)

    def step_async(self, actions: NDArray[np.float32]) -> None:
        """Keep the actions that :meth:`step_wait` carries out.

        Args:
            actions: shape (lanes, 4), numbers in [-1, 1], a row for each lane.
        """
        self._actions = actions

    def step_wait(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        observations, returns, done, final = self._lanes.step(self._actions.astype(np.float64))
        reward = decision_reward(returns, self._job.spec.risk_aversion).astype(np.float32)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for lane in np.flatnonzero(done):
            infos[lane] = {"terminal_observation": final[lane].astype(np.float32), "TimeLimit.truncated": True}
        return observations.astype(np.float32), reward, done, infos

    def close(self) -> None:
        """Nothing is held outside this process."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The value of an attribute for each chosen lane; the same for all, None if there is none.

        Args:
            attr_name: looked up on this object.
            indices: one lane, several, or None for all.
        """
        return [getattr(self, attr_name, None) for _ in self._chosen(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refuse: lanes have no attributes of their own.

        Args:
            attr_name: what was to be set.
            value: what it was to be.
            indices: the lanes it was meant for.
        """
        raise AttributeError(f"lanes share one environment: {attr_name} cannot be set for single lanes")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """Refuse: lanes have no methods of their own.

        Args:
            method_name: what was to be called.
            *args: for that method.
            indices: the lanes it was meant for.
            **kwargs: for that method.
        """
        raise AttributeError(f"lanes share one environment: {method_name} cannot be called for single lanes")

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """False for each chosen lane: nothing is ever wrapped around one.

        Args:
            wrapper_class: the wrapper asked about.
            indices: one lane, several, or None for all.
        """
        return [False for _ in self._chosen(indices)]

    def _chosen(self, indices: Any) -> Sequence[int]:
        if indices is None:
            return range(self.num_envs)
        return [indices] if isinstance(indices, int) else list(indices)
