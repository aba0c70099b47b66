"""How good a trained policy is on the validation split, and whether it is one at all.

A policy that broke down while it learned, never trades, or does the same whatever it sees has learned nothing. It is
named, and another seed is taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.model.fits import FitRecord, fit_record
from trading.simulation.lanes import run_lanes
from trading.simulation.parameters import model_parameters
from trading.steps.policy import ACTIONS, Layers
from trading.training.jobs import Problem, TrainingJob

SAME_ACTION = 1e-3
"""Two actions that are nowhere farther apart, of a range of 2, are one."""
LARGEST_DIVERGENCE = 1.0
"""Nats that an update may move a policy, as its own decisions see it; a sound one moves some hundredths."""


class Examination(NamedTuple):
    """What a policy did on the validation split.

    Attributes:
        score: mean over standard deviation of the returns of equity; minus infinity if it never moved.
        record: the bars that it traded.
        problem: why it is no policy; None if it is one.
    """

    score: float
    record: FitRecord
    problem: Problem | None


def breakdown(layers: Layers, curve: Sequence[Mapping[str, Any]]) -> Problem | None:
    """What broke down while a policy learned; None if nothing did.

    Args:
        layers: of the policy.
        curve: one row an update.
    """
    if not all(np.isfinite(array).all() for array in layers):
        return Problem(ReasonCode.TRAINING_DIVERGED, "its weights are not finite")
    farthest = max((float(row["divergence"]) for row in curve), default=0.0, key=_or_infinite)
    if not farthest <= LARGEST_DIVERGENCE:
        return Problem(
            ReasonCode.POLICY_UNSTABLE,
            f"an update moved it by {farthest:.3g} nats, over {LARGEST_DIVERGENCE:g}",
        )
    return None


def examine(job: TrainingJob, layers: Layers) -> Examination:
    """Trade the validation split at the model's own costs and limits.

    Args:
        job: whose validation split it is.
        layers: of the policy, finite.
    """
    model = replace(job.model, layers=layers)
    # The fit has held the engine to bar by bar on these bars, and every seed trades them again.
    (run,) = run_lanes(model, [job.bars], [model_parameters(model)], *job.validation, checked=False, traced=True)
    returns = np.diff(np.log(np.r_[model.spec.limits.initial_equity, run.equity]))
    deviation = float(returns.std())
    score = float(returns.mean()) / deviation if deviation > 0.0 else -np.inf
    record = fit_record("choice", job.bars.ts[slice(*job.validation)])
    if not len(run.trades):
        return Examination(score, record, Problem(ReasonCode.POLICY_IDLE, "it closed no trade on the validation split"))
    assert run.trace is not None
    actions = run.trace.actions
    return Examination(score, record, _constant(actions[np.isfinite(actions).all(axis=1)]))


def _constant(chosen: Floats) -> Problem | None:
    """Of a single decision nothing can be told."""
    spread = np.ptp(chosen, axis=0)
    if len(chosen) < 2 or float(spread.max()) > SAME_ACTION:
        return None
    action = ", ".join(f"{name} {value:+.3f}" for name, value in zip(ACTIONS, chosen[0].tolist(), strict=True))
    return Problem(ReasonCode.POLICY_CONSTANT, f"all of its {len(chosen)} decisions on validation are {action}")


def _or_infinite(value: float) -> float:
    """So that what is no number counts as the farthest."""
    return math.inf if math.isnan(value) else value
