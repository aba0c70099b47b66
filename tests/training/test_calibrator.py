from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.outcomes import chance_of, confidences, outcomes_of
from trading.codes import ReasonCode
from trading.errors import TrainingError
from trading.simulation.outcomes import Outcomes
from trading.training.calibrator import METHODS, calibrator_of, fit_calibrator
from trading.training.maps import Method, fit_map

TRAIN, VALIDATION, LATER = outcomes_of(1), outcomes_of(2, start=5_000), outcomes_of(3, start=10_000)


def brier_of(stated: np.ndarray, outcomes: Outcomes) -> float:
    return float(np.mean((stated - outcomes.won) ** 2))


def per_side(outcomes: Outcomes, by: Outcomes) -> np.ndarray:
    rates = {side: by.won[by.side == side].mean() for side in (1, -1)}
    return np.where(outcomes.side > 0, rates[1], rates[-1])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_tells_more_of_later_outcomes_than_the_base_rate_of_each_side(method: Method):
    fitted = fit_calibrator(TRAIN, VALIDATION, (method,), horizon_bars=1)
    assert (fitted.method, fitted.informative, fitted.reason) == (method, True, "")
    stated = confidences(fitted.calibrator, LATER)
    assert brier_of(stated, LATER) < brier_of(per_side(LATER, VALIDATION), LATER)


def test_the_method_that_tells_most_is_chosen_and_comes_near_the_truth():
    fitted = fit_calibrator(TRAIN, VALIDATION, horizon_bars=1)
    assert fitted.method == "logistic"
    losses = fitted.report["log_loss"]
    assert min(losses, key=losses.get) == "logistic"
    truth = chance_of(LATER.raw, LATER.features, LATER.side)
    assert np.abs(confidences(fitted.calibrator, LATER) - truth).mean() < 0.03


def saturated(seed: int, start: int, told: float) -> Outcomes:
    """What an engine says that is as sure as can be on most bars, beside features that tell a little or nothing."""
    known = outcomes_of(seed, 1_200, start=start)
    noise = np.random.default_rng(seed).standard_normal(known.features.shape)
    return replace(
        known,
        raw=np.where(known.raw > 0.6, 1.0, known.raw),
        features=told * known.features + (1.0 - told) * noise,
    )


def test_of_methods_as_good_as_each_other_the_one_is_taken_that_says_the_same_least_often():
    train, validation = saturated(20, 0, 0.05), saturated(21, 5_000, 0.05)
    fitted = fit_calibrator(train, validation, horizon_bars=1)
    losses, alike = fitted.report["log_loss"], fitted.report["share_at_mode"]
    assert losses["platt"] < losses["pooled"] < losses["logistic"] < losses["base_rate"]
    assert alike["logistic"] < alike["pooled"] < 0.2 < alike["platt"]
    assert fitted.method == "pooled"


def test_a_method_that_is_worse_beyond_chance_is_not_taken_however_much_it_varies():
    train, validation = saturated(20, 0, 0.0), saturated(21, 5_000, 0.0)
    fitted = fit_calibrator(train, validation, horizon_bars=1)
    losses, alike = fitted.report["log_loss"], fitted.report["share_at_mode"]
    assert losses["platt"] < losses["logistic"] < losses["base_rate"]
    assert alike["logistic"] < 0.2 < alike["platt"]
    assert fitted.method == "platt"


def test_where_the_features_tell_nothing_no_method_is_informative_and_confidence_is_the_base_rate():
    train, validation = outcomes_of(4, told=False), outcomes_of(5, start=5_000, told=False)
    fitted = fit_calibrator(train, validation, horizon_bars=1)
    assert (fitted.method, fitted.informative) == ("base_rate", False)
    assert "none told more" in fitted.reason
    assert confidences(fitted.calibrator, validation) == pytest.approx(per_side(validation, validation), abs=0.01)


def test_confidence_that_is_more_often_wrong_is_not_turned_around():
    upside = replace(VALIDATION, raw=1.0 - VALIDATION.raw, features=np.zeros_like(VALIDATION.features))
    for method in ("platt", "isotonic", "temperature"):
        assert not fit_calibrator(upside, upside, (method,), horizon_bars=1).informative


def test_what_validation_says_comes_from_bars_before_it():
    """A fold is judged by maps of earlier outcomes that were known: the last fold's own outcomes change no other's."""
    cut = VALIDATION.index[-1] - 700
    turned = replace(VALIDATION, gain=np.where(VALIDATION.index > cut, -VALIDATION.gain, VALIDATION.gain))
    before = fit_calibrator(TRAIN, VALIDATION.chosen(VALIDATION.index <= cut), horizon_bars=24).report["log_loss"]
    after = fit_calibrator(TRAIN, turned.chosen(turned.index <= cut), horizon_bars=24).report["log_loss"]
    assert before == after
    assert fit_calibrator(TRAIN, turned, horizon_bars=24).report["log_loss"] != before


