"""Speed of what runs on every bar: the causal filter, compiled, and the environment that trains, through its interface.

Compiling is not counted: everything runs once before it is timed.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from envs.vectorised import LaneVecEnv
from tests.support import random_model, small_bars
from trading.engines.regimes.beliefs import regime_loop
from trading.engines.regimes.engine import Regimes
from trading.engines.stream import compute_signals
from trading.engines.table import open_engine
from trading.settings.models import PolicySpec
from trading.steps.opinion import OPINION_SIZE
from trading.training.jobs import TrainingJob

ROUNDS, LANES, STEPS = 7, 64, 300
FILTER_WANTED = 1.0
"""Microseconds a bar."""
BARS_WANTED, BARS_HELD = 4.0, 3.0
"""Million bars a second over all lanes: what is wanted, and what a change must not lose."""


def test_the_causal_filter_takes_less_than_a_microsecond_a_bar() -> None:
    bars, model = small_bars(4_000), random_model(1)
    features = np.ascontiguousarray(compute_signals(model, bars).features)
    taken, rows = list[float](), np.empty((len(bars), OPINION_SIZE))
    for _ in range(ROUNDS):
        engine = open_engine(model)
        assert isinstance(engine, Regimes)
        belief = np.full(len(engine.model.signs), np.nan)
        began = time.perf_counter()
        regime_loop(engine.model, features, belief, 0, rows)
        taken.append((time.perf_counter() - began) / len(bars) * 1e6)
    found = statistics.median(taken)
    print(f"\ncausal filter, {len(bars):,} bars: {found:.3f} us a bar, wanted under {FILTER_WANTED:g}")
    assert np.isfinite(rows[-1]).all()
    assert found < FILTER_WANTED


def test_environment_speed() -> None:
    bars, model = small_bars(365), random_model(1)
    job = TrainingJob(
        name="speed",
        seed=1,
        bars=bars,
        signals=compute_signals(model, bars),
        model=model,
        train=(200, len(bars) - 200),
        validation=(200, len(bars) - 200),
        spec=PolicySpec(lanes=LANES),
    )
    env = LaneVecEnv(job, 1)
    env.reset()
    # Size and stops as far as they go: positions are held for long, and most bars are simulated without a decision.
    action = np.ones((LANES, 4), dtype=np.float32)
    lanes = vars(env)["_lanes"]
    rates = list[float]()
    for _ in range(ROUNDS):
        passed, took = 0, 0.0
        for _ in range(STEPS):
            before = vars(lanes)["_cursor"].copy()
            began = time.perf_counter()
            env.step_async(action)
            _, _, done, _ = env.step_wait()
            took += time.perf_counter() - began
            moved = vars(lanes)["_cursor"] - before
            # A lane that began another episode is not counted: fewer bars than there were.
            passed += int(moved[~done].sum())
        rates.append(passed / took / 1e6)
    found = statistics.median(rates)
    print(
        f"\nenvironment, {LANES} lanes: {found:.2f} million bars a second, wanted {BARS_WANTED:g}, held {BARS_HELD:g}"
    )
    assert found > BARS_HELD
