"""Rollouts: every learner decides for a while in its own environment, and what came of it is credited to decisions.

Source: Schulman et al., "High-dimensional continuous control using generalized advantage estimation", arXiv 1506.02438.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trading.settings.models import PolicySpec
from trading.steps.policy import ACTIONS
from trading.training.ppo import GAE_LAMBDA
from trading.training.trainers.population.learner import Learner
from trading.training.trainers.population.net import NETS, Shape, evaluate, log_probability

Singles = NDArray[np.float32]


class Rollout(NamedTuple):
    """Decisions of P learners, N each; a learner's are in the order of its lanes, and within a lane of time.

    Attributes:
        observations: shape (P, N, I).
        actions: shape (P, N, A), as drawn, before they are brought within bounds.
        log_probs: shape (P, N), of the actions when they were drawn.
        advantages: shape (P, N).
        returns: shape (P, N), what the value function should have said.
    """

    observations: Tensor
    actions: Tensor
    log_probs: Tensor
    advantages: Tensor
    returns: Tensor


def collect(
    learners: Sequence[Learner], theta: Tensor, shape: Shape, spec: PolicySpec
) -> tuple[Rollout, NDArray[np.float64]]:
    """Let every learner decide ``spec.rollout`` times in each of its lanes.

    Args:
        learners: whose environments go on; one that has failed stands still.
        theta: shape (2 P, parameters), the networks.
        shape: of the networks.
        spec: rollout, lanes and discount.

    Returns:
        The decisions, and the mean reward of each learner, the bootstrapped values of ended episodes among them.
    """
    size = (len(learners), spec.lanes, spec.rollout)
    rewards, ends = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32)
    finals = [list[Singles]() for _ in learners]
    observations, actions, log_probs, values = list[Tensor](), list[Tensor](), list[Tensor](), list[Tensor]()
    with torch.no_grad():
        noise = torch.stack(
            [torch.randn(spec.rollout, spec.lanes, len(ACTIONS), generator=learner.noise) for learner in learners], 1
        ).to(theta.device)
        for step in range(spec.rollout):
            seen = _waiting(learners, theta)
            said = evaluate(theta, shape, seen)
            drawn = said.means + said.log_std.exp().unsqueeze(1) * noise[step]
            observations.append(seen)
            actions.append(drawn)
            log_probs.append(log_probability(said, drawn))
            values.append(said.values)
            bounded = drawn.clamp(-1.0, 1.0).cpu().numpy()
            for number, learner in enumerate(learners):
                if learner.failed:
                    continue
                learner.observations, reward, done, infos = learner.environment.step(bounded[number])  # pyright: ignore[reportAttributeAccessIssue]  # an array of LaneVecEnv
                rewards[number, :, step], ends[number, :, step] = reward, done
                finals[number] += [infos[lane]["terminal_observation"] for lane in np.flatnonzero(done)]
        for number, final in enumerate(finals):
            rows = theta[NETS * number : NETS * (number + 1)]
            _bootstrap(rewards[number], ends[number], final, rows, shape, spec.gamma)
        last = evaluate(theta, shape, _waiting(learners, theta)).values
        valued = torch.stack(values, dim=2)
        advantages = advantages_of(rewards, valued.cpu().numpy(), last.cpu().numpy(), ends, spec.gamma)
        credited = torch.as_tensor(advantages, device=theta.device)
        rollout = Rollout(
            *(
                torch.flatten(part, 1, 2)
                for part in (
                    torch.stack(observations, dim=2),
                    torch.stack(actions, dim=2),
                    torch.stack(log_probs, dim=2),
                    credited,
                    credited + valued,
                )
            )
        )
    return rollout, rewards.mean(axis=(1, 2), dtype=np.float64)


def advantages_of(rewards: Singles, values: Singles, last: Singles, ends: Singles, gamma: float) -> Singles:
    """Generalised advantage estimates, shape (P, L, T): of P learners, L lanes and T decisions.

    Args:
        rewards: shape (P, L, T).
        values: shape (P, L, T), of the observations that were decided on.
        last: shape (P, L), of the observations after the last decision.
        ends: shape (P, L, T), 1 where an episode ended with a decision, else 0.
        gamma: discount per decision.
    """
    advantages = np.empty_like(rewards)
    following, credit = last, np.zeros_like(last)
    for step in reversed(range(rewards.shape[2])):
        goes_on = 1.0 - ends[..., step]
        surprise = rewards[..., step] + gamma * following * goes_on - values[..., step]
        credit = surprise + gamma * GAE_LAMBDA * goes_on * credit
        advantages[..., step], following = credit, values[..., step]
    return advantages


def _waiting(learners: Sequence[Learner], theta: Tensor) -> Tensor:
    return torch.as_tensor(np.stack([learner.observations for learner in learners]), device=theta.device)


def _bootstrap(
    rewards: Singles, ends: Singles, finals: Sequence[Singles], rows: Tensor, shape: Shape, gamma: float
) -> None:
    """Add the discounted value of the last observation to the reward of a decision with which an episode ended.

    Time ends an episode here, never ruin, so what would have come after it counts. One learner at a time: how many of
    its episodes ended must not change another's sums.
    """
    if not finals:
        return
    observations = torch.as_tensor(np.stack(finals), device=rows.device)
    values = evaluate(rows, shape, observations.unsqueeze(0)).values[0].cpu().numpy()
    # Episodes are listed step by step, and within a step lane by lane.
    steps, lanes = np.nonzero(ends.T)
    rewards[lanes, steps] += np.float32(gamma) * values
