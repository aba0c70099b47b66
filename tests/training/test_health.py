from __future__ import annotations

import numpy as np
import pytest

from envs.vectorised import LaneVecEnv
from tests.support import random_model, small_bars
from trading.codes import ReasonCode
from trading.engines.stream import compute_signals
from trading.model.model import TradingModel
from trading.settings.models import PolicySpec
from trading.simulation.parameters import zero_layers
from trading.steps.policy import Layers
from trading.training.health import LARGEST_DIVERGENCE, SAME_ACTION, breakdown, examine
from trading.training.jobs import TrainingJob
from trading.training.trainers.sb3 import train_one

BARS = small_bars(60)
TRAIN, VALIDATION = (200, 900), (950, 1_400)


def job_of(model: TradingModel, spec: PolicySpec | None = None) -> TrainingJob:
    return TrainingJob(
        name="one",
        seed=3,
        bars=BARS,
        signals=compute_signals(model, BARS),
        model=model,
        train=TRAIN,
        validation=VALIDATION,
        spec=spec or PolicySpec(),
    )


def layers_of(model: TradingModel) -> Layers:
    assert model.layers is not None
    return model.layers


def row(divergence: float) -> dict[str, float]:
    return {"decisions": 1, "divergence": divergence}


def test_a_policy_that_answers_to_what_it_sees_is_sound() -> None:
    model = random_model(1)
    found = examine(job_of(model), layers_of(model))
    assert found.problem is None
    assert np.isfinite(found.score)
    assert (found.record.first_ts, found.record.last_ts) == (BARS.ts[950], BARS.ts[1_399])
    assert breakdown(layers_of(model), [row(0.01), row(0.9 * LARGEST_DIVERGENCE)]) is None
    assert breakdown(layers_of(model), []) is None


@pytest.mark.parametrize("apart", [0.0, 0.4 * SAME_ACTION])
def test_one_action_whatever_is_seen_is_named(apart: float) -> None:
    model = random_model(1)
    inputs = len(model.spec.observation_names)
    layers = zero_layers(4, inputs)._replace(b2=np.array([0.5, 0.25, 0.0, -0.5]))
    # What is shown moves the action by so little at most: a tanh is under 1.
    layers = layers._replace(b1=np.full(4, 0.0), w1=np.zeros((4, 4)), w2=np.full((4, 4), apart / 8.0))
    found = examine(job_of(model), layers)
    assert found.problem is not None
    assert found.problem.code is ReasonCode.POLICY_CONSTANT
    assert "size +0.500" in found.problem.words


def test_a_policy_that_never_trades_is_named_though_its_score_says_so_too() -> None:
    model = random_model(1)
    inputs = len(model.spec.observation_names)
    found = examine(job_of(model), zero_layers(4, inputs)._replace(b2=np.array([-1.0, 0.0, 0.0, 0.0])))
    assert found.problem is not None
    assert found.problem.code is ReasonCode.POLICY_IDLE
    assert found.score == -np.inf


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_named(value: float) -> None:
    layers = layers_of(random_model(1))
    found = breakdown(layers._replace(b1=np.full_like(layers.b1, value)), [row(0.01)])
    assert found is not None
    assert found.code is ReasonCode.TRAINING_DIVERGED


@pytest.mark.parametrize("divergence", [1.1 * LARGEST_DIVERGENCE, np.inf, np.nan])
def test_an_update_that_moved_too_far_is_named_wherever_it_was(divergence: float) -> None:
    found = breakdown(layers_of(random_model(1)), [row(0.01), row(divergence), row(0.02)])
    assert found is not None
    assert found.code is ReasonCode.POLICY_UNSTABLE


def test_a_learning_rate_that_is_far_too_high_is_found_by_the_real_training() -> None:
    model = random_model(1)
    spec = PolicySpec(steps=1_000, lanes=8, rollout=16, batch_size=64, hidden=8, learning_rate=1.0)
    wild = train_one(job_of(model, spec), LaneVecEnv)
    assert wild.problem is not None
    assert wild.problem.code in (ReasonCode.POLICY_UNSTABLE, ReasonCode.TRAINING_DIVERGED)
    calm = train_one(job_of(model, spec.model_copy(update={"learning_rate": 1e-3})), LaneVecEnv)
    assert all(row["divergence"] < 0.2 * LARGEST_DIVERGENCE for row in calm.curve)
