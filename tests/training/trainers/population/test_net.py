from __future__ import annotations

import numpy as np
import pytest
import torch
from stable_baselines3.common.distributions import DiagGaussianDistribution

from tests.training.trainers.population.small import Update, sb3_update, shape_of, small_job
from trading.training.trainers.population.net import (
    ALIGNMENT,
    Shape,
    entropy,
    evaluate,
    layers_of,
    log_probability,
)
from trading.training.trainers.sb3 import export_layers


@pytest.fixture(scope="module")
def update() -> Update:
    return sb3_update(small_job())


def test_networks_say_what_those_of_stable_baselines3_say(update: Update) -> None:
    observations, actions = update.rollout.observations, update.rollout.actions
    said = evaluate(update.after, shape_of(small_job()), observations)
    with torch.no_grad():
        values, log_probs, entropies = update.agent.policy.evaluate_actions(observations[0], actions[0])
        distribution = update.agent.policy.get_distribution(observations[0])
    assert isinstance(distribution, DiagGaussianDistribution)
    torch.testing.assert_close(said.values[0], values.flatten(), rtol=0.0, atol=1e-6)
    torch.testing.assert_close(said.means[0], distribution.mode(), rtol=0.0, atol=1e-6)
    torch.testing.assert_close(log_probability(said, actions)[0], log_probs, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(entropy(said)[0], entropies.mean(), rtol=1e-6, atol=0.0)


def test_a_row_exports_as_the_layers_that_stable_baselines3_exports(update: Update) -> None:
    ours, theirs = layers_of(update.after[0], shape_of(small_job())), export_layers(update.agent)
    assert all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("hidden", [4, 7, 64])
@pytest.mark.parametrize("inputs", [3, 29])
def test_every_layer_of_every_row_begins_with_a_cache_line(inputs: int, hidden: int) -> None:
    shape = Shape(inputs, hidden)
    *weights, _, _, _ = shape.parts
    assert all(part % ALIGNMENT == 0 for part in weights)
    assert sum(shape.parts) % ALIGNMENT == 0


def test_padding_is_zero_and_stays_so(update: Update) -> None:
    shape = shape_of(small_job())
    theta = update.after.clone().requires_grad_()
    said = evaluate(theta, shape, update.rollout.observations)
    (said.means.square().sum() + said.values.square().sum() + said.log_std.sum()).backward()
    assert theta.grad is not None
    assert int((theta.grad != 0.0).sum()) <= sum(parameter.numel() for parameter in update.agent.policy.parameters())


def test_large_sums_saturate(update: Update) -> None:
    shape = shape_of(small_job())
    said = evaluate(1e6 * update.after, shape, 1e6 * update.rollout.observations)
    assert bool(said.values.isfinite().all())
