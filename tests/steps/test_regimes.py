from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, multivariate_t

from trading.steps.opinion import (
    CONFIDENCE,
    DIRECTION,
    DOUBT,
    EXTRAS,
    OPINION_SIZE,
    Calibrator,
    confidence_step,
    is_warm,
    side_step,
)
from trading.steps.regimes import (
    BY_RANK,
    RegimeModel,
    density_step,
    direction_step,
    emission_terms,
    filter_step,
    regime_step,
)


def _hmm(seed: int) -> tuple[RegimeModel, np.ndarray]:
    """A random model over two numbers, and its covariances."""
    rng = np.random.default_rng(seed)
    transmat = rng.dirichlet(np.ones(3) * 2, size=3)
    root = rng.normal(size=(3, 2, 2))
    startprob, means = rng.dirichlet(np.ones(3)), rng.normal(size=(3, 2))
    covars = root @ root.transpose(0, 2, 1) + np.eye(2) * 0.2
    return RegimeModel(
        np.arange(2), np.array(BY_RANK), startprob, transmat, means, *emission_terms(covars), 0.5
    ), covars


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
    assert direction_step(0.8, 0.1, 0.5) == 1
    assert direction_step(0.1, 0.8, 0.5) == -1
    assert direction_step(0.6, 0.1, 0.5) == 0
    assert direction_step(math.nan, math.nan, 0.5) == 0


def test_the_opinion_is_the_belief_with_its_side_and_its_entropy() -> None:
    model, _ = _hmm(2)
    belief, row, started = np.empty(3), np.empty(OPINION_SIZE), 0
    for x in np.random.default_rng(2).normal(size=(40, 2)) * 3:
        started = regime_step(model, x, belief, np.empty((2, 3)), started, row)
        np.testing.assert_array_equal(row[EXTRAS:DOUBT], belief)
        side = direction_step(belief[0], belief[1], model.threshold)
        assert row[DIRECTION] == side
        assert row[CONFIDENCE] == (0.0 if side == 0 else belief[0] if side > 0 else belief[1])
        np.testing.assert_allclose(row[DOUBT], -(belief * np.log(np.maximum(belief, 1e-300))).sum() / np.log(3.0))


ANY_MAP = Calibrator(np.ones((2, 5)), np.array([[0.0, 1.0]] * 2), np.array([[0.5, 0.9]] * 2))


def test_before_the_first_whole_observation_there_is_no_opinion() -> None:
    model, _ = _hmm(2)
    row = np.zeros(OPINION_SIZE)
    assert regime_step(model, np.array([np.nan, 0.0]), np.empty(3), np.empty((2, 3)), 0, row) == 0
    assert np.isnan(row).all()
    assert is_warm(row) == 0
    assert side_step(row) == 0
    assert confidence_step(row, np.zeros(2), ANY_MAP, 1.0) == 0.0


PLAIN = RegimeModel(
    np.array([2, 0]),
    np.array(BY_RANK),
    np.array([0.5, 0.3, 0.2]),
    np.full((3, 3), 1.0 / 3.0),
    np.array([[1.0, 1.0], [-1.0, -1.0], [0.0, 0.0]]),
    *emission_terms(np.stack([np.eye(2)] * 3)),
    threshold=0.25,
)


@pytest.mark.parametrize(
    ("belief", "direction"),
    [
        ((0.5, 0.25, 0.25), 0),
        ((0.25, 0.5, 0.25), 0),
        ((0.500002, 0.249999, 0.249999), 1),
        ((0.249999, 0.500002, 0.249999), -1),
        # Rounded to a millionth, it is the threshold itself.
        ((0.5000002, 0.25, 0.2499998), 0),
        ((0.3, 0.3, 0.4), 0),
    ],
)
def test_a_lean_is_over_its_threshold_on_either_side(belief: tuple[float, ...], direction: int) -> None:
    assert direction_step(belief[0], belief[1], 0.25) == direction


def test_a_model_looks_at_its_own_columns() -> None:
    features = np.array([0.3, 99.0, -0.7, math.nan])
    belief, other = np.empty(3), np.empty(3)
    assert filter_step(belief, np.empty((2, 3)), 0, PLAIN, features) == 1
    first_two = PLAIN._replace(columns=np.arange(2))
    assert filter_step(other, np.empty((2, 3)), 0, first_two, np.array([-0.7, 0.3])) == 1
    assert belief.tolist() == other.tolist()
    likelihood = [multivariate_normal.pdf([-0.7, 0.3], mean) for mean in PLAIN.means]
    expected = PLAIN.startprob * likelihood
    assert belief.tolist() == pytest.approx((expected / expected.sum()).tolist(), rel=1e-12)


