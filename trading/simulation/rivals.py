"""What a candidate is compared with on the same bars: one action always, its signal followed, and holding.

All trade through the same steps, fills and costs as the candidate, over signals that are computed once.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from trading.arrays import Floats, Ints
from trading.engines.stream import Signals
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.simulation.kernels import LaneOutput, trade_loop
from trading.simulation.lanes import LANE_THREADS, LaneRun, settled_account
from trading.simulation.parameters import model_parameters, policy_of
from trading.steps import account as a
from trading.steps.breakers import ALLOWED, TOO_SMALL
from trading.steps.policy import ACTIONS, Policy

FULL_SIZE = (1.0, 1.0, 1.0, 1.0)
"""The action of whoever wants as much as the limits allow, for as long, with stop and target as far as they go."""

_NO_END = 1e9
_FAR = 7.0
"""Log distance of a stop or target that no market reaches, a thousandfold; prices stay within whole ticks."""


class SignalLane:
    """A lane over bars whose signals are known: run to a bar, looked at there, and run on.

    Args:
        model: its limits hold the initial equity, its engine the width of the observation.
        bars: that are traded.
        signals: of the same bars.
        policy: what chooses the action.
        parameters: packed.

    Attributes:
        account: shape (ACCOUNT_SIZE,), after the last bar that was run.
        action: shape (len(ACTIONS),), the last that was chosen.
    """

    def __init__(
        self, model: TradingModel, bars: Bars, signals: Signals, *, policy: Policy, parameters: Floats
    ) -> None:
        count = len(bars)
        self.account = a.new_account(model.spec.limits.initial_equity)
        # One row each, which every decision writes anew.
        self._chosen = np.full((1, len(ACTIONS)), math.nan)
        self.action = self._chosen[0]
        self._bars, self._signals, self._policy, self._parameters = bars, signals, policy, parameters
        self._equity, self._low, self._codes = np.empty(count), np.empty(count), np.empty(count, dtype=np.int64)
        self._trades = [np.zeros((0, a.TRADE_SIZE))]
        self._observation = np.empty((1, len(model.spec.observation_names)))
        self._at = 0

    def run_to(self, stop: int) -> None:
        """Trade the bars up to but without ``stop``.

        Args:
            stop: not before the last bar that was run.
        """
        rows, count = slice(self._at, stop), stop - self._at
        room = np.zeros((count + 1, a.TRADE_SIZE))
        output = LaneOutput(
            self._equity[rows], self._low[rows], self._codes[rows], room, self._observation, self._chosen
        )
        columns = self._signals.slice(self._at, stop).columns()
        bars = self._bars.slice(self._at, stop).columns()
        closed = trade_loop(bars, columns, self._policy, self.account, self._parameters, output)
        self._trades.append(room[:closed])
        self._at = stop

    def finish(self) -> LaneRun:
        """Trade the rest of the bars, and say all that the lane did."""
        self.run_to(len(self._bars))
        settled, last = settled_account(
            self.account, self._parameters, int(self._bars.ts[-1]), float(self._bars.close[-1])
        )
        trades = np.concatenate(self._trades)
        return LaneRun(self._equity, self._low, trades, self._codes, self.account, settled, last)


def run_model(model: TradingModel, bars: Bars, signals: Signals) -> LaneRun:
    """What a model does on bars whose signals are known; the same as its backtest.

    Args:
        model: what decides.
        bars: that are traded.
        signals: of the same bars.
    """
    return SignalLane(model, bars, signals, policy=policy_of(model), parameters=model_parameters(model)).finish()


def chosen_actions(model: TradingModel, bars: Bars, signals: Signals, codes: Ints) -> Floats:
    """The action of every decision, shape (m, len(ACTIONS)), in order; those too small for an order included.

    Args:
        model: what decides.
        bars: that it traded.
        signals: of the same bars.
        codes: shape (n,), the breaker's answers of its run on these bars.
    """
    lane = SignalLane(model, bars, signals, policy=policy_of(model), parameters=model_parameters(model))
    found: list[Floats] = []
    for decided in np.flatnonzero((codes == ALLOWED) | (codes == TOO_SMALL)).tolist():
        lane.run_to(decided + 1)
        found.append(lane.action.copy())
    return np.array(found).reshape(len(found), len(ACTIONS))


def run_actions(model: TradingModel, bars: Bars, signals: Signals, actions: Floats) -> list[LaneRun]:
    """One lane for each action, which is taken at every decision.

    Args:
        model: whose limits and costs bind.
        bars: that are traded.
        signals: of the same bars.
        actions: shape (m, len(ACTIONS)).
    """
    parameters = model_parameters(model)

    def run(action: Floats) -> LaneRun:
        policy = policy_of(model, action.tolist())
        return SignalLane(model, bars, signals, policy=policy, parameters=parameters).finish()

    with ThreadPoolExecutor(LANE_THREADS) as pool:
        return list(pool.map(run, actions))


def follow_signal(model: TradingModel, bars: Bars, signals: Signals) -> LaneRun:
    """Enter at full size when the signal allows a decision, and leave when it names that side no more.

    The exit is at the market: decided at a close, and filled as late as every other exit. An order that waits while its
    side ends is withdrawn. There is no time limit, and stop and target are as far as an order may put them.

    Args:
        model: whose limits and costs bind, and from which confidence on a signal counts.
        bars: that are traded.
        signals: of the same bars.
    """
    parameters = model_parameters(model)
    parameters[a.MAX_DURATION] = parameters[a.MAX_STOP] = parameters[a.MAX_TARGET] = _NO_END
    sure = signals.confidence >= parameters[a.MIN_CONFIDENCE]
    # How sure it was beyond the limit is a matter of size, and size is full here.
    certain = replace(signals, confidence=np.where(sure, 1.0, 0.0))
    parameters[a.FOLLOW], parameters[a.PATIENCE] = 1.0, 0.0
    return SignalLane(model, bars, certain, policy=policy_of(model, FULL_SIZE), parameters=parameters).finish()


def buy_and_hold(model: TradingModel, bars: Bars, signals: Signals) -> LaneRun:
    """Buy for all equity after the first bar and hold to the end, at the costs of the market, carry included.

    Limits of size and loss are those of a trader and do not bind; the volume of a bar does, so of a thin market less is
    bought.

    Args:
        model: whose costs and units bind.
        bars: that are traded.
        signals: of the same bars; all that is used of them is what an order needs to be sized.
    """
    parameters = model_parameters(model)
    parameters[a.MAX_DURATION] = parameters[a.VOLATILITY_TARGET] = _NO_END
    parameters[a.SIZE_CAP] = parameters[a.HALT_DRAWDOWN] = 1.0
    ones = np.ones(len(bars), dtype=np.int64)
    always = replace(signals, warm=ones, direction=ones, confidence=np.ones(len(bars)), cash=np.zeros_like(ones))
    lane = SignalLane(model, bars, always, policy=policy_of(model, FULL_SIZE), parameters=parameters)
    lane.run_to(1)
    lane.account[a.ORDER_STOP] = lane.account[a.ORDER_TARGET] = _FAR
    return lane.finish()
