"""The decision at the close of a bar: breaker, observation, policy, order; composed once for every lane."""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.breakers import ALLOWED, breaker_step
from trading.steps.observation import Signal, View, observation_step
from trading.steps.opinion import regime_number
from trading.steps.policy import Policy, policy_step
from trading.steps.sizing import order_step


def ready_step(account: Floats, p: Floats, signal: Signal) -> int:
    """Follow the signal's age, and ask the breaker whether a decision is due.

    Args:
        account: of the lane.
        p: packed parameters.
        signal: at the close of the bar.

    Returns:
        ALLOWED, or the denial.
    """
    if signal.direction == account[a.DIRECTION]:
        account[a.DIRECTION_AGE] += 1.0
    else:
        account[a.DIRECTION] = signal.direction
        account[a.DIRECTION_AGE] = 0.0
    if signal.cash != 0:
        account[a.ORDER_QUANTITY] = 0.0
        leave_step(account, p, signal, a.REASON_CRISIS)
    elif p[a.FOLLOW] != 0.0 and signal.warm != 0:
        follow_step(account, p, signal)
    return breaker_step(account, p, signal)


def follow_step(account: Floats, p: Floats, signal: Signal) -> None:
    """Withdraw an entry whose side the signal no longer names, and leave a position that it has not named for too long.

    Args:
        account: of the lane.
        p: packed parameters.
        signal: at the close of the bar.
    """
    if account[a.ORDER_QUANTITY] * signal.direction <= 0.0:
        account[a.ORDER_QUANTITY] = 0.0
    if account[a.QUANTITY] * signal.direction > 0.0 or account[a.QUANTITY] == 0.0:
        account[a.UNNAMED] = 0.0
        return
    account[a.UNNAMED] += 1.0
    if account[a.UNNAMED] > p[a.PATIENCE]:
        leave_step(account, p, signal, a.REASON_SIGNAL)


def leave_step(account: Floats, p: Floats, signal: Signal, reason: int) -> None:
    """Tell a position, if there is one and nothing makes it leave yet, to leave at the market.

    Args:
        account: of the lane.
        p: packed parameters.
        signal: at the close of the bar.
        reason: why.
    """
    if account[a.QUANTITY] != 0.0 and account[a.EXIT_REASON] == 0.0:
        account[a.EXIT_REASON] = reason
        account[a.EXIT_WAIT] = p[a.LATENCY]
        account[a.EXIT_READY] = signal.close_ts + p[a.LATENCY_MS]


def close_step(account: Floats, p: Floats, view: View, policy: Policy, observation: Floats, action: Floats) -> int:
    """Decide at the close of a bar; an order, if any, waits in the account for the next open.

    Args:
        account: of the lane.
        p: packed parameters.
        view: what is known at the close of the bar.
        policy: what chooses the action.
        observation: written if a decision is due.
        action: written if a decision is due.

    Returns:
        ALLOWED when an order waits, else the denial.
    """
    answer = ready_step(account, p, view.signal)
    if answer == ALLOWED:
        answer = choose_step(account, p, view, policy, observation, action)
    return answer


def choose_step(account: Floats, p: Floats, view: View, policy: Policy, observation: Floats, action: Floats) -> int:
    """Ask the policy where a decision is due, and size its action.

    Args:
        account: of the lane, found ready.
        p: packed parameters.
        view: what is known at the close of the bar.
        policy: what chooses the action.
        observation: written.
        action: written.

    Returns:
        ALLOWED when an order waits, else the denial.
    """
    observation_step(account, view, observation)
    if math.isnan(policy.fixed[0]):
        policy_step(policy.layers, observation, action)
    else:
        for i in range(action.shape[0]):
            action[i] = policy.fixed[i]
    return place_step(account, p, view, action)


def place_step(account: Floats, p: Floats, view: View, action: Floats) -> int:
    """Size an action into an order, which remembers the regime it was decided in.

    Args:
        account: of the lane, found ready.
        p: packed parameters.
        view: what is known at the close of the bar.
        action: shape (len(ACTIONS),), each in [-1, 1].

    Returns:
        ALLOWED when an order waits, else the denial.
    """
    account[a.ORDER_REGIME] = regime_number(view.opinion)
    return order_step(account, p, action, view.signal)
