"""Compiled loops over the step functions: one lane traded over a stretch of bars, and the training advance."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats, Ints
from trading.compiled import compile_loop
from trading.steps.account import EQUITY, LOW_EQUITY, ORDER_QUANTITY
from trading.steps.bar import bar_at
from trading.steps.breakers import ALLOWED
from trading.steps.decision import choose_step, is_due, place_step, ready_step
from trading.steps.numbers import quantised
from trading.steps.observation import observation_step, signal_at, view_at
from trading.steps.venue import CLOSED, venue_step


class LaneOutput(NamedTuple):
    """What a loop writes of one lane.

    Attributes:
        equity: shape (n,), at every close.
        low_equity: shape (n,), at the extreme of every bar that hurts.
        codes: shape (n,), the breaker's answer at every close.
        trades: shape (n + 1, TRADE_SIZE), with room for one more trade than can close.
        observation: shape (n, I), what the policy was shown where a decision was due; one row is scratch.
        action: shape (n, A), what it answered; one row is scratch.
    """

    equity: Floats
    low_equity: Floats
    codes: Ints
    trades: Floats
    observation: Floats
    action: Floats


class WaitingLanes(NamedTuple):
    """L lanes over one series that wait at their next decision.

    Attributes:
        accounts: shape (L, ACCOUNT_SIZE).
        p: shape (L, PARAMETERS_SIZE), packed parameters.
        cursor: shape (L,), bar at whose close each lane waits.
        last: shape (L,), last bar of its episode.
        observations: shape (L, I), of the decision it waits for, or of the end of its episode.
        returns: shape (L,), log equity change since the decision before.
        done: shape (L,), whether its episode ended.
    """

    accounts: Floats
    p: Floats
    cursor: Ints
    last: Ints
    observations: Floats
    returns: Floats
    done: NDArray[np.bool_]


@compile_loop
def trade_loop(bars, signals, policy, account, p, output):
    """Trade one lane over a stretch of bars and return how many of its trades have closed.

    Args:
        bars: columns of n bars.
        signals: columns of the same n bars.
        policy: what chooses the action.
        account: of the lane, changed in place.
        p: packed parameters.
        output: of the same n bars, written.
    """
    closed, kept = 0, output.observation.shape[0] - 1
    for t in range(bars.ts.shape[0]):
        if venue_step(account, p, bar_at(bars, t), output.trades[closed]) & CLOSED:
            closed += 1
        # As `close_step` composes them; the view, with its arrays, is made on the bars that need it.
        answer = ready_step(account, p, signal_at(bars, signals, t))
        if is_due(answer):
            view = view_at(bars, signals, t)
            row = min(t, kept)
            answer = choose_step(account, p, view, policy, output.observation[row], output.action[row])
        output.codes[t] = answer
        output.equity[t] = account[EQUITY]
        output.low_equity[t] = account[LOW_EQUITY]
    return closed


@compile_loop
def action_loop(bars, signals, policy, account, p, observation, actions):
    """Write the action of every bar on which a decision is due, of an account whose orders never reach a venue.

    Args:
        bars: columns of n bars.
        signals: columns of the same n bars.
        policy: what chooses the action.
        account: flat; it follows the signal's age.
        p: packed parameters.
        observation: scratch, as long as the policy's inputs.
        actions: shape (n, A), written where a decision is due.
    """
    for t in range(bars.ts.shape[0]):
        account[ORDER_QUANTITY] = 0.0
        if ready_step(account, p, signal_at(bars, signals, t)) == ALLOWED:
            choose_step(account, p, view_at(bars, signals, t), policy, observation, actions[t])


@compile_loop
def advance_loop(bars, signals, lanes, actions, trade):
    """Give each waiting lane its action and run it to its next decision, or to the end of its episode.

    Args:
        bars: columns of n bars.
        signals: columns of the same n bars.
        lanes: moved in place.
        actions: shape (L, A), NaN in the first column means: only find the first decision.
        trade: shape (TRADE_SIZE,), written when a trade closes.
    """
    action = np.empty(actions.shape[1])
    for lane in range(lanes.cursor.shape[0]):
        account, p = lanes.accounts[lane], lanes.p[lane]
        t = lanes.cursor[lane]
        before = account[EQUITY]
        if not math.isnan(actions[lane, 0]):
            for i in range(action.shape[0]):
                action[i] = quantised(min(max(actions[lane, i], -1.0), 1.0))
            place_step(account, p, view_at(bars, signals, t), action)
        answer = -1
        while not is_due(answer) and t < lanes.last[lane]:
            t += 1
            venue_step(account, p, bar_at(bars, t), trade)
            answer = ready_step(account, p, signal_at(bars, signals, t))
        # Also at the end of an episode, whose last state has a value too.
        observation_step(account, view_at(bars, signals, t), lanes.observations[lane])
        lanes.cursor[lane] = t
        lanes.done[lane] = not is_due(answer)
        lanes.returns[lane] = math.log(max(account[EQUITY], 1e-9) / max(before, 1e-9))
