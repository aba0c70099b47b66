"""PPO by stable-baselines3, one process a policy: the reference that other trainers are compared with.

Source: Schulman et al., "Proximal policy optimization algorithms", arXiv 1707.06347 (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.errors import TrainingError
from trading.steps.policy import Layers
from trading.training.curriculum import LEVELS
from trading.training.jobs import (
    MakeEnvironment,
    PolicyResult,
    Progress,
    TrainingJob,
    act,
    require_decisions,
    validation_score,
)
from trading.training.pool import report_progress, train_in_processes

if TYPE_CHECKING:
    from stable_baselines3 import PPO

LARGEST_EXPORT_ERROR = 1e-5


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
        require_decisions(job)
    return train_in_processes(train_one, jobs, make_environment, workers=workers, progress=progress)


def train_one(job: TrainingJob, make_environment: MakeEnvironment) -> PolicyResult:
    """Train one policy in this process through every level of the curriculum.

    Args:
        job: what to train.
        make_environment: builds its training environment.
    """
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.logger import Logger

    torch.set_num_threads(1)
    spec = job.spec
    environment = make_environment(job, job.seed)
    per_update, done = spec.rollout * spec.lanes, _Done()
    agent = PPO(
        "MlpPolicy",
        environment,
        # Its own progress starts anew at every level.
        learning_rate=lambda _: spec.learning_rate * max(1.0 - done.steps / spec.steps, 0.1),
        n_steps=spec.rollout,
        batch_size=min(spec.batch_size, per_update),
        n_epochs=spec.epochs,
        gamma=spec.gamma,
        ent_coef=spec.entropy,
        policy_kwargs={"net_arch": [spec.hidden, spec.hidden], "log_std_init": -0.5},
        seed=job.seed,
        device="cpu",
    )
    # Its own logger would leave an empty folder among the temporary files at every level.
    agent.set_logger(Logger(None, []))
    curve: list[dict[str, Any]] = []
    for level, steps in zip(LEVELS, level_steps(spec.steps, per_update), strict=True):
        environment.set_level(level)  # pyright: ignore[reportAttributeAccessIssue]  # of LaneVecEnv
        agent.learn(
            steps,
            callback=_recorder(curve, level.name, job.name, spec.steps, done),
            reset_num_timesteps=not curve,
            progress_bar=False,
        )
    layers = export_layers(agent)
    _verify_export(agent, layers, job)
    score = validation_score(job, layers)
    (trained_on,) = environment.get_attr("record", 0)
    return PolicyResult(
        name=job.name,
        seed=job.seed,
        layers=layers,
        validation_score=score.value,
        curve=curve,
        fits=(trained_on, score.record),
    )


def export_layers(agent: PPO) -> Layers:
    """The deterministic part of an SB3 policy as plain float64 arrays.

    Args:
        agent: with two hidden layers.

    Raises:
        TrainingError: ``TRAINING_DIVERGED`` if a weight is not finite.
    """
    network: Any = agent.policy.mlp_extractor.policy_net
    arrays: list[Floats] = []
    for layer in (network[0], network[2], agent.policy.action_net):
        arrays += [_plain(layer.weight), _plain(layer.bias)]
    if not all(np.isfinite(array).all() for array in arrays):
        raise TrainingError(
            ReasonCode.TRAINING_DIVERGED,
            "the policy's weights are not finite.",
            remedy="Lower policy.learning_rate or raise policy.batch_size.",
        )
    return Layers(*arrays)


def level_steps(total: int, per_update: int) -> list[int]:
    """Decisions of each level of the curriculum, whole updates.

    Args:
        total: decisions wanted over all levels.
        per_update: decisions of one update.
    """
    return [max(per_update, round(level.share * total / per_update) * per_update) for level in LEVELS]


def _plain(parameter: Any) -> Floats:
    return np.asarray(parameter.detach().numpy(), dtype=np.float64)


@dataclass
class _Done:
    """Decisions of a training so far, over all levels."""

    steps: int = 0


def _recorder(curve: list[dict[str, Any]], level: str, name: str, total: int, done: _Done) -> Any:
    from stable_baselines3.common.callbacks import BaseCallback

    class Recorder(BaseCallback):
        def _on_step(self) -> bool:
            return True

        def _on_rollout_end(self) -> None:
            rewards = float(np.mean(self.model.rollout_buffer.rewards))  # pyright: ignore[reportAttributeAccessIssue]
            done.steps = self.num_timesteps
            curve.append({"decisions": self.num_timesteps, "level": level, "mean_reward": rewards})
            report_progress(name, self.num_timesteps / total)

    return Recorder()


def _verify_export(agent: PPO, layers: Layers, job: TrainingJob) -> None:
    observations = np.random.default_rng(job.seed).normal(size=(256, job.inputs)).astype(np.float32)
    expected, _ = agent.predict(observations, deterministic=True)
    error = float(np.max(np.abs(act(layers, observations.astype(np.float64)) - expected)))
    if not error <= LARGEST_EXPORT_ERROR:
        raise TrainingError(
            ReasonCode.EXPORT_MISMATCH,
            f"exported weights act up to {error:.1e} away from the trained policy, {LARGEST_EXPORT_ERROR} is allowed.",
            remedy="Report this with the versions of torch and stable-baselines3: the policy's layout has changed.",
        )
