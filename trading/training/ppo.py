"""What every trainer of PPO shares: its constants, the schedule over the curriculum, the curve, and the result.

Source: Schulman et al., "Proximal policy optimization algorithms", arXiv 1707.06347 (2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.codes import ReasonCode
from trading.errors import ConfigError, TrainingError
from trading.model.fits import FitRecord
from trading.settings.models import PolicySpec
from trading.steps.policy import Layers
from trading.training.curriculum import LEVELS, Level
from trading.training.health import breakdown, examine
from trading.training.jobs import PolicyResult, TrainingJob, act
from trading.training.pool import report_progress

GAE_LAMBDA = 0.95
"""Decay of generalised advantage estimation, per decision."""
CLIP_RANGE = 0.2
"""How far the probability ratio of an action may move before its gradient ends."""
VALUE_WEIGHT = 0.5
"""Weight of the value loss beside the policy loss."""
LARGEST_GRADIENT = 0.5
"""Euclidean norm that the gradient of one policy and its value function is clipped to."""
ADAM_EPSILON = 1e-5
LOG_STD_START = -0.5
"""Natural logarithm of the actions' standard deviation before training."""
LEAST_LEARNING_RATE = 0.1
"""Share of the learning rate that it falls to at most."""
LARGEST_EXPORT_ERROR = 1e-5

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Deterministic actions of what was trained, shape (n, A), within bounds or not, on observations (n, I)."""


def require_device(spec: PolicySpec) -> None:
    """Refuse a device that torch does not have here.

    Args:
        spec: says which is wanted.

    Raises:
        ConfigError: ``CONFIG_INVALID``.
    """
    if spec.device == "cpu":
        return
    import torch

    if not torch.cuda.is_available():
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"policy.device is {spec.device!r}, and torch {torch.__version__} finds no CUDA device here.",
            remedy='Set policy.device = "cpu", or install a CUDA build of torch on a machine with such a device.',
        )


def decisions_per_update(spec: PolicySpec) -> int:
    """Decisions between two updates, over all lanes.

    Args:
        spec: lanes and rollout.
    """
    return spec.rollout * spec.lanes


def updates_of_levels(spec: PolicySpec) -> list[tuple[Level, int]]:
    """The levels of the curriculum in order, and how many updates each has: at least one.

    Args:
        spec: decisions over all levels, and of one update.
    """
    per_update = decisions_per_update(spec)
    return [(level, max(1, round(level.share * spec.steps / per_update))) for level in LEVELS]


def learning_rate(spec: PolicySpec, decisions: int) -> float:
    """Adam's step size: it falls in a straight line over all levels, to a tenth.

    Args:
        spec: where it begins, and how many decisions there are.
        decisions: so far, those of the rollout that is learned from among them.
    """
    return spec.learning_rate * max(1.0 - decisions / spec.steps, LEAST_LEARNING_RATE)


class Curve:
    """The rewards of a job while it goes on, a row an update; each row is reported as progress.

    Args:
        job: whose they are.
    """

    def __init__(self, job: TrainingJob) -> None:
        self.rows: list[dict[str, Any]] = []
        self._job = job

    def add(self, decisions: int, level: Level, mean_reward: float) -> None:
        """Append the row of an update.

        Args:
            decisions: so far.
            level: of the curriculum.
            mean_reward: of the rollout, the bootstrapped values of ended episodes among them.
        """
        row = {"decisions": decisions, "level": level.name, "mean_reward": mean_reward, "divergence": math.nan}
        self.rows.append(row)
        report_progress(self._job.name, decisions / self._job.spec.steps)

    def moved(self, divergence: float) -> None:
        """Note in the last row how far its update moved the policy.

        Args:
            divergence: Kullback-Leibler divergence of the old policy from the new one over the last epoch's decisions,
                nats, as the mean of ``ratio - 1 - log(ratio)`` estimates it (Schulman 2020).
        """
        if self.rows:
            self.rows[-1]["divergence"] = divergence


def policy_result(
    job: TrainingJob, layers: Layers, predict: Predict, *, curve: Curve, trained_on: FitRecord
) -> PolicyResult:
    """The result of a job, with its problem if it has one; else its weights are known to act like what was trained.

    Args:
        job: what was trained.
        layers: the policy as plain arrays.
        predict: what was trained.
        curve: of the training.
        trained_on: the bars it saw.

    Raises:
        TrainingError: ``EXPORT_MISMATCH`` if the arrays act otherwise.
    """
    broken = breakdown(layers, curve.rows)
    if broken is not None:
        return PolicyResult(
            name=job.name,
            seed=job.seed,
            layers=layers,
            validation_score=-math.inf,
            curve=curve.rows,
            fits=(trained_on,),
            problem=broken,
        )
    _verify_export(job, layers, predict)
    found = examine(job, layers)
    return PolicyResult(
        name=job.name,
        seed=job.seed,
        layers=layers,
        validation_score=found.score,
        curve=curve.rows,
        fits=(trained_on, found.record),
        problem=found.problem,
    )


def _verify_export(job: TrainingJob, layers: Layers, predict: Predict) -> None:
    observations = np.random.default_rng(job.seed).normal(size=(256, job.inputs)).astype(np.float32)
    expected = np.clip(predict(observations), -1.0, 1.0)
    error = float(np.max(np.abs(act(layers, observations.astype(np.float64)) - expected)))
    if not error <= LARGEST_EXPORT_ERROR:
        raise TrainingError(
            ReasonCode.EXPORT_MISMATCH,
            f"{job.name}: exported weights act up to {error:.1e} away from the trained policy, "
            f"{LARGEST_EXPORT_ERROR} is allowed.",
            remedy="Report this with the versions of torch and stable-baselines3: the policy's layout has changed.",
        )
