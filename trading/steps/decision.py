"""The decision at the close of a bar: breaker, observation, policy, order; composed once for every lane."""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.breakers import ALLOWED, OPEN, REVIEW, breaker_step
from trading.steps.leaving import follow_step, leave_step
from trading.steps.observation import Signal, View, observation_step
from trading.steps.opinion import regime_number
from trading.steps.policy import Policy, policy_step
from trading.steps.review import review_due, review_step
from trading.steps.sizing import order_step


def ready_step(account: Floats, p: Floats, signal: Signal) -> int:
    """Follow the signal's age, and ask whether a decision is due: of a flat account an entry, else a review.

    Args:
        account: of the lane.
        p: packed parameters.
        signal: at the close of the bar.

    Returns:
        ALLOWED, REVIEW, or the denial.
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
    answer = breaker_step(account, p, signal)
    if answer == OPEN and review_due(account, p):
        answer = REVIEW
    return answer


def is_due(answer: int) -> bool:
    """Whether the policy is asked.

    Args:
        answer: of :func:`ready_step`.
    """
    return answer in (ALLOWED, REVIEW)


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
    if is_due(answer):
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
    """Carry out an action: of a flat account as an order, which remembers its regime; else as a review.

    Args:
        account: of the lane, found ready.
        p: packed parameters.
        view: what is known at the close of the bar.
        action: shape (len(ACTIONS),), each in [-1, 1].

    Returns:
        ALLOWED when an order waits, else the denial.
    """
    if account[a.QUANTITY] != 0.0:
        return review_step(account, p, action, view.signal)
    account[a.ORDER_REGIME] = regime_number(view.opinion)
    return order_step(account, p, action, view.signal)
