"""A trainer that learns nothing but a constant: it tries a few actions on the training split and keeps the best.

It is the honest rival of every trained policy, and the smallest trainer there can be. In the product it would be
``trading/training/trainers/constant_action.py``, and its row in ``TRAINERS``: ``"constant_action": _constant_action``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from trading.model.fits import fit_record
from trading.simulation.lanes import run_lanes
from trading.simulation.parameters import model_parameters, zero_layers
from trading.steps.policy import Layers
from trading.training.health import examine
from trading.training.jobs import (
    MakeEnvironment,
    PolicyResult,
    Progress,
    TrainingJob,
    require_decisions,
)

TRIED = tuple(product((-0.5, 1.0), repeat=4))


def train(
    jobs: Sequence[TrainingJob],
    make_environment: MakeEnvironment,
    *,
    workers: int,
    progress: Progress | None = None,
) -> list[PolicyResult]:
    """Keep the best constant action of every job; see :class:`trading.training.jobs.Trainer`.

    Args:
        jobs: what to train.
        make_environment: not needed; the lanes of the backtest serve.
        workers: not needed; this takes a moment.
        progress: called after each job.
    """
    results: list[PolicyResult] = []
    for job in jobs:
        require_decisions(job)
        best = max(TRIED, key=lambda action: _gain(job, action))
        layers = _always(best, job)
        found = examine(job, layers)
        trained_on = fit_record("policy", job.bars.ts[slice(*job.train)])
        curve = [{"decisions": len(TRIED), "level": "all", "mean_reward": _gain(job, best)}]
        results.append(
            PolicyResult(
                name=job.name,
                seed=job.seed,
                layers=layers,
                validation_score=found.score,
                curve=curve,
                fits=(trained_on, found.record),
            )
        )
        if progress is not None:
            progress(job.name, 1.0)
    return results


def _gain(job: TrainingJob, action: Sequence[float]) -> float:
    """Log return of an action on the training split."""
    run = run_lanes(job.model, [job.bars], [model_parameters(job.model)], *job.train, fixed_action=action)[0]
    return float(np.log(run.equity[-1] / job.model.spec.limits.initial_equity))


def _always(action: Sequence[float], job: TrainingJob) -> Layers:
    """Layers that give the same action whatever they observe: all weights are zero."""
    return zero_layers(job.spec.hidden, job.inputs)._replace(b2=np.array(action))
