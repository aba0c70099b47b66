"""The trainer: jobs grouped into populations of equal shape, shared out over processes, and trained there together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trading.settings.models import PolicySpec
from trading.training.jobs import MakeEnvironment, PolicyResult, Progress, TrainingJob, require_decisions
from trading.training.pool import train_in_processes
from trading.training.ppo import (
    decisions_per_update,
    learning_rate,
    policy_result,
    require_device,
    updates_of_levels,
)
from trading.training.trainers.population.learn import learn, new_adam
from trading.training.trainers.population.learner import Learner, new_learner
from trading.training.trainers.population.net import NETS, Shape, evaluate, layers_of
from trading.training.trainers.population.rollout import collect


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
        workers: processes at a time; the jobs are shared out between them.
        progress: called while a job goes on.
    """
    for job in jobs:
        require_device(job.spec)
        require_decisions(job)
    parts = populations(jobs, workers)
    trained = train_in_processes(
        train_population,
        [[jobs[number] for number in part] for part in parts],
        make_environment,
        workers=workers,
        progress=progress,
    )
    found = dict(zip(chain.from_iterable(parts), chain.from_iterable(trained), strict=True))
    return [found[number] for number in range(len(jobs))]


def populations(jobs: Sequence[TrainingJob], workers: int) -> list[list[int]]:
    """Numbers of the jobs that train together: equal settings and inputs, and a share of these for each process.

    Args:
        jobs: what to train.
        workers: processes.
    """
    alike: dict[tuple[PolicySpec, int], list[int]] = {}
    for number, job in enumerate(jobs):
        alike.setdefault((job.spec, job.inputs), []).append(number)
    return [part.tolist() for group in alike.values() for part in np.array_split(group, min(workers, len(group)))]


def train_population(jobs: Sequence[TrainingJob], make_environment: MakeEnvironment) -> list[PolicyResult]:
    """Train policies together in this process through every level of the curriculum.

    On a processor each job's result is the same, bit for bit, whichever others train beside it.

    Args:
        jobs: of equal settings and inputs.
        make_environment: builds the training environment of a job.
    """
    # Sums differ between numbers of threads, and two on a busy machine wait for each other.
    torch.set_num_threads(1)
    _keep_memory()
    spec, shape = jobs[0].spec, Shape(jobs[0].inputs, jobs[0].spec.hidden)
    begun = [new_learner(job, make_environment) for job in jobs]
    learners = [learner for learner, _ in begun]
    theta = torch.cat([rows for _, rows in begun]).to(spec.device).requires_grad_()
    _run(learners, theta, shape, spec)
    return [_result(learner, pair, shape) for learner, pair in zip(learners, theta.detach().split(NETS), strict=True)]


def _keep_memory() -> None:
    """Have the C library keep freed memory for the next minibatch.

    Once a block of this size was freed, glibc serves smaller ones from its heap and returns less to the system at a
    time; otherwise the pages of every activation are fetched anew, a fifth of the time of learning (measured).
    """
    torch.empty(30 * 2**20, dtype=torch.uint8)


def _run(learners: Sequence[Learner], theta: Tensor, shape: Shape, spec: PolicySpec) -> None:
    """All updates of all levels; learners whose weights stop being finite are marked."""
    adam, orders, decisions = new_adam(theta), [learner.order for learner in learners], 0
    for level, updates in updates_of_levels(spec):
        for learner in learners:
            learner.environment.set_level(level)  # pyright: ignore[reportAttributeAccessIssue]  # of LaneVecEnv
            if decisions == 0:
                learner.observations = learner.environment.reset()  # pyright: ignore[reportAttributeAccessIssue]  # an array of LaneVecEnv
        for _ in range(updates):
            rollout, rewards = collect(learners, theta, shape, spec)
            decisions += decisions_per_update(spec)
            for learner, reward in zip(learners, rewards.tolist(), strict=True):
                if not learner.failed:
                    learner.curve.add(decisions, level, reward)
            moved = learn(adam, rollout, shape, spec, rate=learning_rate(spec, decisions), orders=orders)
            finite = theta.detach().isfinite().view(len(learners), -1).all(dim=1)
            for learner, divergence, sound in zip(learners, moved, finite.tolist(), strict=True):
                if not learner.failed:
                    learner.curve.moved(divergence)
                learner.failed = not sound
            if all(learner.failed for learner in learners):
                return


def _result(learner: Learner, rows: Tensor, shape: Shape) -> PolicyResult:
    def predict(observations: NDArray[np.float32]) -> NDArray[np.float32]:
        seen = torch.as_tensor(observations, device=rows.device).unsqueeze(0)
        return evaluate(rows, shape, seen).means[0].cpu().numpy()

    (trained_on,) = learner.environment.get_attr("record", 0)
    layers = layers_of(rows[0], shape)
    return policy_result(learner.job, layers, predict, curve=learner.curve, trained_on=trained_on)
