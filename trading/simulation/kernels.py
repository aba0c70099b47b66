"""Compiled loops over the step functions: signals of a series, lanes in lock step, and the training advance."""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats
from trading.compiled import compile_loop
from trading.steps.account import EQUITY, TRADE_SIZE
from trading.steps.breakers import ALLOWED
from trading.steps.decision import bar_volatility, close_step, ready_step, side_step, signal_step
from trading.steps.numbers import quantised
from trading.steps.regimes import confidence_step
from trading.steps.sizing import order_step
from trading.steps.venue import CLOSED, venue_step


@compile_loop
def signal_loop(
    high, low, close, volume, ring, windows, scaler_mean, scaler_std, columns, startprob, transmat, means, whiten,
    log_norm, raw, scaled, beliefs, warm,
):  # fmt: skip
    """Write features, standardised features, beliefs and the warm flag of a whole series, bar by bar."""
    belief = np.empty(3)
    started = 0
    for t in range(close.shape[0]):
        started = signal_step(
            ring, t, started, windows, high[t], low[t], close[t], volume[t], scaler_mean, scaler_std, columns,
            startprob, transmat, means, whiten, log_norm, raw[t], scaled[t], belief,
        )  # fmt: skip
        warm[t] = started
        for k in range(3):
            beliefs[t, k] = belief[k] if started == 1 else math.nan


@compile_loop
def side_loop(beliefs, warm, threshold, knots_x, knots_y, direction, confidence):
    """Write direction and effective confidence of every bar."""
    for t in range(warm.shape[0]):
        direction[t] = side_step(beliefs[t], warm[t], threshold)
        confidence[t] = confidence_step(beliefs[t], direction[t], knots_x, knots_y)


@compile_loop
def lock_step(
    ts, interval, open_, high, low, close, volume, start, stop, rings, windows, scaler_mean, scaler_std, columns,
    startprob, transmat, means, whiten, log_norm, threshold, knots_x, knots_y, w0, b0, w1, b1, w2, b2, fixed, states, p,
    equity, trades, closed, codes,
):  # fmt: skip
    """Run L lanes from raw bars to trades over bars ``start`` to ``stop``, bar by bar, lane after lane within a bar.

    Before ``start`` all lanes have the same bars, so those are taken into features and regimes once, for all.

    Args:
        ts: shape (n,); prices, volume: shape (L, n).
        rings: shape (L, RING_ROWS, ring length), empty feature state of each lane.
        fixed: shape (4,), an action used instead of the policy unless its first number is NaN.
        states: shape (L, STATE_SIZE); p: shape (L, PARAMETERS_SIZE).
        equity, codes: shape (L, stop - start), written; trades: shape (L, M, TRADE_SIZE); closed: shape (L,).
    """
    lanes = close.shape[0]
    raw = np.empty(scaler_mean.shape[0])
    scaled = np.empty(scaler_mean.shape[0])
    beliefs = np.empty((lanes, 3))
    warm = np.zeros(lanes, dtype=np.int64)
    observation = np.empty(27)
    action = np.empty(4)
    use_fixed = not math.isnan(fixed[0])
    for t in range(start):
        warm[0] = signal_step(
            rings[0], t, warm[0], windows, high[0, t], low[0, t], close[0, t], volume[0, t], scaler_mean, scaler_std,
            columns, startprob, transmat, means, whiten, log_norm, raw, scaled, beliefs[0],
        )  # fmt: skip
    for lane in range(1, lanes):
        rings[lane] = rings[0]
        beliefs[lane] = beliefs[0]
        warm[lane] = warm[0]
    for t in range(start, stop):
        for lane in range(lanes):
            state = states[lane]
            events = venue_step(
                state, p[lane], ts[t], open_[lane, t], high[lane, t], low[lane, t], close[lane, t], volume[lane, t],
                trades[lane, closed[lane]],
            )  # fmt: skip
            if events & CLOSED:
                closed[lane] += 1
            belief = beliefs[lane]
            warm[lane] = signal_step(
                rings[lane], t, warm[lane], windows, high[lane, t], low[lane, t], close[lane, t], volume[lane, t],
                scaler_mean, scaler_std, columns, startprob, transmat, means, whiten, log_norm, raw, scaled, belief,
            )  # fmt: skip
            direction = side_step(belief, warm[lane], threshold)
            confidence = confidence_step(belief, direction, knots_x, knots_y)
            if use_fixed:
                code = ready_step(
                    state, p[lane], ts[t] + interval, scaled, belief, warm[lane], direction, confidence, observation
                )
                if code == ALLOWED:
                    code = order_step(state, p[lane], fixed, direction, close[lane, t], bar_volatility(raw))
            else:
                code = close_step(
                    state, p[lane], ts[t] + interval, close[lane, t], raw, scaled, belief, warm[lane], direction,
                    confidence, w0, b0, w1, b1, w2, b2, observation, action,
                )  # fmt: skip
            codes[lane, t - start] = code
            equity[lane, t - start] = state[EQUITY]


@compile_loop
def advance(
    ts, interval, open_, high, low, close, volume, raw, scaled, beliefs, warm, direction, confidence,
    states, p, cursor, last, actions, observations, returns, done, seen_trades,
):  # fmt: skip
    """Give each waiting lane its action and run it to its next decision, or to the end of its episode.

    All lanes share one series (arrays of shape (n, ...)) and differ in place and account.

    Args:
        cursor: shape (L,), bar at whose close each lane waits; moved. last: shape (L,), last bar of its episode.
        actions: shape (L, 4), NaN in the first column means: only find the first decision.
        observations: shape (L, 27), written; returns: shape (L,), log equity change, written; done: shape (L,).
        seen_trades: shape (TRADE_SIZE,), scratch.
    """
    action = np.empty(4)
    for lane in range(cursor.shape[0]):
        state = states[lane]
        t = cursor[lane]
        before = state[EQUITY]
        if not math.isnan(actions[lane, 0]):
            for i in range(4):
                action[i] = quantised(min(max(actions[lane, i], -1.0), 1.0))
            order_step(state, p[lane], action, direction[t], close[t], bar_volatility(raw[t]))
        code = -1
        while code != ALLOWED and t < last[lane]:
            t += 1
            venue_step(state, p[lane], ts[t], open_[t], high[t], low[t], close[t], volume[t], seen_trades)
            code = ready_step(
                state, p[lane], ts[t] + interval, scaled[t], beliefs[t], warm[t], direction[t], confidence[t],
                observations[lane],
            )  # fmt: skip
        cursor[lane] = t
        done[lane] = code != ALLOWED
        returns[lane] = math.log(max(state[EQUITY], 1e-9) / max(before, 1e-9))


def empty_trades(lanes: int, bars: int) -> Floats:
    """Room for every trade that could close in so many bars."""
    return np.zeros((lanes, bars + 1, TRADE_SIZE))
