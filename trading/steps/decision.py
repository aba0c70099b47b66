"""The decision at the close of a bar: breaker, observation, policy, order; composed once for every lane."""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.steps import account as a
from trading.steps.breakers import ALLOWED, breaker_step
from trading.steps.observation import View, observation_step
from trading.steps.policy import Policy, policy_step
from trading.steps.sizing import order_step


def ready_step(account: Floats, p: Floats, view: View, observation: Floats) -> int:
    """Follow the signal's age, ask the breaker, and write the observation if a decision is due.

    Args:
        account: of the lane.
        p: packed parameters.
        view: what is known at the close of the bar.
        observation: written if a decision is due.

    Returns:
        ALLOWED, or the denial.
    """
    if view.direction == account[a.DIRECTION]:
        account[a.DIRECTION_AGE] += 1.0
    else:
        account[a.DIRECTION] = view.direction
        account[a.DIRECTION_AGE] = 0.0
    answer = breaker_step(account, p, view)
    if answer == ALLOWED:
        observation_step(account, view, observation)
    return answer


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
    answer = ready_step(account, p, view, observation)
    if answer != ALLOWED:
        return answer
    if math.isnan(policy.fixed[0]):
        policy_step(policy.layers, observation, action)
    else:
        for i in range(action.shape[0]):
            action[i] = policy.fixed[i]
    return order_step(account, p, action, view)
