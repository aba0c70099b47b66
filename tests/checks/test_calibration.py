from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from tests.checks.samples import only
from trading.checks.calibration import Method, brier, ece, measure_calibration, reliability
from trading.codes import ReasonCode
from trading.errors import TrainingError
from trading.gates.calibration import CALIBRATION
from trading.gates.gate import ask_gate
from trading.settings.models import GateSpec
from trading.training.calibrator import fit_calibrator

METHODS = get_args(Method)


@given(
    data=st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=120),
    method=st.sampled_from(METHODS),
)
def test_any_fit_is_a_non_decreasing_map_into_the_open_interval(data: list[tuple[float, bool]], method: Method):
    fitted = fit_calibrator([raw for raw, _ in data], [right for _, right in data], method)
    assert (fitted.x[0], fitted.x[-1]) == (0.0, 1.0)
    assert (np.diff(fitted.x) > 0).all()
    assert (np.diff(fitted.y) >= 0).all()
    assert ((fitted.y > 0) & (fitted.y < 1)).all()
    assert fitted.informative is (fitted.reason == "")
    assert fitted.informative or (fitted.y == fitted.y[0]).all()


@pytest.mark.parametrize("slope", [0.5, 4.0, 60.0, 3_000.0])
def test_knots_follow_the_fitted_sigmoid_however_steep_it_is(slope: float):
    raw = np.clip(0.6 + np.random.default_rng(2).standard_normal(4_000) / slope, 0, 1)
    right = np.random.default_rng(3).random(4_000) < 1 / (1 + np.exp(-slope * (raw - 0.6)))
    fitted = fit_calibrator(raw, right, "sigmoid")
    logit = np.log(fitted.y / (1 - fitted.y))
    inner = (np.abs(logit) < 5) & (fitted.x > 0) & (fitted.x < 1)
    found, offset = np.polyfit(fitted.x[inner], logit[inner], 1)
    at = np.linspace(0, 1, 200_001)
    curve = 1 / (1 + np.exp(-np.clip(found * at + offset, -30, 30)))
    assert np.abs(fitted(at) - curve).max() < 1e-3
    assert found == pytest.approx(slope, rel=0.35)


@pytest.mark.parametrize("method", METHODS)
def test_calibrating_makes_overconfident_scores_honest_on_new_data(method: Method):
    rng = np.random.default_rng(11)
    raw = rng.uniform(0.5, 1.0, 8_000)
    right = rng.random(8_000) < 0.5 + 0.3 * (raw - 0.5)
    fitted = fit_calibrator(raw[:4_000], right[:4_000], method)
    after = measure_calibration(fitted(raw[4_000:]), right[4_000:], 10, informative=fitted.informative)
    assert fitted.informative
    assert after.ece is not None
    assert after.ece < 0.04 < 0.15 < ece(raw[4_000:], right[4_000:], 10)
    assert ask_gate(CALIBRATION, only(after), GateSpec().model_dump()).passed


@pytest.mark.parametrize("method", METHODS)
def test_confidence_that_is_more_often_wrong_gives_the_flat_base_rate_and_says_so(method: Method):
    rng = np.random.default_rng(4)
    raw = rng.random(500)
    right = rng.random(500) > raw
    fitted = fit_calibrator(raw, right, method)
    assert not fitted.informative
    assert "not more often right" in fitted.reason
    assert fitted(0.9) == pytest.approx((right.sum() + 1) / 502)


@pytest.mark.parametrize(
    ("raw", "right", "reason", "rate"),
    [
        (np.linspace(0, 1, 29), np.arange(29) % 2 == 0, "at least 30", 16 / 31),
        (np.linspace(0, 1, 60), np.ones(60, bool), "all 60 outcomes are right", 61 / 62),
        (np.linspace(0, 1, 60), np.zeros(60, bool), "all 60 outcomes are wrong", 1 / 62),
        (np.full(60, 0.7), np.arange(60) % 3 == 0, "0.7 on every decision", 21 / 62),
        (np.empty(0), np.empty(0, bool), "0 outcomes", 1 / 2),
    ],
)
def test_where_nothing_can_be_learned_the_map_is_flat_with_a_reason(
    raw: object, right: object, reason: str, rate: float
):
    fitted = fit_calibrator(np.asarray(raw, dtype=float), np.asarray(right), "sigmoid")
    assert not fitted.informative
    assert reason in fitted.reason
    assert fitted.y == pytest.approx([rate, rate])


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1.5, -0.1])
def test_a_confidence_that_is_no_probability_is_refused(bad: float):
    with pytest.raises(TrainingError) as refused:
        fit_calibrator([0.5] * 40 + [bad], [True] * 41, "sigmoid")
    assert refused.value.code is ReasonCode.CALIBRATION_INPUT


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50), st.integers(2, 20))
def test_brier_is_scikit_learns_and_the_table_holds_every_decision(data: list[tuple[float, bool]], bins: int):
    p, y = np.array([row[0] for row in data]), np.array([row[1] for row in data])
    assert brier(p, y) == pytest.approx(brier_score_loss(y, p, labels=[False, True]))
    assert sum(row.count for row in reliability(p, y, bins)) == len(data)
    assert 0.0 <= ece(p, y, bins) <= 1.0


def test_ece_of_a_small_table_by_hand():
    p = [0.1, 0.15, 0.9, 1.0]
    y = [False, True, True, True]
    assert ece(p, y, 10) == pytest.approx((2 * abs(0.125 - 0.5) + 2 * abs(0.95 - 1.0)) / 4)


@pytest.mark.parametrize(("p", "y"), [([], []), ([0.5, math.nan], [True, False]), ([1.2], [True]), ([0.5], [math.nan])])
def test_nothing_to_measure_or_a_nan_gives_nan_and_fails_the_gate(p: list[float], y: list[float]):
    assert math.isnan(brier(p, y))
    assert math.isnan(ece(p, y, 10))
    evidence = measure_calibration(p, y, 10, informative=True)
    assert not ask_gate(CALIBRATION, only(evidence), GateSpec().model_dump()).passed
