from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from trading.steps.numbers import interpolate
from trading.steps.opinion import (
    CONFIDENCE,
    DIRECTION,
    DOUBT,
    EXTRAS,
    OPINION_SIZE,
    confidence_step,
    is_warm,
    side_step,
)
from trading.steps.regimes import RegimeModel, direction_step, emission_terms, filter_step, regime_step


def _hmm(seed: int) -> tuple[RegimeModel, np.ndarray]:
    """A random model over two numbers, and its covariances."""
    rng = np.random.default_rng(seed)
    transmat = rng.dirichlet(np.ones(3) * 2, size=3)
    root = rng.normal(size=(3, 2, 2))
    startprob, means = rng.dirichlet(np.ones(3)), rng.normal(size=(3, 2))
    covars = root @ root.transpose(0, 2, 1) + np.eye(2) * 0.2
    return RegimeModel(np.arange(2), startprob, transmat, means, *emission_terms(covars), 0.5), covars


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 40))
def test_filter_equals_the_textbook_forward_recursion(seed: int, n: int) -> None:
    model, covars = _hmm(seed)
    observations = np.random.default_rng(seed + 1).normal(size=(n, 2)) * 2
    belief, started, expected = np.empty(3), 0, model.startprob
    for t, x in enumerate(observations):
        started = filter_step(belief, np.empty((2, 3)), started, model, x)
        likelihood = [multivariate_normal(model.means[k], covars[k]).pdf(x) for k in range(3)]
        expected = (expected if t == 0 else expected @ model.transmat) * likelihood
        expected = expected / expected.sum()
        np.testing.assert_allclose(belief, expected, rtol=1e-8, atol=1e-12)


def test_last_filtered_bar_equals_hmmlearn_which_has_nothing_left_to_look_ahead_to() -> None:
    from hmmlearn.hmm import GaussianHMM

    model, covars = _hmm(3)
    hmm = GaussianHMM(3, "full")
    hmm.startprob_, hmm.transmat_, hmm.means_, hmm.covars_ = model.startprob, model.transmat, model.means, covars
    observations = np.random.default_rng(5).normal(size=(60, 2))
    belief, started = np.empty(3), 0
    for x in observations:
        started = filter_step(belief, np.empty((2, 3)), started, model, x)
    np.testing.assert_allclose(belief, hmm.predict_proba(observations)[-1], rtol=1e-8)


def test_an_observation_that_is_not_finite_changes_nothing() -> None:
    model, _ = _hmm(1)
    belief = np.array([0.2, 0.3, 0.5])
    assert filter_step(belief, np.empty((2, 3)), 1, model, np.array([np.nan, 0.0])) == 1
    assert belief.tolist() == [0.2, 0.3, 0.5]


def test_an_observation_far_from_every_state_still_gives_probabilities() -> None:
    model, _ = _hmm(1)
    belief = np.empty(3)
    filter_step(belief, np.empty((2, 3)), 0, model, np.array([1e4, -1e4]))
    assert np.isfinite(belief).all()
    assert abs(belief.sum() - 1) < 1e-12


def test_direction_needs_the_lean_to_pass_the_threshold() -> None:
    assert direction_step(np.array([0.8, 0.1, 0.1]), 0.5) == 1
    assert direction_step(np.array([0.1, 0.8, 0.1]), 0.5) == -1
    assert direction_step(np.array([0.6, 0.1, 0.3]), 0.5) == 0
    assert direction_step(np.array([np.nan] * 3), 0.5) == 0


@given(value=st.floats(-0.5, 1.5), seed=st.integers(0, 100))
def test_interpolation_equals_numpy(value: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = np.unique(rng.uniform(size=6)), np.sort(rng.uniform(size=6))
    np.testing.assert_allclose(interpolate(value, x, y), np.interp(value, x, y), atol=1e-12)


def test_the_opinion_is_the_belief_with_its_side_and_its_entropy() -> None:
    model, _ = _hmm(2)
    belief, row, started = np.empty(3), np.empty(OPINION_SIZE), 0
    for x in np.random.default_rng(2).normal(size=(40, 2)) * 3:
        started = regime_step(model, x, belief, np.empty((2, 3)), started, row)
        np.testing.assert_array_equal(row[EXTRAS:DOUBT], belief)
        side = direction_step(belief, model.threshold)
        assert row[DIRECTION] == side
        assert row[CONFIDENCE] == (0.0 if side == 0 else belief[0] if side > 0 else belief[1])
        np.testing.assert_allclose(row[DOUBT], -(belief * np.log(np.maximum(belief, 1e-300))).sum() / np.log(3.0))


def test_before_the_first_whole_observation_there_is_no_opinion() -> None:
    model, _ = _hmm(2)
    row = np.zeros(OPINION_SIZE)
    assert regime_step(model, np.array([np.nan, 0.0]), np.empty(3), np.empty((2, 3)), 0, row) == 0
    assert np.isnan(row).all()
    assert is_warm(row) == 0
    assert side_step(row) == 0
    assert confidence_step(row, np.array([0.0, 1.0]), np.array([0.5, 0.9])) == 0.0


def test_confidence_without_a_direction_is_zero() -> None:
    row = np.array([0.0, 0.4, 0.3, 0.3, 0.3, 1.0])
    assert confidence_step(row, np.array([0.0, 1.0]), np.array([0.5, 0.9])) == 0.0
