"""The compiled fit against hmmlearn: the same likelihoods on the way, the same posteriors at its end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from trading.engines.regimes.em import Covariance, HmmParameters, _exponential, expectation, fit_em, log_likelihood

MODELS: dict[Covariance, str] = {"full": "full", "diagonal": "diag"}
SHAPES = ((2, 1), (3, 2), (3, 3), (5, 2))
"""States and features; each is compiled for itself."""


def random_parameters(rng: np.random.Generator, states: int, size: int, covariance: Covariance) -> HmmParameters:
    roots = rng.normal(size=(states, size, size)) * 0.5
    covars = roots @ roots.transpose(0, 2, 1) + np.eye(size) * rng.uniform(0.3, 1.5)
    if covariance == "diagonal":
        covars = covars * np.eye(size)
    return HmmParameters(
        rng.dirichlet(np.full(states, 2.0)),
        rng.dirichlet(np.full(states, 2.0), size=states) * 0.3 + np.eye(states) * 0.7,
        rng.normal(size=(states, size)) * 1.5,
        covars,
    )


def drawn(rng: np.random.Generator, parameters: HmmParameters, n: int) -> np.ndarray:
    states, state = len(parameters.startprob), 0
    rows = np.empty((n, parameters.means.shape[1]))
    for t in range(n):
        chances = parameters.startprob if t == 0 else parameters.transmat[state]
        state = int(rng.choice(states, p=chances / chances.sum()))
        rows[t] = rng.multivariate_normal(parameters.means[state], parameters.covars[state])
    return rows


def reference(start: HmmParameters, covariance: Covariance, iterations: int) -> Any:
    hmm: Any = GaussianHMM(
        n_components=len(start.startprob),
        covariance_type=MODELS[covariance],
        n_iter=iterations,
        tol=-np.inf,
        init_params="",
        implementation="scaling",
    )
    hmm.startprob_, hmm.transmat_, hmm.means_ = start.startprob, start.transmat, start.means
    hmm.covars_ = start.covars if covariance == "full" else np.diagonal(start.covars, axis1=1, axis2=2)
    return hmm


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from(SHAPES),
    covariance=st.sampled_from(sorted(MODELS)),
)
def test_from_the_same_start_the_likelihoods_and_posteriors_are_those_of_hmmlearn(
    seed: int, shape: tuple[int, int], covariance: Covariance
) -> None:
    rng, (states, size) = np.random.default_rng(seed), shape
    rows = drawn(rng, random_parameters(rng, states, size, covariance), 300)
    start = random_parameters(rng, states, size, covariance)
    hmm = reference(start, covariance, iterations=8)
    try:
        hmm.fit(rows)
    except (ValueError, np.linalg.LinAlgError):
        reject()  # A state closed on a row: there is nothing to compare with.
    fit = fit_em(rows, start, covariance=covariance, iterations=8, tolerance=-np.inf)
    np.testing.assert_allclose(fit.path, np.array(hmm.monitor_.history), rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(expectation(rows, fit.parameters).posteriors, hmm.predict_proba(rows), atol=1e-8)
    assert log_likelihood(rows, fit.parameters) == pytest.approx(hmm.score(rows), abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), lengths=st.lists(st.integers(1, 120), max_size=5))
def test_of_several_sequences_too_the_likelihoods_are_those_of_hmmlearn(seed: int, lengths: list[int]) -> None:
    # A long one, so that no state closes on a few rows.
    rng, of = np.random.default_rng(seed), np.array([*lengths, 250])
    rows = np.concatenate([drawn(rng, random_parameters(rng, 3, 2, "full"), length) for length in of])
    start = random_parameters(rng, 3, 2, "full")
    hmm = reference(start, "full", iterations=5)
    try:
        hmm.fit(rows, of)
    except (ValueError, np.linalg.LinAlgError):
        reject()
    fit = fit_em(rows, start, lengths=of, iterations=5, tolerance=-np.inf)
    np.testing.assert_allclose(fit.path, np.array(hmm.monitor_.history), rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(fit.parameters.startprob, hmm.startprob_, atol=1e-8)
    np.testing.assert_allclose(fit.parameters.transmat, hmm.transmat_, atol=1e-8)
    assert log_likelihood(rows, fit.parameters, of) == pytest.approx(hmm.score(rows, of), abs=1e-6)


def test_one_sequence_of_all_rows_is_no_sequence_named() -> None:
    rng = np.random.default_rng(4)
    rows, start = drawn(rng, random_parameters(rng, 3, 2, "full"), 400), random_parameters(rng, 3, 2, "full")
    one, other = expectation(rows, start), expectation(rows, start, np.array([400]))
    assert one.nearness is other.nearness is None
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)
    for name in ("posteriors", "begins", "moves", "counts", "masses", "sums", "products"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_posteriors_are_probabilities_and_an_iteration_loses_no_likelihood(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = drawn(rng, random_parameters(rng, 3, 2, "full"), 300)
    fit = fit_em(rows, random_parameters(rng, 3, 2, "full"), iterations=12, tolerance=-np.inf)
    # The prior of the covariances may cost a little.
    assert (np.diff(fit.path) > -0.05).all()
    posteriors = expectation(rows, fit.parameters).posteriors
    assert (posteriors >= 0.0).all()
    np.testing.assert_allclose(posteriors.sum(axis=1), 1.0)
    np.testing.assert_allclose(fit.parameters.transmat.sum(axis=1), 1.0)
    np.testing.assert_allclose(fit.parameters.covars, fit.parameters.covars.transpose(0, 2, 1))


def test_it_stops_where_an_iteration_gains_less_than_the_tolerance_and_says_so() -> None:
    rng = np.random.default_rng(1)
    rows = drawn(rng, random_parameters(rng, 3, 2, "full"), 400)
    start = random_parameters(rng, 3, 2, "full")
    fit = fit_em(rows, start, iterations=500, tolerance=1e-3)
    assert fit.converged
    assert fit.path[-1] - fit.path[-2] < 1e-3
    assert (np.diff(fit.path[:-1]) >= 1e-3).all()
    assert not fit_em(rows, start, iterations=2, tolerance=1e-12).converged


def test_far_rows_do_not_underflow() -> None:
    rows = np.array([[0.0], [80.0], [-80.0], [0.1]])
    start = HmmParameters(
        np.full(2, 0.5), np.full((2, 2), 0.5), np.array([[0.0], [0.2]]), np.array([[[1e-2]], [[1e-2]]])
    )
    expected = expectation(rows, start)
    assert np.isfinite(expected.log_likelihood)
    np.testing.assert_allclose(expected.posteriors.sum(axis=1), 1.0)


def test_a_covariance_that_is_none_is_refused() -> None:
    start = HmmParameters(np.ones(1), np.ones((1, 1)), np.zeros((1, 1)), np.array([[[np.nan]]]))
    with pytest.raises(np.linalg.LinAlgError):
        expectation(np.zeros((3, 1)), start)


def test_the_quick_exponential_is_as_near_as_it_says() -> None:
    for low, error in ((1e-13, 1e-12), (1e-60, 1e-6)):
        for x in np.linspace(np.log(low), 0.0, 2_001):
            assert _exponential(x) == pytest.approx(np.exp(x), rel=error)
