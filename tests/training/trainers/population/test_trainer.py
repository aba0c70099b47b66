from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from envs.vectorised import LaneVecEnv
from tests.training.trainers.population.small import SPEC, small_job
from trading.codes import ReasonCode
from trading.errors import ConfigError, TrainingError
from trading.settings.models import PolicySpec
from trading.training.jobs import PolicyResult, TrainingJob
from trading.training.trainers import TRAINERS, trainer
from trading.training.trainers.population.trainer import populations, train_population
from trading.training.trainers.sb3 import train_one

ODD = SPEC.model_copy(update={"hidden": 7, "lanes": 11, "rollout": 13, "batch_size": 17, "epochs": 2})


def _trained(jobs: list[TrainingJob], environment: type[LaneVecEnv] = LaneVecEnv) -> list[PolicyResult]:
    results = train_population(jobs, environment)
    assert all(isinstance(result, PolicyResult) for result in results)
    return [result for result in results if isinstance(result, PolicyResult)]


def _same(ours: PolicyResult, theirs: PolicyResult) -> bool:
    weights = all(a.tobytes() == b.tobytes() for a, b in zip(ours.layers, theirs.layers, strict=True))
    return weights and ours.curve == theirs.curve and ours.fits == theirs.fits and ours.name == theirs.name


def _night(spec: PolicySpec) -> list[TrainingJob]:
    """Two seeds, two folds and two symbols."""
    return [
        small_job(f"{market}-{stop}-{seed}", seed, market=market, train=(200, stop), spec=spec)
        for market in (7, 8)
        for stop in (1_100, 1_500)
        for seed in (3, 4)
    ]


def test_a_whole_training_is_that_of_stable_baselines3_with_the_same_seed() -> None:
    (ours,), theirs = _trained([small_job()]), train_one(small_job(), LaneVecEnv)
    for a, b in zip(ours.layers, theirs.layers, strict=True):
        np.testing.assert_allclose(a, b, rtol=0.0, atol=1e-5)
    for a, b in zip(ours.curve, theirs.curve, strict=True):
        near = {name: pytest.approx(b[name], abs=1e-5) for name in ("mean_reward", "divergence")}
        assert a == {**b, **near}
    assert ours.fits == theirs.fits
    assert ours.validation_score == pytest.approx(theirs.validation_score, abs=1e-4)


@pytest.mark.parametrize("spec", [SPEC, ODD], ids=["even", "odd"])
def test_a_job_gives_the_same_bits_alone_and_in_any_place_of_a_population(spec: PolicySpec) -> None:
    jobs = _night(spec)
    together, turned = _trained(jobs), _trained(jobs[::-1][:5])
    for number in (0, 3, 7):
        assert _same(together[number], _trained([jobs[number]])[0])
    assert all(_same(a, b) for a, b in zip(together[::-1][:5], turned, strict=True))
    assert len({result.layers.w0.tobytes() for result in together}) == len(jobs)


class _Poisoned(LaneVecEnv):
    """Pays the job of one seed what is no number, in the middle of its training."""

    def __init__(self, job: TrainingJob, seed: int) -> None:
        super().__init__(job, seed)
        self._left = 40 if seed == 4 else -1

    def step_wait(self):
        observations, rewards, done, infos = super().step_wait()
        self._left -= 1
        if self._left == 0:
            rewards[1] = np.nan
        return observations, rewards, done, infos


def test_a_nan_in_one_job_fails_it_by_name_and_changes_no_bit_of_the_others() -> None:
    jobs = [small_job(name, seed) for name, seed in (("first", 3), ("second", 4), ("third", 5))]
    sound = _trained(jobs)
    first, failed, third = train_population(jobs, _Poisoned)
    assert _same(first, sound[0])
    assert _same(third, sound[2])
    assert failed.name == "second"
    assert failed.problem is not None
    assert failed.problem.code is ReasonCode.TRAINING_DIVERGED
    assert failed.validation_score == -np.inf


def test_jobs_that_differ_in_shape_or_budget_train_apart_and_each_process_has_its_share() -> None:
    wide, longer = (SPEC.model_copy(update=change) for change in ({"hidden": 16}, {"steps": 2_000}))
    specs = [SPEC, wide, SPEC, longer, SPEC, SPEC, wide]
    jobs = [small_job(str(number), number, spec=spec) for number, spec in enumerate(specs)]
    assert populations(jobs, 1) == [[0, 2, 4, 5], [1, 6], [3]]
    assert populations(jobs, 2) == [[0, 2], [4, 5], [1], [6], [3]]


def test_results_come_from_processes_in_the_order_of_the_jobs_and_say_how_far_they_are() -> None:
    wide = SPEC.model_copy(update={"hidden": 16})
    jobs = [small_job("one", 3), small_job("wide", 4, spec=wide), small_job("two", 5)]
    said: dict[str, float] = {}
    results = trainer("population")(
        jobs, LaneVecEnv, workers=2, progress=lambda name, share: said.update({name: share})
    )
    assert [result.name for result in results] == ["one", "wide", "two"]
    assert all(_same(ours, _trained([job])[0]) for ours, job in zip(results, jobs, strict=True))
    assert set(said) <= {"one", "wide", "two"}


@pytest.mark.parametrize("name", TRAINERS)
def test_a_job_that_diverged_is_named_and_stops_no_other(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def here(work: Any, items: Sequence[Any], make: Any, **_: object) -> list[Any]:
        return [work(item, make) for item in items]

    for module in ("population.trainer", "sb3"):
        monkeypatch.setattr(f"trading.training.trainers.{module}.train_in_processes", here)
    sound, failed = trainer(name)([small_job("first", 3), small_job("second", 4)], _Poisoned, workers=1)
    assert sound.problem is None
    assert failed.problem is not None
    assert failed.name == "second"
    assert failed.problem.code is ReasonCode.TRAINING_DIVERGED


@pytest.mark.parametrize("name", TRAINERS)
def test_a_device_that_torch_does_not_have_is_refused_before_any_training(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    job = small_job(spec=SPEC.model_copy(update={"device": "cuda"}))
    with pytest.raises(ConfigError, match=r"policy\.device") as refused:
        trainer(name)([job], LaneVecEnv, workers=1)
    assert "cpu" in refused.value.remedy


@pytest.mark.parametrize("name", TRAINERS)
def test_a_signal_without_direction_is_refused_by_every_trainer(name: str) -> None:
    job = small_job()
    nothing = small_job(signals=replace(job.signals, direction=np.zeros_like(job.signals.direction)))
    with pytest.raises(TrainingError) as refused:
        trainer(name)([nothing], LaneVecEnv, workers=1)
    assert refused.value.code is ReasonCode.TRAINING_NO_DECISIONS
