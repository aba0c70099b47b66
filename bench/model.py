"""A model for benchmarks: a network of the default size that SB3 made, on a regime model that always signals."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from trading.model.model import ModelSpec, TradingModel, model_from
from trading.settings.models import CostSpec, FeatureSpec, PolicySpec, RegimeSpec, RiskSpec
from trading.steps.features import FEATURE_NAMES, FEATURES
from trading.training.jobs import export_layers


def bench_model(interval: int) -> tuple[TradingModel, Any]:
    """The model and the SB3 agent whose weights it has."""
    import gymnasium
    import torch
    from stable_baselines3 import PPO

    class Nothing(gymnasium.Env[Any, Any]):
        observation_space = spaces.Box(-np.inf, np.inf, (27,), np.float32)
        action_space = spaces.Box(-1.0, 1.0, (4,), np.float32)

    torch.set_num_threads(1)
    policy = PolicySpec()
    agent = PPO(
        "MlpPolicy", Nothing(), seed=1, device="cpu", policy_kwargs={"net_arch": [policy.hidden, policy.hidden]}
    )
    spec = ModelSpec(
        symbol="SIM",
        interval=interval,
        bars_per_year=31_557_600_000 / interval,
        feature_names=FEATURE_NAMES,
        regime_features=RegimeSpec().features,
        direction_threshold=0.2,
        features=FeatureSpec(),
        policy=policy,
        costs=CostSpec(fee_bps=0.0, spread_bps=0.0, impact_bps=0.0),
        risk=RiskSpec(min_confidence=0.0, halt_drawdown=1.0, size_cap=0.05),
    )
    arrays = {
        "scaler_mean": np.zeros(FEATURES),
        "scaler_std": np.ones(FEATURES),
        "startprob": np.full(3, 1.0 / 3.0),
        "transmat": np.full((3, 3), 0.05) + np.eye(3) * 0.85,
        "means": np.array([[-6.0, -6.0, 1.0], [-6.0, -6.0, -1.0], [-6.0, -6.0, 0.0]]),
        "covars": np.stack([np.eye(3)] * 3),
        "calibrator_x": np.array([0.0, 1.0]),
        "calibrator_y": np.array([0.0, 1.0]),
        **export_layers(agent),
    }
    return model_from(spec, arrays), agent
