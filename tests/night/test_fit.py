"""Training sees the train and validation splits and nothing of the test split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from trading.checks.leakage.refit import check_refit, other_future
from trading.codes import ReasonCode
from trading.engines.choice import chosen_engines
from trading.engines.regimes.matching import match_regimes
from trading.engines.series import compute_features
from trading.engines.stream import compute_signals
from trading.errors import DataError, TrainingError
from trading.market.bars import Bars
from trading.market.sources.simulated import SimulatedMarket, simulate
from trading.model.fits import LATEST_SPLIT, FitRecord
from trading.model.model import layer_shapes
from trading.night import data, fit
from trading.night.artifacts import BARS, FIT_REPORT, MODEL, POLICIES, POLICY_REPORT, SPLITS
from trading.night.fit import FittedModel, TrainedModel
from trading.night.workspace import Night, open_night
from trading.settings.models import (
    DepthSpec,
    FeatureSpec,
    LeakageSpec,
    PolicySpec,
    RegimeSpec,
    RuntimeSpec,
    SevengatesSettings,
)
from trading.splits import Splits
from trading.steps.features import FEATURE_NAMES
from trading.steps.observation import observation_names
from trading.steps.policy import ACTIONS, Layers
from trading.store import Ref
from trading.training.jobs import PolicyResult, Problem, TrainingJob
from trading.training.trainers import TRAINERS

POLICY = PolicySpec(seeds=3, steps=1_000, hidden=4)


class Prepared(NamedTuple):
    """A night up to its regimes."""

    bars: Ref[Bars]
    splits: Ref[Splits]
    regimes: FittedModel


@pytest.fixture
def night(tmp_path: Path) -> Night:
    settings = SevengatesSettings(
        policy=POLICY, regimes=RegimeSpec(seeds=1, iterations=10), runtime=RuntimeSpec(home=str(tmp_path))
    )
    return open_night(settings, "SIM", "2022-01-01")


@pytest.fixture(scope="module")
def bars() -> Bars:
    return simulate(SimulatedMarket(), 1_609_459_200_000 + 3_000 * 3_600_000).bars


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[TrainingJob]:
    """The jobs that reach the trainer; the second policy is the best."""
    seen: list[TrainingJob] = []

    def train(jobs: Sequence[TrainingJob], *_: Any, **__: Any) -> list[PolicyResult]:
        seen.extend(jobs)
        return [
            PolicyResult(
                name=job.name,
                seed=job.seed,
                layers=layers_of(float(number)),
                validation_score=score,
                curve=[],
                fits=(
                    FitRecord(part="policy", first_ts=10, last_ts=20 + number),
                    FitRecord(part="choice", first_ts=30, last_ts=40 + number),
                ),
            )
            for number, (job, score) in enumerate(zip(jobs, (-np.inf, 0.2, 0.1), strict=True))
        ]

    monkeypatch.setitem(TRAINERS, "sb3", lambda: train)
    return seen


def test_a_model_knows_the_features_that_the_settings_name_and_no_others(bars: Bars, tmp_path: Path) -> None:
    names = ("close_location", "range_surprise", "log_return_slow")
    settings = SevengatesSettings(
        features=FeatureSpec(names=names),
        policy=PolicySpec(kind="fixed"),
        regimes=RegimeSpec(seeds=2, iterations=10),
        runtime=RuntimeSpec(home=str(tmp_path)),
    )
    night = open_night(settings, "SIM", "2022-01-01")
    prepared = prepare(night, bars)
    model = night.store.get(MODEL, train(night, prepared).model_ref)
    assert model.spec.feature_names == names
    assert model.spec.observation_names[:3] == names
    assert model.scaler_mean.shape == (3,)
    signals = compute_signals(model, bars)
    assert signals.features.shape == (len(bars), 3)
    raw = compute_features(bars, model.spec.windows.as_step())
    columns = [FEATURE_NAMES.index(name) for name in names]
    expected = (raw[:, columns] - model.scaler_mean) / model.scaler_deviation
    np.testing.assert_allclose(signals.features[200:], expected[200:], rtol=1e-12, atol=1e-12)


def layers_of(bias: float) -> Layers:
    shapes = layer_shapes(4, len(observation_names(FeatureSpec().names)))
    arrays = {name: np.zeros(shape) for name, shape in shapes.items()}
    return Layers(**{**arrays, "b2": np.full(len(ACTIONS), bias)})


def prepare(night: Night, bars: Bars) -> Prepared:
    kept = night.store.put(BARS, bars)
    features = data.compute_features(night, kept)
    splits = data.make_splits(night, kept, night.plan.engines)
    return Prepared(kept, splits, fit.fit_model(night, kept, features, splits, night.plan.engines[0]))


def train(night: Night, prepared: Prepared) -> TrainedModel:
    return fit.train_policy(
        night,
        prepared.bars,
        prepared.splits,
        prepared.regimes.model_ref,
        make_environment=lambda job, seed: pytest.fail("no training here"),
    )


def test_the_test_split_is_not_shown_to_training(night: Night, bars: Bars, jobs: list[TrainingJob]) -> None:
    prepared = prepare(night, bars)
    train(night, prepared)
    stop = night.store.get(SPLITS, prepared.splits).validation.stop
    assert [len(job.bars) for job in jobs] == [stop] * POLICY.seeds
    assert len({job.seed for job in jobs}) == POLICY.seeds


def test_the_best_policy_on_validation_is_kept(night: Night, bars: Bars, jobs: list[TrainingJob]) -> None:
    trained = train(night, prepare(night, bars))
    layers = night.store.get(MODEL, trained.model_ref).layers
    assert layers is not None
    assert layers.b2.tolist() == [1.0] * 4
    assert night.store.get(POLICY_REPORT, trained.report_ref)["chosen"] == jobs[1].name


@pytest.mark.parametrize("average", [2, 3])
def test_the_mean_of_the_best_policies_is_kept_if_that_is_asked_for(
    tmp_path: Path, bars: Bars, jobs: list[TrainingJob], average: int
) -> None:
    settings = SevengatesSettings(
        policy=POLICY.model_copy(update={"average": average}),
        regimes=RegimeSpec(seeds=1, iterations=10),
        runtime=RuntimeSpec(home=str(tmp_path)),
    )
    night = open_night(settings, "SIM", "2022-01-01")
    trained = train(night, prepare(night, bars))
    model = night.store.get(MODEL, trained.model_ref)
    report = night.store.get(POLICY_REPORT, trained.report_ref)
    assert model.layers is not None
    scored = {row["name"]: row["validation_score"] for row in report["policies"]}
    assert report["averaged"] == sorted(scored, key=lambda name: float(scored[name]), reverse=True)[:average]
    assert report["chosen"] == jobs[1].name == report["averaged"][0]
    assert model.spec.policy.hidden == len(model.layers.b0) == average * 4


class Unsound(NamedTuple):
    """Problems of the policies that a planted trainer returns, in order."""

    problems: tuple[Problem | None, ...]

    def __call__(self, jobs: Sequence[TrainingJob], *_: Any, **__: Any) -> list[PolicyResult]:
        return [
            PolicyResult(
                name=job.name,
                seed=job.seed,
                layers=layers_of(np.nan if problem and problem.code is ReasonCode.TRAINING_DIVERGED else float(number)),
                validation_score=1.0 - 0.1 * number,
                curve=[{"decisions": 10, "level": "free", "mean_reward": 0.1, "divergence": float("inf")}],
                fits=(
                    FitRecord(part="policy", first_ts=10, last_ts=20),
                    FitRecord(part="choice", first_ts=30, last_ts=40),
                ),
                problem=problem,
            )
            for number, (job, problem) in enumerate(zip(jobs, self.problems, strict=True))
        ]


CONSTANT = Problem(ReasonCode.POLICY_CONSTANT, "all alike")
IDLE = Problem(ReasonCode.POLICY_IDLE, "no trade")
DIVERGED = Problem(ReasonCode.TRAINING_DIVERGED, "not finite")
UNSTABLE = Problem(ReasonCode.POLICY_UNSTABLE, "too far")


def test_a_policy_with_a_problem_is_named_and_never_taken_however_good_its_score(
    night: Night, bars: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRAINERS, "sb3", lambda: Unsound((CONSTANT, DIVERGED, None)))
    said: list[str] = []
    prepared = prepare(night, bars)
    trained = fit.train_policy(
        night,
        prepared.bars,
        prepared.splits,
        prepared.regimes.model_ref,
        make_environment=lambda job, seed: pytest.fail("no training here"),
        say=said.append,
    )
    layers = night.store.get(MODEL, trained.model_ref).layers
    assert layers is not None
    assert layers.b2.tolist() == [2.0] * 4
    report = night.store.get(POLICY_REPORT, trained.report_ref)
    assert [row["problem"] for row in report["policies"]] == [
        "POLICY_CONSTANT: all alike",
        "TRAINING_DIVERGED: not finite",
        "",
    ]
    assert said == [
        "policy SIM-0 is not taken, POLICY_CONSTANT: all alike",
        "policy SIM-1 is not taken, TRAINING_DIVERGED: not finite",
    ]
    (kept,) = night.store.get(POLICIES, trained.policies_ref)
    assert kept.b2.tolist() == [2.0] * 4


def test_of_policies_that_all_learned_nothing_none_is_taken_and_the_night_goes_on_without_trading(
    night: Night, bars: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRAINERS, "sb3", lambda: Unsound((CONSTANT, DIVERGED, IDLE)))
    trained = train(night, prepare(night, bars))
    model = night.store.get(MODEL, trained.model_ref)
    assert model.spec.policy.kind == "fixed"
    assert model.spec.policy.action[0] == -1.0
    assert night.store.get(POLICY_REPORT, trained.report_ref)["chosen"] == "idle"
    assert night.store.get(POLICIES, trained.policies_ref) == ()


def test_a_training_in_which_every_policy_broke_down_is_an_error_that_names_each(
    night: Night, bars: Bars, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRAINERS, "sb3", lambda: Unsound((DIVERGED, UNSTABLE, DIVERGED)))
    with pytest.raises(TrainingError, match="SIM-1, POLICY_UNSTABLE: too far") as refused:
        train(night, prepare(night, bars))
    assert refused.value.code is ReasonCode.TRAINING_DIVERGED
    assert refused.value.fields["policies"] == ["SIM-0", "SIM-1", "SIM-2"]
    assert "policy.learning_rate" in refused.value.remedy


def test_other_test_bars_give_the_same_scaler_regimes_and_calibrator(night: Night, bars: Bars) -> None:
    prepared = prepare(night, bars)
    stop = night.store.get(SPLITS, prepared.splits).validation.stop
    factor = np.where(np.arange(len(bars)) < stop, 1.0, 3.0)
    changed = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close", "volume")}
    other = prepare(night, replace(bars, **changed))
    assert other.regimes.model_ref == prepared.regimes.model_ref
    assert other.bars != prepared.bars


def test_every_fit_says_which_bars_it_saw(night: Night, bars: Bars) -> None:
    prepared = prepare(night, bars)
    splits = night.store.get(SPLITS, prepared.splits)
    fits = {row["part"]: row for row in night.store.get(FIT_REPORT, prepared.regimes.report_ref)["fits"]}
    ends = {part: int(bars.ts[splits.part(split).stop - 1]) for part, split in LATEST_SPLIT.items()}
    assert list(fits) == ["scaler", "engine", "calibrator"]
    for part in ("scaler", "engine"):
        assert (fits[part]["first_ts"], fits[part]["last_ts"]) == (int(bars.ts[splits.train.start]), ends[part])
    assert fits["calibrator"]["first_ts"] == int(bars.ts[splits.train.start])
    assert fits["calibrator"]["last_ts"] == ends["calibrator"]


def test_a_second_fit_on_another_future_gives_the_same_parts(night: Night, bars: Bars) -> None:
    prepared = prepare(night, bars)
    again = fit.refit_model(night, prepared.bars, prepared.splits, prepared.regimes.model_ref, night.plan.engines[0])
    assert again == prepared.regimes.model_ref
    part = night.store.get(SPLITS, prepared.splits)
    other = other_future(bars, part.validation.stop)
    assert np.array_equal(other.close[: part.validation.stop], bars.close[: part.validation.stop])
    assert (other.close[part.test.start :] != bars.close[part.test.start :]).all()
    assert (other.high >= np.maximum(other.open, other.close)).all()
    assert (other.low <= np.minimum(other.open, other.close)).all()


def test_without_the_second_fit_the_model_stands_for_itself(night: Night, bars: Bars) -> None:
    prepared = prepare(night, bars)
    settings = night.settings.model_copy(update={"leakage": LeakageSpec(refit=False)})
    spared = night.model_copy(update={"plan": night.plan.model_copy(update={"settings": settings})})
    none: Ref[Bars] = Ref(kind="bars", digest="0" * 64)
    assert fit.refit_model(spared, none, prepared.splits, prepared.regimes.model_ref, night.plan.engines[0]) == (
        prepared.regimes.model_ref
    )
    model = night.store.get(MODEL, prepared.regimes.model_ref)
    found = check_refit(model, model, asked=False)
    assert (found.passed, found.observed) == (True, "not asked")
    assert "nothing was fitted again" in found.message


def test_what_the_policies_of_a_choice_saw_is_kept_over_all_of_them(
    night: Night, bars: Bars, jobs: list[TrainingJob]
) -> None:
    trained = train(night, prepare(night, bars))
    assert night.store.get(POLICY_REPORT, trained.report_ref)["fits"] == [
        {"part": "policy", "first_ts": 10, "last_ts": 22},
        {"part": "choice", "first_ts": 30, "last_ts": 42},
    ]


def test_a_model_matches_its_own_regimes_by_name(night: Night, bars: Bars) -> None:
    model = night.store.get(MODEL, prepare(night, bars).regimes.model_ref)
    assert match_regimes(model, model)["names_agree"]


def test_a_fixed_action_needs_no_training(night: Night, bars: Bars) -> None:
    settings = night.settings.model_copy(update={"policy": PolicySpec(kind="fixed", action=(0.5, 0.0, 0.0, 0.0))})
    fixed = night.model_copy(update={"plan": night.plan.model_copy(update={"settings": settings})})
    prepared = prepare(fixed, bars)
    trained = train(fixed, prepared)
    model = fixed.store.get(MODEL, trained.model_ref)
    assert trained.model_ref == prepared.regimes.model_ref
    assert (model.layers, model.spec.policy.kind) == (None, "fixed")
    assert fixed.store.get(POLICY_REPORT, trained.report_ref)["policies"] == []


def test_an_engine_without_a_direction_gets_a_policy_that_never_trades(night: Night, jobs: list[TrainingJob]) -> None:
    nothing = simulate(SimulatedMarket(edge=0.0), 1_609_459_200_000 + 3_000 * 3_600_000).bars
    prepared = prepare(night, nothing)
    fitted = night.store.get(MODEL, prepared.regimes.model_ref)
    assert set(fitted.spec.engine.options["signs"]) == {0}
    trained = train(night, prepared)
    model = night.store.get(MODEL, trained.model_ref)
    assert (model.spec.policy.kind, model.spec.policy.action[0], model.layers) == ("fixed", -1.0, None)
    assert night.store.get(POLICY_REPORT, trained.report_ref)["chosen"] == "idle"
    # The policy was not fitted again, and that it is another is no sign of a fit that saw the future.
    assert check_refit(model, fitted, asked=True).passed
    assert night.store.get(POLICIES, trained.policies_ref) == ()
    assert jobs == []


def test_a_fit_says_how_deep_it_is_and_the_model_keeps_it(night: Night, bars: Bars) -> None:
    prepared = prepare(night, bars)
    size = night.store.get(SPLITS, prepared.splits).train.size
    depth = night.store.get(MODEL, prepared.regimes.model_ref).spec.depth
    assert depth is not None
    assert (depth.tier, depth.modifier, depth.timeframes[0].bars) == ("shallow", 0.7, size)
    assert night.store.get(FIT_REPORT, prepared.regimes.report_ref)["depth"] == depth.described()


def test_a_night_of_few_bars_is_refused_before_anything_is_trained_if_the_settings_say_so(
    night: Night, bars: Bars
) -> None:
    settings = night.settings.model_copy(update={"depth": DepthSpec(target_bars=9_000, too_few="refuse")})
    refusing = night.model_copy(update={"plan": night.plan.model_copy(update={"settings": settings})})
    with pytest.raises(DataError, match=r"depth\.shallow_from asks for 2250 at least"):
        prepare(refusing, bars)


def test_a_fit_says_what_it_learned_from(night: Night, bars: Bars) -> None:
    regimes = night.settings.regimes.model_copy(update={"half_life_bars": 600})
    (engine,) = chosen_engines(night.settings.model_copy(update={"regimes": regimes}))
    kept = night.store.put(BARS, bars)
    splits = data.make_splits(night, kept, (engine,))
    said: list[str] = []
    fit.fit_model(night, kept, data.compute_features(night, kept), splits, engine, say=said.append)
    depth, recency = said
    assert depth.startswith("SIM: training depth is shallow (")
    size = night.store.get(SPLITS, splits).train.size
    assert recency.startswith(f"SIM: with a half-life of 600 bars the {size:,} bars of the training split count as ")