@pytest.mark.parametrize(("started", "bad"), [(0, 0), (1, 0), (0, 2), (1, 2)])
def test_one_bad_number_of_its_own_columns_is_enough_to_wait(started: int, bad: int) -> None:
    features = np.array([0.3, 0.1, -0.7])
    features[bad] = math.inf
    belief = np.array([0.2, 0.3, 0.5])
    assert filter_step(belief, np.empty((2, 3)), started, PLAIN, features) == started
    assert belief.tolist() == [0.2, 0.3, 0.5]


@pytest.mark.parametrize(("feature", "side", "regime"), [(1.5, 1, 0), (-1.5, -1, 1), (0.0, 0, 2)])
def test_an_opinion_takes_the_side_of_the_likelier_regime_and_its_probability(
    feature: float, side: int, regime: int
) -> None:
    row, belief = np.empty(OPINION_SIZE), np.array([0.2, 0.3, 0.5])
    assert regime_step(PLAIN, np.full(3, feature), belief, np.empty((2, 3)), 1, row) == 1
    assert row[DIRECTION] == side
    assert row[CONFIDENCE] == (belief[regime] if side else 0.0)
    assert int(np.argmax(belief)) == regime


def test_states_of_one_sign_are_one_regime_and_a_state_without_one_gives_no_direction() -> None:
    model, _ = _hmm(2)
    belief, row = np.array([0.2, 0.3, 0.5]), np.empty(OPINION_SIZE)
    for signs, place in (((1, 1, -1), [0, 0, 1]), ((0, -1, -1), [2, 1, 1]), ((0, 0, 0), [2, 2, 2])):
        regime_step(model._replace(signs=np.array(signs)), np.array([0.3, 0.1]), belief, np.empty((2, 3)), 1, row)
        expected = np.bincount(place, weights=belief, minlength=3)
        assert row[EXTRAS:DOUBT] == pytest.approx(expected, abs=1e-15)
        assert row[DIRECTION] == direction_step(expected[0], expected[1], model.threshold)
        assert row[CONFIDENCE] == (0.0 if row[DIRECTION] == 0 else expected[0 if row[DIRECTION] > 0 else 1])


def test_a_regime_that_cannot_be_adds_no_doubt_and_never_comes_back() -> None:
    never = PLAIN._replace(startprob=np.array([1.0, 0.0, 0.0]), transmat=np.eye(3))
    row, belief, started = np.empty(OPINION_SIZE), np.empty(3), 0
    # By its density alone the first is less likely than any double.
    for _ in range(3):
        started = regime_step(never, np.full(3, -400.0), belief, np.empty((2, 3)), started, row)
    assert belief.tolist() == [1.0, 0.0, 0.0]
    assert row[DOUBT] == 0.0
    assert row[CONFIDENCE] == 1.0


def test_densities_are_those_of_the_covariances() -> None:
    covars = np.array([[[2.0, 0.5], [0.5, 1.0]], [[0.3, -0.1], [-0.1, 0.2]]])
    whiten, log_norm, dof = emission_terms(covars)
    assert np.isinf(dof).all()
    for k, covar in enumerate(covars):
        z = whiten[k] @ np.array([0.4, -0.6])
        expected = multivariate_normal.logpdf([0.4, -0.6], np.zeros(2), covar)
        assert log_norm[k] - 0.5 * z @ z == pytest.approx(expected, rel=1e-12)
    assert whiten.dtype == log_norm.dtype == np.float64
    assert whiten.flags.c_contiguous


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), dof=st.floats(0.5, 150.0), n=st.integers(1, 30))
def test_with_students_t_too_the_filter_equals_the_textbook_forward_recursion(seed: int, dof: float, n: int) -> None:
    gaussian, covars = _hmm(seed)
    tails = dof * np.array([1.0, 0.7, 1.3])
    whiten, log_norm, kept = emission_terms(covars, tails)
    model = gaussian._replace(whiten=whiten, log_norm=log_norm, dof=kept)
    observations = np.random.default_rng(seed + 1).standard_t(2.0, size=(n, 2)) * 2
    belief, started, expected = np.empty(3), 0, model.startprob
    for t, x in enumerate(observations):
        densities = [multivariate_t.logpdf(x, model.means[k], covars[k], tails[k]) for k in range(3)]
        np.testing.assert_allclose([density_step(model, x, k) for k in range(3)], densities, rtol=1e-9, atol=1e-9)
        started = filter_step(belief, np.empty((2, 3)), started, model, x)
        expected = (expected if t == 0 else expected @ model.transmat) * np.exp(densities)
        expected = expected / expected.sum()
        np.testing.assert_allclose(belief, expected, rtol=1e-8, atol=1e-12)


def test_students_t_of_many_degrees_of_freedom_is_a_gaussian() -> None:
    model, covars = _hmm(4)
    whiten, log_norm, dof = emission_terms(covars, np.full(3, 1e9))
    heavy = model._replace(whiten=whiten, log_norm=log_norm, dof=dof)
    for x in np.random.default_rng(1).normal(size=(10, 2)) * 2:
        assert density_step(heavy, x, 1) == pytest.approx(density_step(model, x, 1), abs=1e-6)
