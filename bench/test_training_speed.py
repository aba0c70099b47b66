"""Speed of the population trainer against stable-baselines3 on the same jobs and lanes, as ratios measured in one run.

Both train sixteen policies on two processes of one thread each. Ratios are of processor time, which is what the clock
shows on an idle machine; on one that others use it says more about them. Starting a process, which is importing torch,
takes as long as training for a few seconds; it is measured by the shortest training there is, and left out.
"""

from __future__ import annotations

import os
import resource
import time
from typing import NamedTuple

import pytest

from envs.vectorised import LaneVecEnv
from tests.support import random_model, small_bars
from trading.engines.stream import compute_signals
from trading.settings.models import PolicySpec
from trading.training.jobs import TrainingJob
from trading.training.trainers import trainer

POLICIES, WORKERS = 16, 2
REFERENCE, OWN = "sb3", "population"


def _jobs(spec: PolicySpec, policies: int = POLICIES) -> list[TrainingJob]:
    bars, model = small_bars(365), random_model(1)
    signals = compute_signals(model, bars)
    return [
        TrainingJob(
            name=str(seed),
            seed=seed,
            bars=bars,
            signals=signals,
            model=model,
            train=(200, 6_500),
            validation=(6_600, 8_700),
            spec=spec,
        )
        for seed in range(policies)
    ]


class Taken(NamedTuple):
    """Seconds on the clock, and of both processes' processor time."""

    clock: float
    processor: float


def _taken(name: str, jobs: list[TrainingJob]) -> Taken:
    began, used = time.perf_counter(), _processor()
    results = trainer(name)(jobs, LaneVecEnv, workers=WORKERS)
    assert [result.name for result in results] == [job.name for job in jobs]
    return Taken(time.perf_counter() - began, _processor() - used)


def _processor() -> float:
    """Processor time of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.fixture(scope="module")
def starts() -> dict[str, Taken]:
    """What starting the processes takes."""
    shortest = PolicySpec(steps=1_000, lanes=8, hidden=4, epochs=1)
    return {name: _taken(name, _jobs(shortest, WORKERS)) for name in (REFERENCE, OWN)}


@pytest.mark.parametrize(
    ("title", "spec", "held"),
    [
        ("default settings", PolicySpec(), 1.7),
        ("minibatches of 64, ten epochs", PolicySpec(batch_size=64, epochs=10, steps=10_000), 4.0),
    ],
    ids=["default", "small minibatches"],
)
def test_training_speed(title: str, spec: PolicySpec, held: float, starts: dict[str, Taken]) -> None:
    taken = {name: _taken(name, _jobs(spec)) for name in (REFERENCE, OWN)}
    rate = {name: POLICIES * WORKERS / (taken[name].processor - starts[name].processor) for name in taken}
    ratio = rate[OWN] / rate[REFERENCE]
    load = os.getloadavg()[0]
    print(f"\n{title}: {POLICIES} policies of {spec.steps:,} decisions, {WORKERS} processes, load {load:.1f}")
    for name, (clock, processor) in taken.items():
        parts = f"{processor:6.1f} s, {starts[name].processor:.1f} of it to start"
        print(f"{name:12}{rate[name]:6.2f} policies a second; {parts}; {clock:6.1f} s on the clock")
    print(f"{ratio:.1f}x, {taken[REFERENCE].processor / taken[OWN].processor:.1f}x with the start; held {held:g}")
    assert ratio > held