def test_a_logistic_score_is_learned_on_the_train_split_alone():
    other = replace(VALIDATION, features=0.5 * VALIDATION.features)
    one, two = (calibrator_of("logistic", TRAIN, each, horizon_bars=24) for each in (VALIDATION, other))
    assert not (one.weights[:, 3:] == two.weights[:, 3:]).any()
    ratio = one.weights[:, 3:] / one.weights[:, 3:4]
    assert ratio == pytest.approx(two.weights[:, 3:] / two.weights[:, 3:4], rel=1e-6)


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(0, 400),
    method=st.sampled_from(["base_rate", *METHODS]),
    horizon=st.integers(1, 100),
)
def test_any_fit_is_a_map_that_never_falls_and_is_no_surer_than_its_outcomes(
    seed: int, n: int, method: Method, horizon: int
):
    train, validation = outcomes_of(seed, 400), outcomes_of(seed + 1, n)
    calibrator = calibrator_of(method, train, validation, horizon_bars=horizon)
    assert (np.diff(calibrator.x, axis=1) > 0).all()
    assert (np.diff(calibrator.y, axis=1) >= 0).all()
    assert ((calibrator.y > 0.0) & (calibrator.y < 1.0)).all()
    stated = confidences(calibrator, train)
    assert np.isfinite(stated).all()


def test_a_pool_says_what_the_mean_of_its_scores_says():
    long = [each.chosen(each.side == 1) for each in (TRAIN, VALIDATION, LATER)]
    of_one, of_both, pooled = (
        fit_map(method, long[0], long[1], horizon_bars=24, rate=0.5) for method in ("platt", "logistic", "pooled")
    )
    odds = [np.log(p / (1.0 - p)) for p in (of_one(long[2]), of_both(long[2]), pooled(long[2]))]
    certain = np.maximum(np.abs(odds[0]), np.abs(odds[1])) > 3.0
    assert odds[2][~certain] == pytest.approx((odds[0] + odds[1])[~certain] / 2.0, abs=0.01)
    assert pooled.y[-1] == min(of_one.y[-1], of_both.y[-1])


def test_a_pool_is_the_logistic_score_where_confidence_is_more_often_wrong_and_a_map_of_it_alone_would_fall():
    upside = replace(VALIDATION, raw=1.0 - VALIDATION.raw)
    learned = replace(TRAIN, raw=1.0 - TRAIN.raw)
    of_both, pooled = (fit_map(method, learned, upside, horizon_bars=24, rate=0.5) for method in ("logistic", "pooled"))
    assert pooled.weights == pytest.approx(of_both.weights)


@pytest.mark.parametrize("method", METHODS)
def test_the_step_reads_a_map_as_the_fit_does(method: Method):
    calibrator = calibrator_of(method, TRAIN, VALIDATION, horizon_bars=24)
    stated = confidences(calibrator, LATER)
    for side in (1, -1):
        own, known = LATER.chosen(LATER.side == side), VALIDATION.chosen(VALIDATION.side == side)
        fitted = fit_map(method, TRAIN.chosen(TRAIN.side == side), known, horizon_bars=24, rate=0.5)
        assert stated[LATER.side == side] == pytest.approx(fitted(own), abs=2e-6)


def test_a_side_that_was_hardly_taken_has_the_base_rate_of_both():
    few = VALIDATION.chosen((VALIDATION.side > 0) | (VALIDATION.index < VALIDATION.index[0] + 20))
    calibrator = calibrator_of("platt", TRAIN, few, horizon_bars=24)
    both = (few.won.sum() + 1) / (len(few.won) + 2)
    assert calibrator.y[1] == pytest.approx(np.full_like(calibrator.y[1], both), abs=1e-9)


def test_without_any_outcome_confidence_is_a_half_and_says_why():
    nothing = VALIDATION.chosen(np.zeros(len(VALIDATION.index), dtype=bool))
    fitted = fit_calibrator(nothing, nothing, horizon_bars=24)
    assert not fitted.informative
    assert "too few" in fitted.reason
    assert (fitted.calibrator.y == 0.5).all()
    assert fitted.break_even == 0.5


def test_break_even_is_what_a_gain_and_a_loss_make_it():
    # Gains are 0.02 and losses 0.01: right one time in three pays.
    assert fit_calibrator(TRAIN, VALIDATION, ("platt",), horizon_bars=24).break_even == pytest.approx(1 / 3)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1.5, -0.1])
def test_a_confidence_that_is_no_probability_is_refused(bad: float):
    raw = VALIDATION.raw.copy()
    raw[7] = bad
    with pytest.raises(TrainingError) as refused:
        fit_calibrator(TRAIN, replace(VALIDATION, raw=raw), horizon_bars=24)
    assert refused.value.code is ReasonCode.CALIBRATION_INPUT


def test_a_feature_that_is_not_finite_is_refused():
    features = TRAIN.features.copy()
    features[3, 1] = math.nan
    with pytest.raises(TrainingError, match="1 bars are not"):
        fit_calibrator(replace(TRAIN, features=features), VALIDATION, horizon_bars=24)
