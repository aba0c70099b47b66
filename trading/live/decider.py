"""The streaming decision: bar after bar into a view, and an order at a close, by the steps of the backtest."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from trading.arrays import Floats
from trading.engines.stream import SignalStream
from trading.model.model import TradingModel
from trading.simulation.parameters import model_parameters, policy_of
from trading.steps.bar import Bar
from trading.steps.decision import close_step
from trading.steps.observation import View
from trading.steps.policy import ACTIONS


class Decider:
    """One model at work: its stream of signals, its packed parameters and its policy.

    Args:
        model: verified.

    Attributes:
        action: shape (len(ACTIONS),), what the policy chose at the last decision it was asked for; else NaN.
    """

    def __init__(self, model: TradingModel) -> None:
        self.model = model
        self.stream = SignalStream(model)
        self.parameters = model_parameters(model)
        self.action = np.full(len(ACTIONS), math.nan)
        self._policy = policy_of(model)
        self._observation = np.empty(len(model.spec.observation_names))

    def show(self, bars: Iterable[Bar]) -> None:
        """Bring the stream to the last of some bars without deciding anything.

        Args:
            bars: the ones that follow the last bar seen.

        Raises:
            EngineError: if the model's engine fails on one.
        """
        for bar in bars:
            self.stream.on_bar(bar)

    def decide(self, account: Floats, view: View) -> int:
        """Decide at the close of the bar that the stream took in last.

        An order, if any, is written to the account's order fields and waits there.

        Args:
            account: of the venue.
            view: what the stream said of the bar.

        Returns:
            ``ALLOWED`` or a denial, see :mod:`trading.steps.breakers`.
        """
        self.action[:] = math.nan
        return close_step(account, self.parameters, view, self._policy, self._observation, self.action)


def caught_up(model: TradingModel, bars: Iterable[Bar]) -> Decider:
    """A model that is ready to take over from another: opened, shown every bar so far, and able to be saved.

    Args:
        model: verified.
        bars: all that the other has seen, oldest first.

    Raises:
        SevengatesError: if its engine cannot be opened, or fails on them.
    """
    decider = Decider(model)
    decider.show(bars)
    decider.stream.save()
    return decider
