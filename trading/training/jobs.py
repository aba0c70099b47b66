"""PPO training of many policies: a list of jobs in, a list of results out, each job in a process of its own.

A process a job keeps torch's global random state and thread count to one job, so a policy is the same whether it is
trained alone or beside others.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from multiprocessing.connection import wait as wait_for
from typing import TYPE_CHECKING, Any

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.errors import TrainingError
from trading.market.bars import Bars
from trading.model.model import ACTIONS, OBSERVATION_SIZE, TradingModel
from trading.settings.models import PolicySpec
from trading.simulation.parameters import model_parameters
from trading.simulation.signals import Signals, run_lanes
from trading.steps.policy import policy_step
from trading.training.curriculum import LEVELS

if TYPE_CHECKING:
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import VecEnv

Layers = dict[str, Floats]
Progress = Callable[[str, float], None]

LAYER_NAMES = ("w0", "b0", "w1", "b1", "w2", "b2")
LARGEST_EXPORT_ERROR = 1e-5


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """One policy to train: a seed, fold or symbol.

    Attributes:
        name: unique among the jobs of a call.
        seed: of everything random in this job.
        bars, signals: the whole series.
        model: scaler, regimes and calibrator; its policy layers are not used.
        train, validation: half-open ranges of bars.
        spec: hyper-parameters.
        episode_bars: longest episode.
    """

    name: str
    seed: int
    bars: Bars
    signals: Signals
    model: TradingModel
    train: tuple[int, int]
    validation: tuple[int, int]
    spec: PolicySpec
    episode_bars: int = 2_000


@dataclass(frozen=True, eq=False)
class PolicyResult:
    """A trained policy as plain weights.

    Attributes:
        name, seed: of the job.
        layers: w0, b0, w1, b1, w2, b2 as float64.
        validation_score: mean over standard deviation of the validation equity's returns; minus infinity if it never
            moved.
        curve: one row an update: decisions so far, level, mean reward.
    """

    name: str
    seed: int
    layers: Layers
    validation_score: float
    curve: list[dict[str, Any]]


MakeEnvironment = Callable[[TrainingJob, int], "VecEnv"]


def train(
    jobs: Sequence[TrainingJob], make_environment: MakeEnvironment, workers: int, progress: Progress | None = None
) -> list[PolicyResult]:
    """Train every job and return the results in the order of the jobs.

    Args:
        jobs: what to train.
        make_environment: an importable function or class, called with a job and a seed (``envs.LaneVecEnv``).
        workers: processes at a time, one thread each.
        progress: called with a job's name and the share that is done.

    Raises:
        TrainingError: if a job has nothing to decide, diverges, or its weights do not act like the trained policy.
    """
    for job in jobs:
        _require_decisions(job)
    context = multiprocessing.get_context("spawn")
    messages = context.Queue()
    with ProcessPoolExecutor(min(workers, len(jobs)), context, _start_worker, (messages,)) as pool:
        futures = [pool.submit(train_one, job, make_environment) for job in jobs]
        pending = set(futures)
        while pending:
            _, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
            _pass_on(messages, progress)
        return [future.result() for future in futures]


def train_one(job: TrainingJob, make_environment: MakeEnvironment) -> PolicyResult:
    """Train one policy in this process through every level of the curriculum."""
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.logger import Logger

    torch.set_num_threads(1)
    spec = job.spec
    environment = make_environment(job, job.seed)
    per_update = spec.rollout * spec.lanes
    agent = PPO(
        "MlpPolicy",
        environment,
        learning_rate=lambda left: spec.learning_rate * max(left, 0.1),
        n_steps=spec.rollout,
        batch_size=min(spec.batch_size, per_update),
        n_epochs=spec.epochs,
        gamma=spec.gamma,
        ent_coef=spec.entropy,
        policy_kwargs={"net_arch": [spec.hidden, spec.hidden], "log_std_init": -0.5},
        seed=job.seed,
        device="cpu",
    )
    # Its own logger would leave an empty folder among the temporary files at every level.
    agent.set_logger(Logger(None, []))
    curve: list[dict[str, Any]] = []
    for level, steps in zip(LEVELS, _level_steps(spec.steps, per_update), strict=True):
        environment.set_level(level)  # pyright: ignore[reportAttributeAccessIssue]  # of LaneVecEnv
        agent.learn(
            steps,
            callback=_recorder(curve, level.name, job.name, spec.steps),
            reset_num_timesteps=not curve,
            progress_bar=False,
        )
    layers = export_layers(agent)
    _verify_export(agent, layers, job.seed)
    return PolicyResult(job.name, job.seed, layers, validation_score(job, layers), curve)


def export_layers(agent: PPO) -> Layers:
    """The deterministic part of an SB3 policy as plain float64 arrays."""
    network: Any = agent.policy.mlp_extractor.policy_net
    linear: tuple[Any, ...] = (network[0], network[2], agent.policy.action_net)
    layers: Layers = {}
    for index, layer in enumerate(linear):
        layers[f"w{index}"] = _plain(layer.weight)
        layers[f"b{index}"] = _plain(layer.bias)
    if not all(np.isfinite(array).all() for array in layers.values()):
        raise TrainingError(
            ReasonCode.TRAINING_DIVERGED,
            "the policy's weights are not finite.",
            remedy="Lower policy.learning_rate or raise policy.batch_size.",
        )
    return layers


def _plain(parameter: Any) -> Floats:
    return np.asarray(parameter.detach().numpy(), dtype=np.float64)


def act(layers: Layers, observations: Floats) -> Floats:
    """Deterministic actions of plain layers, shape (n, 4), by the step that backtest and live runner use."""
    actions = np.empty((len(observations), len(ACTIONS)))
    for row, observation in enumerate(observations):
        w0, b0, w1, b1, w2, b2 = (layers[name] for name in LAYER_NAMES)
        policy_step(w0, b0, w1, b1, w2, b2, np.ascontiguousarray(observation), actions[row])
    return actions


def validation_score(job: TrainingJob, layers: Layers) -> float:
    """How steadily the policy earns on the validation split, at its own costs and limits."""
    model = replace(job.model, **layers)
    run = run_lanes(model, [job.bars], [model_parameters(model)], *job.validation)[0]
    returns = np.diff(np.log(np.r_[job.model.spec.risk.initial_equity, run.equity]))
    deviation = float(returns.std())
    return float(returns.mean()) / deviation if deviation > 0.0 else -np.inf


def zero_layers(hidden: int) -> Layers:
    """Layers of the right shapes that always act in the middle of every range."""
    shapes = ((hidden, OBSERVATION_SIZE), (hidden, hidden), (len(ACTIONS), hidden))
    return {
        **{f"w{i}": np.zeros(shape) for i, shape in enumerate(shapes)},
        **{f"b{i}": np.zeros(shape[0]) for i, shape in enumerate(shapes)},
    }


def _require_decisions(job: TrainingJob) -> None:
    start, stop = job.train
    directed = job.signals.direction[start:stop] != 0
    episode = min(job.episode_bars, stop - start - 1)
    if not directed.any() or episode < 2:
        raise TrainingError(
            ReasonCode.TRAINING_NO_DECISIONS,
            f"{job.name}: the regime signal has no direction on any of {stop - start} training bars.",
            remedy="Lower regimes.direction_threshold or use more history.",
        )


def _level_steps(total: int, per_update: int) -> list[int]:
    return [max(per_update, round(level.share * total / per_update) * per_update) for level in LEVELS]


def _recorder(curve: list[dict[str, Any]], level: str, name: str, total: int) -> Any:
    from stable_baselines3.common.callbacks import BaseCallback

    class Recorder(BaseCallback):
        def _on_step(self) -> bool:
            return True

        def _on_rollout_end(self) -> None:
            rewards = float(np.mean(self.model.rollout_buffer.rewards))  # pyright: ignore[reportAttributeAccessIssue]
            curve.append({"decisions": self.num_timesteps, "level": level, "mean_reward": rewards})
            if _messages is not None:
                _messages.put((name, min(self.num_timesteps / total, 1.0)))

    return Recorder()


def _verify_export(agent: PPO, layers: Layers, seed: int) -> None:
    observations = np.random.default_rng(seed).normal(size=(256, OBSERVATION_SIZE)).astype(np.float32)
    expected, _ = agent.predict(observations, deterministic=True)
    error = float(np.max(np.abs(act(layers, observations.astype(np.float64)) - expected)))
    if not error <= LARGEST_EXPORT_ERROR:
        raise TrainingError(
            ReasonCode.EXPORT_MISMATCH,
            f"exported weights act up to {error:.1e} away from the trained policy, {LARGEST_EXPORT_ERROR} is allowed.",
            remedy="Report this with the versions of torch and stable-baselines3: the policy's layout has changed.",
        )


_messages: Any = None


def _start_worker(messages: Any) -> None:
    global _messages
    _messages = messages
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """End this process when its parent does: a night that was killed must not leave its workers behind."""
    wait_for([sentinel])
    os._exit(1)


def _pass_on(messages: Any, progress: Progress | None) -> None:
    while True:
        try:
            name, share = messages.get_nowait()
        except queue.Empty:
            return
        if progress is not None:
            progress(name, share)
