"""Small jobs, and one update of them by stable-baselines3, for tests of the population."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from envs.vectorised import LaneVecEnv
from tests.support import random_model, small_bars
from trading.engines.stream import compute_signals
from trading.settings.models import PolicySpec
from trading.training.jobs import TrainingJob
from trading.training.ppo import decisions_per_update
from trading.training.trainers.population.net import Shape, rows_of
from trading.training.trainers.population.rollout import Rollout
from trading.training.trainers.sb3 import Done, make_agent

SPEC = PolicySpec(steps=1_000, lanes=16, rollout=32, batch_size=128, hidden=12, epochs=3, entropy=0.01)


def small_job(name: str = "one", seed: int = 3, *, market: int = 7, **changes: Any) -> TrainingJob:
    """A job on a market of its own; its episodes are short, so that many end within a rollout."""
    bars, model = small_bars(90, market), random_model(1)
    job = TrainingJob(
        name=name,
        seed=seed,
        bars=bars,
        signals=compute_signals(model, bars),
        model=model,
        train=(200, 1_500),
        validation=(1_550, 2_100),
        spec=SPEC,
        episode_bars=120,
    )
    return replace(job, **changes)


def shape_of(job: TrainingJob) -> Shape:
    return Shape(job.inputs, job.spec.hidden)


@dataclass(frozen=True, eq=False)
class Update:
    """One rollout and one ``train()`` of stable-baselines3.

    Attributes:
        agent: after it.
        before: rows of its networks.
        rollout: what it learned from, of one learner.
        rewards: mean reward of the rollout.
        ends: episodes that ended in it.
        after: rows of its networks.
    """

    agent: Any
    before: Tensor
    rollout: Rollout
    rewards: float
    ends: int
    after: Tensor


def sb3_update(job: TrainingJob) -> Update:
    """The first update of a job."""
    from stable_baselines3.common.callbacks import BaseCallback

    kept: dict[str, Any] = {}

    class Kept(BaseCallback):
        def _on_step(self) -> bool:
            return True

        def _on_rollout_end(self) -> None:
            buffer: Any = self.model.rollout_buffer  # pyright: ignore[reportAttributeAccessIssue]  # of PPO
            kept["rewards"], kept["ends"] = float(buffer.rewards.mean()), int(buffer.episode_starts[1:].sum())
            kept["rollout"] = Rollout(
                *(
                    torch.as_tensor(buffer.swap_and_flatten(part.copy())).unsqueeze(0)
                    for part in (buffer.observations, buffer.actions)
                ),
                *(
                    torch.as_tensor(buffer.swap_and_flatten(part.copy())).flatten().unsqueeze(0)
                    for part in (buffer.log_probs, buffer.advantages, buffer.returns)
                ),
            )

    torch.set_num_threads(1)
    agent = make_agent(job, LaneVecEnv(job, job.seed), Done(decisions_per_update(job.spec)))
    before = rows_of(agent.policy, shape_of(job))
    agent.learn(decisions_per_update(job.spec), callback=Kept())
    return Update(agent=agent, before=before, after=rows_of(agent.policy, shape_of(job)), **kept)


def gradient_rows(agent: Any, shape: Shape) -> Tensor:
    """The gradients that an agent's parameters hold, as rows of its networks."""
    policy = agent.policy
    values = [parameter.detach().clone() for parameter in policy.parameters()]
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.copy_(parameter.grad)
        rows = rows_of(policy, shape)
        for parameter, value in zip(policy.parameters(), values, strict=True):
            parameter.copy_(value)
    return rows


def beside(rows: Tensor, rollout: Rollout) -> tuple[Tensor, Rollout]:
    """A learner between two others, whose weights and decisions are others."""
    generator = torch.Generator().manual_seed(1)
    others = rows + 0.1 * torch.randn(rows.shape, generator=generator)
    turned = Rollout(*(part.flip(1) for part in rollout))
    theta = torch.cat([others, rows, others.flip(1)])
    return theta, Rollout(*(torch.cat(parts) for parts in zip(turned, rollout, turned, strict=True)))


def permutations(seed: int, learners: int = 1) -> list[np.random.RandomState]:
    return [np.random.RandomState(seed) for _ in range(learners)]
