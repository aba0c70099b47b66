"""What several tests share: small markets and random but valid models."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from trading.market.bars import Bars
from trading.market.sources.simulated import SimulatedMarket, SimulatedPath, simulate
from trading.model.model import ModelSpec, TradingModel, model_from
from trading.settings.models import CostSpec, FeatureSpec, PolicySpec, RegimeSpec, RiskSpec
from trading.steps.features import FEATURE_NAMES, FEATURES

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_609_459_200_000  # 2021-01-01, where the embedded market starts


@lru_cache(maxsize=8)
def small_path(days: int = 60, seed: int = 7, edge: float = 1.0) -> SimulatedPath:
    return simulate(SimulatedMarket(edge=edge, seed=seed), START_MS + days * DAY_MS)


def small_bars(days: int = 60, seed: int = 7) -> Bars:
    return small_path(days, seed).bars


def random_model(seed: int, *, costs: CostSpec | None = None, risk: RiskSpec | None = None) -> TradingModel:
    """A model that trades often and means nothing."""
    rng = np.random.default_rng(seed)
    features = FeatureSpec(fast=3, medium=6, slow=24, vwap=12)
    policy = PolicySpec(hidden=8, min_duration=2, max_duration=30, min_stop=0.5, max_stop=4.0)
    spec = ModelSpec(
        symbol="SIM",
        interval=HOUR_MS,
        bars_per_year=8766.0,
        feature_names=FEATURE_NAMES,
        regime_features=RegimeSpec().features,
        direction_threshold=0.3,
        features=features,
        policy=policy,
        costs=costs or CostSpec(),
        risk=risk or RiskSpec(min_confidence=0.0, cooldown_bars=1),
    )
    hidden = policy.hidden
    arrays = {
        "scaler_mean": np.full(FEATURES, -1.0) + rng.normal(size=FEATURES) * 0.1,
        "scaler_std": rng.uniform(0.5, 3.0, size=FEATURES),
        "startprob": np.full(3, 1.0 / 3.0),
        "transmat": np.full((3, 3), 0.05) + np.eye(3) * 0.85,
        "means": rng.normal(size=(3, 3)),
        "covars": np.stack([np.eye(3) * rng.uniform(0.5, 2.0) for _ in range(3)]),
        "calibrator_x": np.array([0.0, 0.5, 1.0]),
        "calibrator_y": np.array([0.3, 0.5, 0.8]),
        "w0": rng.normal(size=(hidden, 27)) * 0.3,
        "b0": rng.normal(size=hidden) * 0.1,
        "w1": rng.normal(size=(hidden, hidden)) * 0.5,
        "b1": rng.normal(size=hidden) * 0.1,
        "w2": rng.normal(size=(4, hidden)) * 0.8,
        "b2": rng.normal(size=4) * 0.3,
    }
    return model_from(spec, arrays)
