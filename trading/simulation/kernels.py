"""Compiled loops over the step functions: one lane traded over a stretch of bars, and the training advance."""

from __future__ import annotations

import math

import numpy as np

from trading.compiled import compile_loop
from trading.steps.account import EQUITY
from trading.steps.bar import bar_at
from trading.steps.breakers import ALLOWED
from trading.steps.decision import close_step, ready_step
from trading.steps.numbers import quantised
from trading.steps.observation import view_at
from trading.steps.sizing import order_step
from trading.steps.venue import CLOSED, venue_step


@compile_loop
def trade_loop(bars, interval, signals, layers, fixed, account, p, observation, action, equity, codes, trades, closed):
    """Trade one lane over a stretch of bars and return how many of its trades have closed.

    Args:
        bars: columns of n bars.
        interval: milliseconds of a bar.
        signals: columns of the same n bars.
        layers: of the policy.
        fixed: an action used instead of the policy unless its first number is NaN.
        account: of the lane, changed in place.
        p: packed parameters.
        observation: scratch, as long as the policy's inputs.
        action: scratch, as long as the policy's outputs.
        equity: shape (n,), written: at every close.
        codes: shape (n,), written: the breaker's answer.
        trades: shape (M, TRADE_SIZE), written from row ``closed`` on.
        closed: trades closed before this stretch.
    """
    for t in range(bars.ts.shape[0]):
        if venue_step(account, p, bar_at(bars, t), trades[closed]) & CLOSED:
            closed += 1
        codes[t] = close_step(account, p, view_at(bars, interval, signals, t), layers, fixed, observation, action)
        equity[t] = account[EQUITY]
    return closed


@compile_loop
def advance_loop(bars, interval, signals, accounts, p, cursor, last, actions, observations, returns, done, seen_trades):
    """Give each waiting lane its action and run it to its next decision, or to the end of its episode.

    All lanes share one series and differ in place and account.

    Args:
        bars: columns of n bars.
        interval: milliseconds of a bar.
        signals: columns of the same n bars.
        accounts: shape (L, ACCOUNT_SIZE), changed in place.
        p: shape (L, PARAMETERS_SIZE).
        cursor: shape (L,), bar at whose close each lane waits; moved.
        last: shape (L,), last bar of its episode.
        actions: shape (L, A), NaN in the first column means: only find the first decision.
        observations: shape (L, I), written.
        returns: shape (L,), log equity change, written.
        done: shape (L,), whether the episode ended, written.
        seen_trades: shape (TRADE_SIZE,), scratch.
    """
    action = np.empty(actions.shape[1])
    for lane in range(cursor.shape[0]):
        account = accounts[lane]
        t = cursor[lane]
        before = account[EQUITY]
        if not math.isnan(actions[lane, 0]):
            for i in range(action.shape[0]):
                action[i] = quantised(min(max(actions[lane, i], -1.0), 1.0))
            order_step(account, p[lane], action, view_at(bars, interval, signals, t))
        answer = -1
        while answer != ALLOWED and t < last[lane]:
            t += 1
            venue_step(account, p[lane], bar_at(bars, t), seen_trades)
            answer = ready_step(account, p[lane], view_at(bars, interval, signals, t), observations[lane])
        cursor[lane] = t
        done[lane] = answer != ALLOWED
        returns[lane] = math.log(max(account[EQUITY], 1e-9) / max(before, 1e-9))
