from __future__ import annotations

import numpy as np
import pytest
import torch

from envs.vectorised import LaneVecEnv
from tests.training.trainers.population.small import SPEC, Update, sb3_update, shape_of, small_job
from trading.training.trainers.population.learner import new_learner
from trading.training.trainers.population.rollout import advantages_of, collect


@pytest.fixture(scope="module")
def update() -> Update:
    return sb3_update(small_job())


def test_a_learner_begins_where_stable_baselines3_begins_and_leaves_torchs_own_stream_alone(update: Update) -> None:
    state = torch.get_rng_state()
    _, rows = new_learner(small_job(), LaneVecEnv)
    assert torch.equal(rows, update.before)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_rollout_with_ended_episodes_is_that_of_stable_baselines3(update: Update) -> None:
    assert update.ends > 10
    job = small_job()
    learner, rows = new_learner(job, LaneVecEnv)
    learner.observations = learner.environment.reset()  # pyright: ignore[reportAttributeAccessIssue]
    rollout, rewards = collect([learner], rows, shape_of(job), SPEC)
    assert rewards[0] == pytest.approx(update.rewards, abs=1e-6)
    for name, ours, theirs in zip(rollout._fields, rollout, update.rollout, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5, msg=lambda text, name=name: f"{name}: {text}")


def test_nothing_is_credited_across_the_end_of_an_episode() -> None:
    rewards, values = np.ones((1, 1, 4), dtype=np.float32), np.zeros((1, 1, 4), dtype=np.float32)
    ends, last = np.array([[[0, 1, 0, 0]]], dtype=np.float32), np.full((1, 1), 8.0, dtype=np.float32)
    credit = 0.5 * 0.95
    np.testing.assert_allclose(
        advantages_of(rewards, values, last, ends, 0.5)[0, 0],
        [1.0 + credit, 1.0, 1.0 + credit * 5.0, 5.0],
        rtol=1e-6,
    )
