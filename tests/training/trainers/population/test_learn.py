from __future__ import annotations

import pytest
import torch

from tests.training.trainers.population.small import (
    SPEC,
    beside,
    gradient_rows,
    permutations,
    sb3_update,
    shape_of,
    small_job,
)
from trading.training.ppo import LARGEST_GRADIENT, decisions_per_update, learning_rate
from trading.training.trainers.population.learn import clip_gradients, learn, losses, new_adam
from trading.training.trainers.population.net import rows_of

CLOSE = 1e-5


def test_the_gradient_of_a_minibatch_is_that_of_stable_baselines3() -> None:
    spec = SPEC.model_copy(update={"epochs": 1, "batch_size": decisions_per_update(SPEC)})
    job = small_job(spec=spec)
    update = sb3_update(job)
    agent, shape = update.agent, shape_of(job)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        # Far enough from where the actions were drawn that some ratios are clipped.
        for parameter in agent.policy.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    agent.max_grad_norm = float("inf")
    rows = rows_of(agent.policy, shape)
    agent.train()
    expected = gradient_rows(agent, shape)
    alone = rows.clone().requires_grad_()
    loss, _ = losses(alone, update.rollout, shape, spec)
    loss.sum().backward()
    assert alone.grad is not None
    scale = float(expected.abs().max())
    assert scale > 0.01
    torch.testing.assert_close(alone.grad, expected, rtol=0.0, atol=CLOSE * scale)
    theta, rollout = beside(rows, update.rollout)
    theta.requires_grad_()
    loss, _ = losses(theta, rollout, shape, spec)
    loss.sum().backward()
    assert theta.grad is not None
    assert torch.equal(theta.grad[2:4], alone.grad)


@pytest.mark.filterwarnings("ignore:You have specified a mini-batch size")
@pytest.mark.parametrize("batch_size", [128, 96])
def test_all_epochs_over_one_rollout_end_where_those_of_stable_baselines3_end(batch_size: int) -> None:
    spec = SPEC.model_copy(update={"batch_size": batch_size})
    job = small_job(spec=spec)
    update = sb3_update(job)
    theta = update.before.clone().requires_grad_()
    rate = learning_rate(spec, decisions_per_update(spec))
    moved = learn(new_adam(theta), update.rollout, shape_of(job), spec, rate=rate, orders=permutations(job.seed))
    assert moved == pytest.approx([update.agent.logger.name_to_value["train/approx_kl"]], rel=1e-3)
    assert float((update.after - update.before).abs().max()) > 100.0 * CLOSE
    torch.testing.assert_close(theta.detach(), update.after, rtol=0.0, atol=CLOSE)


def test_the_last_minibatch_may_hold_a_single_decision() -> None:
    update = sb3_update(small_job())
    spec = SPEC.model_copy(update={"batch_size": decisions_per_update(SPEC) - 1, "epochs": 1})
    theta = update.before.clone().requires_grad_()
    learn(new_adam(theta), update.rollout, shape_of(small_job()), spec, rate=1e-3, orders=permutations(1))
    assert bool(theta.isfinite().all())


def test_each_learner_is_clipped_by_its_own_norm() -> None:
    gradient = torch.zeros(6, 32)
    gradient[0:2], gradient[2:4], gradient[4, 0] = 10.0, 1e-3, float("nan")
    small = gradient[2:4].clone()
    clip_gradients(gradient)
    assert float(gradient[0:2].norm()) == pytest.approx(LARGEST_GRADIENT, rel=1e-5)
    assert torch.equal(gradient[2:4], small)
    assert bool(gradient[4:].isnan().all())
