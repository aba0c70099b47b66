"""Speed of the population trainer against stable-baselines3 on the same jobs and lanes, as ratios measured in one run.

Both train sixteen policies on two processes of one thread. Starting a process, which is importing torch, takes as long
as training for a few seconds: it is measured by the shortest training there is, and the ratios leave it out.
"""

from __future__ import annotations

import os
import statistics
import time

import pytest

from envs.vectorised import LaneVecEnv
from tests.support import random_model, small_bars
from trading.engines.stream import compute_signals
from trading.settings.models import PolicySpec
from trading.training.jobs import TrainingJob
from trading.training.trainers import TRAINERS, trainer

POLICIES, WORKERS, ROUNDS = 16, 2, 1
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


def _seconds(name: str, jobs: list[TrainingJob]) -> float:
    began = time.perf_counter()
    results = trainer(name)(jobs, LaneVecEnv, workers=WORKERS)
    assert [result.name for result in results] == [job.name for job in jobs]
    return time.perf_counter() - began


@pytest.fixture(scope="module")
def starts() -> dict[str, float]:
    """Seconds that starting the processes takes."""
    shortest = PolicySpec(steps=1_000, lanes=8, hidden=4, epochs=1)
    return {name: _seconds(name, _jobs(shortest, WORKERS)) for name in TRAINERS}


@pytest.mark.parametrize(
    ("title", "spec", "held"),
    [
        ("default settings", PolicySpec(), 1.6),
        ("minibatches of 64, ten epochs", PolicySpec(batch_size=64, epochs=10, steps=20_000), 4.0),
    ],
    ids=["default", "small minibatches"],
)
def test_training_speed(title: str, spec: PolicySpec, held: float, starts: dict[str, float]) -> None:
    jobs = _jobs(spec)
    taken = {name: list[float]() for name in (REFERENCE, OWN)}
    for _ in range(ROUNDS):
        for name, seconds in taken.items():
            seconds.append(_seconds(name, jobs))
    whole = {name: statistics.median(seconds) for name, seconds in taken.items()}
    rate = {name: POLICIES / (seconds - starts[name]) for name, seconds in whole.items()}
    ratio = rate[OWN] / rate[REFERENCE]
    print(f"\n{title}: {POLICIES} policies of {spec.steps:,} decisions, {WORKERS} processes")
    print(f"load {os.getloadavg()[0]:.1f}")
    for name in taken:
        print(
            f"{name:12} {whole[name]:7.1f} s, {starts[name]:4.1f} s of it to start; {rate[name]:6.2f} policies a second"
        )
    print(f"{ratio:.1f}x, {whole[REFERENCE] / whole[OWN]:.1f}x with the start; held {held:g}")
    assert ratio > held
