"""Training jobs in, trained policies out: what every trainer takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.engines.stream import Signals
from trading.errors import TrainingError
from trading.market.bars import Bars
from trading.model.fits import FitRecord
from trading.model.model import TradingModel
from trading.settings.models import PolicySpec
from trading.simulation.training_lanes import TrainingSeries
from trading.steps.policy import ACTIONS, Layers, policy_step

if TYPE_CHECKING:
    from stable_baselines3.common.vec_env import VecEnv

Progress = Callable[[str, float], None]
"""Called with a job's name and the share of it that is done."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingJob:
    """One policy to train: a seed, fold or symbol.

    Attributes:
        name: unique among the jobs of a call.
        seed: of everything random in this job.
        bars: the whole series.
        signals: of the model on the same bars.
        model: scaler, engine and calibrator; its policy layers are not used.
        train: half-open range of bars.
        validation: half-open range of bars.
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

    @property
    def series(self) -> TrainingSeries:
        """What the lanes of this job may see."""
        start, stop = self.train
        return TrainingSeries(bars=self.bars, signals=self.signals, start=start, stop=stop)

    @property
    def inputs(self) -> int:
        """Numbers in an observation."""
        return len(self.model.spec.observation_names)


@dataclass(frozen=True, eq=False, kw_only=True)
class PolicyResult:
    """A trained policy as plain weights.

    Attributes:
        name: of the job.
        seed: of the job.
        layers: as float64.
        validation_score: mean over standard deviation of the validation equity's returns; minus infinity if it never
            moved.
        curve: one row an update: decisions so far, level, mean reward, and how far the update moved the policy, nats.
        fits: the bars that trained it (``policy``) and those that scored it (``choice``); the leakage gate refuses a
            candidate without them.
        problem: why it is none that may trade, whatever its score; None if it is sound.
    """

    name: str
    seed: int
    layers: Layers
    validation_score: float
    curve: list[dict[str, Any]]
    fits: tuple[FitRecord, ...] = ()
    problem: Problem | None = None


BREAKDOWNS = (ReasonCode.TRAINING_DIVERGED, ReasonCode.POLICY_UNSTABLE)
"""Problems of the learning itself, whatever the market."""


class Problem(NamedTuple):
    """Why a trained policy is none that may trade.

    Attributes:
        code: of the reason.
        words: the same with numbers.
    """

    code: ReasonCode
    words: str

    def __str__(self) -> str:
        return f"{self.code}: {self.words}"


MakeEnvironment = Callable[[TrainingJob, int], "VecEnv"]
"""An importable function or class, called with a job and a seed (``envs.LaneVecEnv``)."""


class Trainer(Protocol):
    """Trains every job and returns the results in the order of the jobs."""

    def __call__(
        self,
        jobs: Sequence[TrainingJob],
        make_environment: MakeEnvironment,
        *,
        workers: int,
        progress: Progress | None = None,
    ) -> list[PolicyResult]:
        """Train.

        A job whose training breaks down does not stop the others: its result names the problem.

        Args:
            jobs: what to train.
            make_environment: builds the training environment of a job.
            workers: processes at a time, one thread each; any number gives the same policies.
            progress: called while a job goes on.

        Raises:
            TrainingError: if a job has nothing to decide, or its weights do not act like the trained policy.
        """
        ...


def require_decisions(job: TrainingJob) -> None:
    """Refuse a job whose signal never offers the agent a decision.

    Args:
        job: checked on its training range alone.

    Raises:
        TrainingError: ``TRAINING_NO_DECISIONS``.
    """
    start, stop = job.train
    directed = job.signals.direction[start:stop] != 0
    episode = min(job.episode_bars, stop - start - 1)
    if not directed.any() or episode < 2:
        raise TrainingError(
            ReasonCode.TRAINING_NO_DECISIONS,
            f"{job.name}: the {job.model.spec.engine.name} engine has no direction on any of {stop - start} training "
            "bars.",
            remedy="Lower the engine's threshold (regimes.direction_threshold) or use more history.",
        )


def act(layers: Layers, observations: Floats) -> Floats:
    """Deterministic actions of plain layers, shape (n, A), by the step that backtest and live runner use.

    Args:
        layers: of the policy.
        observations: shape (n, I).
    """
    actions = np.empty((len(observations), len(ACTIONS)))
    for row, observation in enumerate(observations):
        policy_step(layers, np.ascontiguousarray(observation), actions[row])
    return actions
