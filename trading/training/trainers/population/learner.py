"""One learner of a population: its job, its environment, and random streams that no other learner draws from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trading.training.jobs import MakeEnvironment, TrainingJob
from trading.training.ppo import LOG_STD_START, Curve
from trading.training.trainers.population.net import Shape, rows_of

if TYPE_CHECKING:
    from stable_baselines3.common.vec_env import VecEnv


@dataclass(eq=False)
class Learner:
    """What belongs to one job.

    Attributes:
        job: what is trained.
        environment: its own.
        curve: of its rewards.
        noise: draws the actions.
        order: draws the minibatches.
        observations: shape (L, I), of the decisions that wait.
        failed: whether its weights are no longer finite; then it decides nothing any more.
    """

    job: TrainingJob
    environment: VecEnv
    curve: Curve
    noise: torch.Generator
    order: np.random.RandomState
    observations: NDArray[np.float32]
    failed: bool = False


def new_learner(job: TrainingJob, make_environment: MakeEnvironment) -> tuple[Learner, Tensor]:
    """A learner before its first decision, and the two rows of its networks.

    Weights and streams begin where those of stable-baselines3 begin with the same seed; torch's own global stream is
    left as it was.

    Args:
        job: what is to be trained.
        make_environment: builds its training environment.
    """
    from stable_baselines3.common.policies import ActorCriticPolicy

    environment, noise = make_environment(job, job.seed), torch.Generator()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(job.seed)
        policy = ActorCriticPolicy(
            environment.observation_space,
            environment.action_space,
            lambda _: job.spec.learning_rate,
            net_arch=[job.spec.hidden, job.spec.hidden],
            log_std_init=LOG_STD_START,
        )
        noise.set_state(torch.get_rng_state())
    learner = Learner(
        job=job,
        environment=environment,
        curve=Curve(job),
        noise=noise,
        order=np.random.RandomState(job.seed),
        observations=np.zeros((environment.num_envs, job.inputs), dtype=np.float32),
    )
    return learner, rows_of(policy, Shape(job.inputs, job.spec.hidden))
