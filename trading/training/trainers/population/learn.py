"""Learning from a rollout: clipped policy gradients of every learner at once, each clipped and stepped as if alone.

Source: Schulman et al., "Proximal policy optimization algorithms", arXiv 1707.06347 (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import numpy as np
import torch
from torch import Tensor

from trading.settings.models import PolicySpec
from trading.training.ppo import ADAM_EPSILON, CLIP_RANGE, LARGEST_GRADIENT, VALUE_WEIGHT
from trading.training.trainers.population.net import NETS, Shape, entropy, evaluate, log_probability
from trading.training.trainers.population.rollout import Rollout


def new_adam(theta: Tensor) -> torch.optim.Adam:
    """Adam over the parameters of a population; the step size is set at each update.

    Args:
        theta: shape (2 P, parameters).
    """
    return torch.optim.Adam([theta], eps=ADAM_EPSILON, fused=True)


def learn(
    adam: torch.optim.Adam,
    rollout: Rollout,
    shape: Shape,
    spec: PolicySpec,
    *,
    rate: float,
    orders: Sequence[np.random.RandomState],
) -> list[float]:
    """Change the parameters by every minibatch of every epoch.

    Args:
        adam: over the parameters.
        rollout: N decisions of each learner.
        shape: of the networks.
        spec: epochs, decisions of a minibatch, entropy weight.
        rate: step size.
        orders: shuffles each learner's decisions, once an epoch.

    Returns:
        How far each learner was moved, see :meth:`trading.training.ppo.Curve.moved`.
    """
    (group,) = adam.param_groups
    (theta,) = group["params"]
    group["lr"] = rate
    learners, decisions = rollout.returns.shape
    owner = torch.arange(learners, device=theta.device).unsqueeze(1)
    moved = list[list[float]]()
    for epoch in range(spec.epochs):
        order = torch.as_tensor(np.stack([one.permutation(decisions) for one in orders]), device=theta.device)
        shuffled = [part[owner, order] for part in rollout]
        for begin in range(0, decisions, spec.batch_size):
            batch = Rollout(*(part[:, begin : begin + spec.batch_size] for part in shuffled))
            adam.zero_grad()
            # The sum keeps learners apart: no loss depends on another's parameters.
            loss, divergence = losses(theta, batch, shape, spec)
            loss.sum().backward()
            if epoch == spec.epochs - 1:
                moved.append([fmean(row) for row in divergence.tolist()])
            assert theta.grad is not None
            clip_gradients(theta.grad)
            adam.step()
    # Exact sums: the order of others must not depend on which learners stand beside one.
    return [fmean(of_one) for of_one in zip(*moved, strict=True)]


def losses(theta: Tensor, batch: Rollout, shape: Shape, spec: PolicySpec) -> tuple[Tensor, Tensor]:
    """Loss of each learner: clipped surrogate, value error and entropy bonus; and how far it has been moved so far.

    Args:
        theta: shape (2 P, parameters).
        batch: a minibatch of each learner; advantages are normalised within it.
        shape: of the networks.
        spec: entropy weight.

    Returns:
        Losses, shape (P,), and divergence at each decision, shape (P, B), without a gradient.
    """
    said = evaluate(theta, shape, batch.observations)
    advantages = batch.advantages
    if advantages.shape[1] > 1:
        mean, deviation = advantages.mean(dim=1, keepdim=True), advantages.std(dim=1, keepdim=True)
        advantages = (advantages - mean) / (deviation + 1e-8)
    log_ratio = log_probability(said, batch.actions) - batch.log_probs
    ratio = torch.exp(log_ratio)
    clipped = ratio.clamp(1.0 - CLIP_RANGE, 1.0 + CLIP_RANGE)
    policy_loss = -torch.min(advantages * ratio, advantages * clipped).mean(dim=1)
    value_loss = (batch.returns - said.values).square().mean(dim=1)
    loss = policy_loss - spec.entropy * entropy(said) + VALUE_WEIGHT * value_loss
    return loss, (ratio - 1.0 - log_ratio).detach()


def clip_gradients(gradient: Tensor) -> None:
    """Shorten each learner's gradient, over both its networks, to the largest norm allowed.

    Args:
        gradient: shape (2 P, parameters), changed in place.
    """
    owned = gradient.view(len(gradient) // NETS, -1)
    norms = torch.linalg.vector_norm(owned, dim=1, keepdim=True)
    owned.mul_((LARGEST_GRADIENT / (norms + 1e-6)).clamp(max=1.0))
