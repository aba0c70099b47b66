"""PPO by stable-baselines3, one process a policy: the reference that other trainers are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trading.arrays import Floats
from trading.steps.policy import Layers
from trading.training.curriculum import Level
from trading.training.jobs import MakeEnvironment, PolicyResult, Progress, TrainingJob, require_decisions
from trading.training.pool import train_in_processes
from trading.training.ppo import (
    ADAM_EPSILON,
    CLIP_RANGE,
    GAE_LAMBDA,
    LARGEST_GRADIENT,
    LOG_STD_START,
    VALUE_WEIGHT,
    Curve,
    decisions_per_update,
    learning_rate,
    policy_result,
    require_device,
    updates_of_levels,
)

if TYPE_CHECKING:
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import VecEnv


def train(
    jobs: Sequence[TrainingJob],
    make_environment: MakeEnvironment,
    *,
    workers: int,
    progress: Progress | None = None,
) -> list[PolicyResult]:
    """Train every job; see :class:`trading.training.jobs.Trainer`.

    Args:
        jobs: what to train.
        make_environment: builds the training environment of a job.
        workers: processes at a time.
        progress: called while a job goes on.
    """
    for job in jobs:
        require_device(job.spec)
        require_decisions(job)
    return train_in_processes(train_one, jobs, make_environment, workers=workers, progress=progress)


def train_one(job: TrainingJob, make_environment: MakeEnvironment) -> PolicyResult:
    """Train one policy in this process through every level of the curriculum.

    Args:
        job: what to train.
        make_environment: builds its training environment.
    """
    import torch

    torch.set_num_threads(1)
    environment = make_environment(job, job.seed)
    done, curve = Done(), Curve(job)
    agent = make_agent(job, environment, done)
    per_update = decisions_per_update(job.spec)
    for level, updates in updates_of_levels(job.spec):
        environment.set_level(level)  # pyright: ignore[reportAttributeAccessIssue]  # of LaneVecEnv
        try:
            agent.learn(
                updates * per_update,
                callback=_recorder(curve, level, done),
                reset_num_timesteps=not curve.rows,
                progress_bar=False,
            )
        except ValueError:
            # torch refuses a distribution around what is no number; the result says whose it is.
            if all(bool(parameter.isfinite().all()) for parameter in agent.policy.parameters()):
                raise
            break
    (trained_on,) = environment.get_attr("record", 0)
    return policy_result(
        job,
        export_layers(agent),
        lambda observations: agent.predict(observations, deterministic=True)[0],
        curve=curve,
        trained_on=trained_on,
    )


@dataclass
class Done:
    """Decisions of a training so far, over all levels."""

    steps: int = 0


def make_agent(job: TrainingJob, environment: VecEnv, done: Done) -> PPO:
    """The agent of a job before its first decision; it writes no files.

    Args:
        job: its seed and hyper-parameters.
        environment: that it will train in.
        done: what its learning rate follows; its own progress starts anew at every level.
    """
    from stable_baselines3 import PPO
    from stable_baselines3.common.logger import Logger

    spec = job.spec
    agent = PPO(
        "MlpPolicy",
        environment,
        learning_rate=lambda _: learning_rate(spec, done.steps),
        n_steps=spec.rollout,
        batch_size=min(spec.batch_size, decisions_per_update(spec)),
        n_epochs=spec.epochs,
        gamma=spec.gamma,
        gae_lambda=GAE_LAMBDA,
        clip_range=CLIP_RANGE,
        ent_coef=spec.entropy,
        vf_coef=VALUE_WEIGHT,
        max_grad_norm=LARGEST_GRADIENT,
        policy_kwargs={
            "net_arch": [spec.hidden, spec.hidden],
            "log_std_init": LOG_STD_START,
            "optimizer_kwargs": {"eps": ADAM_EPSILON},
        },
        seed=job.seed,
        device=spec.device,
    )
    # Its own logger would leave an empty folder among the temporary files at every level.
    agent.set_logger(Logger(None, []))
    return agent


def export_layers(agent: PPO) -> Layers:
    """The deterministic part of an SB3 policy as plain float64 arrays.

    Args:
        agent: with two hidden layers.
    """
    network: Any = agent.policy.mlp_extractor.policy_net
    arrays: list[Floats] = []
    for layer in (network[0], network[2], agent.policy.action_net):
        arrays += [_plain(layer.weight), _plain(layer.bias)]
    return Layers(*arrays)


def _plain(parameter: Any) -> Floats:
    return np.asarray(parameter.detach().cpu().numpy(), dtype=np.float64)


def _recorder(curve: Curve, level: Level, done: Done) -> Any:
    from stable_baselines3.common.callbacks import BaseCallback

    class Recorder(BaseCallback):
        def _on_step(self) -> bool:
            return True

        def _on_rollout_start(self) -> None:
            self._note_update()

        def _on_training_end(self) -> None:
            self._note_update()

        def _note_update(self) -> None:
            # What an update logs stands there until the next one's rollout has ended.
            curve.moved(float(self.logger.name_to_value["train/approx_kl"]))

        def _on_rollout_end(self) -> None:
            rewards = float(np.mean(self.model.rollout_buffer.rewards))  # pyright: ignore[reportAttributeAccessIssue]
            done.steps = self.num_timesteps
            curve.add(self.num_timesteps, level, rewards)

    return Recorder()
