"""What the policy of a model would do on every bar if the account were flat."""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats
from trading.engines.stream import Signals
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.simulation.kernels import action_loop
from trading.simulation.parameters import model_parameters, policy_of
from trading.steps.account import new_account
from trading.steps.policy import ACTIONS


def flat_actions(model: TradingModel, bars: Bars, signals: Signals) -> Floats:
    """The action of every bar on which a flat account of the initial equity would be given one.

    Args:
        model: that decides.
        bars: of its market.
        signals: of the same bars.

    Returns:
        Shape (n, len(ACTIONS)), each in [-1, 1]; NaN where no decision is due.
    """
    actions = np.full((len(bars), len(ACTIONS)), math.nan)
    observation = np.empty(len(model.spec.observation_names))
    action_loop(
        bars.columns(),
        signals.columns(),
        policy_of(model),
        new_account(model.spec.limits.initial_equity),
        model_parameters(model),
        observation,
        actions,
    )
    return actions
