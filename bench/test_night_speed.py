"""Seconds that the training part of a night takes on 100,000 bars: engine with 30 starts, calibrator, eight policies.

Imports and compiled code are there already, as on every night but the first. Starting the two processes that train is
part of it, importing torch among that.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from envs.vectorised import LaneVecEnv
from trading.night import data, fit
from trading.night.workspace import Night, open_night
from trading.settings.models import MarketSpec, PolicySpec, RuntimeSpec, SevengatesSettings

BARS, POLICIES, ROUNDS = 100_000, 8, 3
WANTED, HELD = 15.0, 30.0
"""Seconds: what is wanted, and what a change must not lose."""


def test_the_training_part_of_a_night(tmp_path: Path) -> None:
    parts = [_trained(_night(tmp_path / str(number))) for number in range(ROUNDS)]
    fitted, trained = (statistics.median(part) for part in zip(*parts, strict=True))
    print(f"\n{BARS:,} bars: regimes and calibrator {fitted:.1f} s, {POLICIES} policies {trained:.1f} s")
    print(f"together {fitted + trained:.1f} s, wanted {WANTED:g}, held {HELD:g}")
    assert fitted + trained < HELD


def _night(home: Path) -> Night:
    settings = SevengatesSettings(
        market=MarketSpec(source="sim:edge=1,seed=7", symbols=("SIM",), history_bars=BARS),
        policy=PolicySpec(trainer="population", seeds=POLICIES),
        runtime=RuntimeSpec(home=str(home)),
    )
    return open_night(settings, "SIM", "2026-01-01")


def _trained(night: Night) -> tuple[float, float]:
    """Seconds of the fit, and of the policies."""
    (engine,), bars = night.plan.engines, data.load_bars(night).bars_ref
    splits = data.make_splits(night, bars, night.plan.engines)
    features = data.compute_features(night, bars)
    began = time.perf_counter()
    fitted = fit.fit_model(night, bars, features, splits, engine)
    between = time.perf_counter()
    fit.train_policy(night, bars, splits, fitted.model_ref, make_environment=LaneVecEnv)
    return between - began, time.perf_counter() - between
