from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from envs.vectorised import LaneVecEnv
from tests.support import random_model, small_bars
from tests.support.models import INPUTS
from trading.codes import ReasonCode
from trading.engines.stream import compute_signals
from trading.errors import TrainingError
from trading.model.model import layer_shapes
from trading.settings.models import PolicySpec
from trading.simulation.parameters import model_parameters
from trading.steps.account import FEE, MIN_CONFIDENCE
from trading.steps.policy import Layers, policy_step
from trading.training.curriculum import LEVELS, lane_parameters
from trading.training.jobs import PolicyResult, TrainingJob, act
from trading.training.reward import decision_reward
from trading.training.trainers.sb3 import export_layers, train, train_one

SPEC = PolicySpec(steps=1_000, lanes=8, rollout=16, batch_size=64, hidden=16, epochs=2)


def _job(name: str = "one", seed: int = 3, **changes: object) -> TrainingJob:
    bars, model = small_bars(90), random_model(1)
    job = TrainingJob(
        name=name,
        seed=seed,
        bars=bars,
        signals=compute_signals(model, bars),
        model=model,
        train=(200, 1500),
        validation=(1550, 2100),
        spec=SPEC,
        episode_bars=300,
    )
    return replace(job, **changes)  # pyright: ignore[reportArgumentType]  # test data


@pytest.fixture(scope="module")
def trained() -> PolicyResult:
    return train_one(_job(), LaneVecEnv)


def test_a_job_gives_the_same_policy_alone_and_beside_another(trained: PolicyResult) -> None:
    seen: dict[str, float] = {}
    results = train(
        [_job(), _job("two", seed=4)], LaneVecEnv, workers=2, progress=lambda name, share: seen.update({name: share})
    )
    assert [result.name for result in results] == ["one", "two"]
    assert all(ours.tobytes() == alone.tobytes() for ours, alone in zip(results[0].layers, trained.layers, strict=True))
    assert results[0].layers.w0.tobytes() != results[1].layers.w0.tobytes()
    assert set(seen) <= {"one", "two"}


def test_training_visits_every_level_of_the_curriculum(trained: PolicyResult) -> None:
    assert [level.name for level in LEVELS] == list(dict.fromkeys(row["level"] for row in trained.curve))
    assert all(np.isfinite(row["mean_reward"]) for row in trained.curve)


def test_training_leaves_nothing_among_the_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    train_one(_job(), LaneVecEnv)
    assert list(tmp_path.iterdir()) == []


def test_exported_weights_act_like_sb3_on_two_thousand_states() -> None:
    from stable_baselines3 import PPO

    agent = PPO("MlpPolicy", LaneVecEnv(_job(), 1), seed=1, device="cpu", policy_kwargs={"net_arch": [64, 64]})
    states = np.random.default_rng(0).normal(size=(2_000, INPUTS)).astype(np.float32) * 2
    expected, _ = agent.predict(states, deterministic=True)
    np.testing.assert_allclose(act(export_layers(agent), states.astype(np.float64)), expected, atol=3e-6)


def test_actions_are_rounded_to_the_quantum() -> None:
    rng = np.random.default_rng(0)
    action = np.empty(4)
    layers = Layers(**{name: rng.normal(size=shape) for name, shape in layer_shapes(8, INPUTS).items()})
    policy_step(layers, rng.normal(size=INPUTS), action)
    np.testing.assert_allclose(action * 1e6, np.round(action * 1e6), atol=1e-6)
    assert (np.abs(action) <= 1).all()


def test_a_signal_without_direction_is_refused_before_any_training() -> None:
    job = _job()
    nothing = replace(job.signals, direction=np.zeros_like(job.signals.direction))
    with pytest.raises(TrainingError) as error:
        train([replace(job, signals=nothing)], LaneVecEnv, workers=1)
    assert error.value.code is ReasonCode.TRAINING_NO_DECISIONS


def test_levels_rise_from_free_to_dearer_than_real() -> None:
    base = model_parameters(random_model(0))
    rng = np.random.default_rng(0)
    fees = [lane_parameters(base, level, 32, rng)[:, FEE].mean() for level in LEVELS]
    assert fees[0] == 0.0
    assert fees[0] < fees[1] < base[FEE] < fees[2]
    assert (lane_parameters(base, LEVELS[2], 4, rng)[:, MIN_CONFIDENCE] == 0.0).all()


def test_reward_prefers_the_steadier_of_two_equal_means() -> None:
    steady, wild = np.array([0.01, 0.01]), np.array([0.05, -0.03])
    assert decision_reward(steady, 5.0).mean() > decision_reward(wild, 5.0).mean()
    assert decision_reward(steady, 0.0).mean() == pytest.approx(decision_reward(wild, 0.0).mean())


class _BrokenEnv(LaneVecEnv):
    """Fails in the worker, where a real environment may."""

    def reset(self) -> np.ndarray:
        raise TrainingError(ReasonCode.TRAINING_DIVERGED, "planted.", remedy="None: this is a test.", place="worker")


def test_an_error_in_a_worker_arrives_as_itself() -> None:
    with pytest.raises(TrainingError, match="planted") as error:
        train([_job()], _BrokenEnv, workers=1)
    assert error.value.fields == {"place": "worker"}


def test_a_worker_does_not_outlive_the_process_that_was_killed(tmp_path: Path) -> None:
    program = tmp_path / "night.py"
    program.write_text(
        "import multiprocessing, time\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "from trading.training.pool import _start_worker\n"
        "import os\n"
        "if __name__ == '__main__':\n"
        "    context = multiprocessing.get_context('spawn')\n"
        "    pool = ProcessPoolExecutor(1, context, _start_worker, (context.Queue(),))\n"
        "    print(pool.submit(os.getpid).result(), flush=True)\n"
        "    pool.submit(time.sleep, 60)\n"
        "    time.sleep(60)\n"
    )
    root = str(Path(__file__).parents[2])
    parent = subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": root}
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while _is_alive(worker) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _is_alive(worker)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
