"""A model for benchmarks: a network of the default size that SB3 made, on a regime model that always signals."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from tests.support.models import INPUTS, KNOWN, USUAL_WINDOWS, costs_of, limits_of, make_model, one_map, regimes_of
from trading.model.model import POLICY_PREFIX, TradingModel
from trading.model.spec import ActionBounds
from trading.settings.models import PolicySpec
from trading.steps.policy import ACTIONS
from trading.training.trainers.sb3 import export_layers


def bench_model(interval: int) -> tuple[TradingModel, Any]:
    """The model and the SB3 agent whose weights it has."""
    import gymnasium
    import torch
    from stable_baselines3 import PPO

    class Nothing(gymnasium.Env[Any, Any]):
        observation_space = spaces.Box(-np.inf, np.inf, (INPUTS,), np.float32)
        action_space = spaces.Box(-1.0, 1.0, (len(ACTIONS),), np.float32)

    torch.set_num_threads(1)
    policy = PolicySpec()
    agent = PPO(
        "MlpPolicy", Nothing(), seed=1, device="cpu", policy_kwargs={"net_arch": [policy.hidden, policy.hidden]}
    )
    layers = export_layers(agent)._asdict()
    arrays = {
        "scaler.mean": np.zeros(len(KNOWN)),
        "scaler.deviation": np.ones(len(KNOWN)),
        "engine.startprob": np.full(3, 1.0 / 3.0),
        "engine.transmat": np.full((3, 3), 0.05) + np.eye(3) * 0.85,
        "engine.means": np.array([[-6.0, -6.0, 1.0], [-6.0, -6.0, -1.0], [-6.0, -6.0, 0.0]]),
        "engine.covars": np.stack([np.eye(3)] * 3),
        **one_map([0.0, 1.0], [0.0, 1.0]),
        **{f"{POLICY_PREFIX}{name}": array for name, array in layers.items()},
    }
    model = make_model(
        arrays,
        interval=interval,
        windows=USUAL_WINDOWS,
        engine=regimes_of(threshold=0.2),
        actions=ActionBounds(**policy.model_dump(include=set(ActionBounds.model_fields))),
        costs=costs_of(fee_bps=0.0, spread_bps=0.0, impact=0.0),
        limits=limits_of(halt_drawdown=1.0, size_cap=0.05, cooldown_bars=12),
    )
    return model, agent
