"""Student's t: it climbs its likelihood, finds what rows were drawn from, and trades as any other model does."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import small_path
from trading.codes import ReasonCode
from trading.engines.base import EngineSetup, TrainingData
from trading.engines.regimes.em import (
    COVARIANCE_PRIOR,
    MOST_DOF,
    Covariance,
    HmmParameters,
    expectation,
    fit_em,
    log_likelihood,
)
from trading.engines.regimes.engine import Regimes
from trading.engines.regimes.hmm import fit_regimes
from trading.engines.series import compute_features
from trading.errors import RegistryError
from trading.settings.models import RegimeSpec
from trading.steps.features import FEATURE_NAMES, FeatureWindows
from trading.steps.opinion import OPINION_SIZE

STUDENT = RegimeSpec(seeds=4, emissions="student", alternatives=())


def random_parameters(rng: np.random.Generator, states: int, size: int) -> HmmParameters:
    roots = rng.normal(size=(states, size, size)) * 0.4
    return HmmParameters(
        rng.dirichlet(np.full(states, 2.0)),
        rng.dirichlet(np.full(states, 2.0), size=states) * 0.1 + np.eye(states) * 0.9,
        rng.normal(size=(states, size)) * 2.0,
        roots @ roots.transpose(0, 2, 1) + np.eye(size) * rng.uniform(0.3, 1.0),
        rng.uniform(2.0, 12.0, size=states),
    )


def drawn(rng: np.random.Generator, parameters: HmmParameters, n: int) -> np.ndarray:
    """Rows of the model: a Gaussian over the root of a gamma variable of mean one."""
    assert parameters.dof is not None
    states, size = parameters.means.shape
    state, rows = 0, np.empty((n, size))
    roots = np.linalg.cholesky(parameters.covars)
    for t in range(n):
        state = int(rng.choice(states, p=parameters.startprob if t == 0 else parameters.transmat[state]))
        near = rng.gamma(0.5 * parameters.dof[state], 2.0 / parameters.dof[state])
        rows[t] = parameters.means[state] + roots[state] @ rng.standard_normal(size) / np.sqrt(near)
    return rows


def climbed(path: float, parameters: HmmParameters) -> float:
    """What EM climbs: the log likelihood, less what the prior of the scales takes."""
    prior = np.full(parameters.covars.shape[1:], COVARIANCE_PRIOR)
    return path - 0.5 * float(np.trace(np.linalg.inv(parameters.covars) @ prior, axis1=1, axis2=2).sum())


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from(((2, 1), (3, 2))),
    fit_dof=st.booleans(),
    cut=st.booleans(),
)
def test_no_iteration_loses_any_of_what_it_climbs(seed: int, shape: tuple[int, int], fit_dof: bool, cut: bool) -> None:
    rng, (states, size) = np.random.default_rng(seed), shape
    rows = drawn(rng, random_parameters(rng, states, size), 300)
    lengths = np.array([120, 180]) if cut else None
    parameters = random_parameters(rng, states, size)
    before = -np.inf
    for _ in range(12):
        now = climbed(log_likelihood(rows, parameters, lengths), parameters)
        assert now >= before - 1e-7 * abs(now)
        before = now
        parameters = fit_em(
            rows, parameters, lengths=lengths, fit_dof=fit_dof, iterations=1, tolerance=-np.inf
        ).parameters


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_the_parameters_that_rows_were_drawn_from_are_found(covariance: Covariance) -> None:
    truth = HmmParameters(
        np.array([0.5, 0.5]),
        np.array([[0.98, 0.02], [0.03, 0.97]]),
        np.array([[1.0, -0.5], [-1.0, 0.5]]),
        np.array([[[0.5, 0.0], [0.0, 0.3]], [[0.4, 0.0], [0.0, 0.8]]]),
        np.array([3.0, 12.0]),
    )
    rows = drawn(np.random.default_rng(2), truth, 20_000)
    start = truth._replace(means=0.3 * truth.means, covars=np.stack([np.eye(2)] * 2), dof=np.full(2, 8.0))
    fit = fit_em(rows, start, covariance=covariance, fit_dof=True, iterations=400, tolerance=1e-3)
    assert fit.converged
    found = fit.parameters
    assert found.dof is not None
    assert found.dof == pytest.approx(np.array([3.0, 12.0]), rel=0.25)
    np.testing.assert_allclose(found.means, truth.means, atol=0.03)
    np.testing.assert_allclose(found.covars, truth.covars, atol=0.04)
    np.testing.assert_allclose(found.transmat, truth.transmat, atol=0.005)
    fixed = fit_em(rows, start, covariance=covariance, iterations=20, tolerance=1e-3).parameters
    assert fixed.dof is start.dof


def test_of_normal_rows_the_tails_are_found_light_and_the_rest_as_by_a_gaussian() -> None:
    rng = np.random.default_rng(3)
    rows = np.repeat(rng.choice([-1.5, 1.5], 100), 100)[:, None] + 0.6 * rng.standard_normal((10_000, 1))
    start = HmmParameters(
        np.full(2, 0.5), np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([[-1.0], [1.0]]), np.ones((2, 1, 1))
    )
    normal = fit_em(rows, start, iterations=200, tolerance=1e-3).parameters
    heavy = fit_em(rows, start._replace(dof=np.full(2, 8.0)), fit_dof=True, iterations=400, tolerance=1e-3).parameters
    assert heavy.dof is not None
    assert (heavy.dof > 40.0).all()
    assert (heavy.dof <= MOST_DOF).all()
    np.testing.assert_allclose(heavy.means, normal.means, atol=0.01)
    np.testing.assert_allclose(heavy.covars, normal.covars, rtol=0.06)


def test_a_row_far_out_moves_mean_and_scale_little() -> None:
    rng = np.random.default_rng(4)
    rows = np.repeat(rng.choice([-1.5, 1.5], 40), 50)[:, None] + 0.6 * rng.standard_normal((2_000, 1))
    wild = rows.copy()
    wild[::100] += 40.0
    start = HmmParameters(
        np.full(2, 0.5), np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([[-1.0], [1.0]]), np.ones((2, 1, 1))
    )
    heavy = fit_em(wild, start._replace(dof=np.full(2, 3.0)), iterations=200, tolerance=1e-3).parameters
    normal = fit_em(wild, start, iterations=200, tolerance=1e-3).parameters
    np.testing.assert_allclose(heavy.means[:, 0], [-1.5, 1.5], atol=0.15)
    assert (heavy.covars < 1.0).all()
    assert np.abs(normal.means[:, 0] - [-1.5, 1.5]).max() > 0.5
    assert normal.covars.max() > 10.0


def test_rows_far_out_of_every_state_have_finite_posteriors() -> None:
    rng = np.random.default_rng(1)
    found = expectation(np.array([[0.0, 0.0], [1e6, -1e6]]), random_parameters(rng, 3, 2))
    assert np.isfinite(found.log_likelihood)
    np.testing.assert_allclose(found.posteriors.sum(axis=1), 1.0)


@lru_cache(maxsize=1)
def training_data() -> TrainingData:
    bars = small_path(300).bars
    raw = compute_features(bars, FeatureWindows(6, 12, 96, 48))[97:]
    return TrainingData(
        bars=bars.slice(97, len(bars)),
        returns=raw[:, 0],
        features=(raw - raw.mean(0)) / raw.std(0),
        feature_names=FEATURE_NAMES,
        seed=3,
    )


def setup_of(spec: RegimeSpec) -> EngineSetup:
    fitted = Regimes.fit(training_data(), spec)
    return EngineSetup(options=fitted.options, arrays=fitted.arrays, feature_names=FEATURE_NAMES)


def test_an_engine_with_heavy_tails_says_the_same_bar_by_bar_and_over_a_series() -> None:
    setup, data = setup_of(STUDENT), training_data()
    assert setup.options["emissions"] == "student"
    assert setup.arrays["dof"].shape == (3,)
    bars, features = data.bars.slice(0, 200), data.features[:200]
    batch = Regimes(setup).opinions(bars, features)
    one_by_one, engine = np.empty((200, OPINION_SIZE)), Regimes(setup)
    for t, bar in enumerate(bars.rows()):
        engine.write(bar, features[t], one_by_one[t])
    np.testing.assert_allclose(one_by_one, batch, rtol=0, atol=1e-9)
    assert set(np.unique(batch[:, 0])) >= {-1.0, 1.0}


def test_a_gaussian_engine_keeps_no_degrees_of_freedom_and_a_bundle_without_a_word_of_them_is_gaussian() -> None:
    setup, data = setup_of(RegimeSpec(seeds=4, alternatives=())), training_data()
    assert set(setup.arrays) == {"startprob", "transmat", "means", "covars"}
    older = EngineSetup(
        options={name: value for name, value in setup.options.items() if name != "emissions"},
        arrays=setup.arrays,
        feature_names=FEATURE_NAMES,
    )
    now, then = (Regimes(given).opinions(data.bars.slice(0, 50), data.features[:50]) for given in (setup, older))
    np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("dof", [None, np.zeros(3), np.full(2, 5.0), np.array([5.0, -1.0, 5.0])])
def test_a_bundle_with_heavy_tails_and_without_their_numbers_is_refused(dof: np.ndarray | None) -> None:
    setup = setup_of(STUDENT)
    arrays = {name: array for name, array in setup.arrays.items() if name != "dof"}
    broken = EngineSetup(
        options=setup.options, arrays=arrays if dof is None else {**arrays, "dof": dof}, feature_names=FEATURE_NAMES
    )
    with pytest.raises(RegistryError) as error:
        Regimes(broken)
    assert error.value.code is ReasonCode.BUNDLE_INVALID


def test_degrees_of_freedom_that_are_set_are_kept_and_the_same_seed_gives_the_same_fit() -> None:
    data = training_data()
    rows = np.ascontiguousarray(data.features[:, [FEATURE_NAMES.index(name) for name in STUDENT.features]])
    spec = STUDENT.model_copy(update={"degrees_of_freedom": 5.0})
    one, two = (fit_regimes(rows, data.returns, spec, seed=1) for _ in range(2))
    assert one.parameters.dof is not None
    assert one.parameters.dof.tolist() == [5.0] * 3
    assert one.report == two.report
    assert one.report["others"][0]["dof"] == [5.0] * 3


def test_hmmlearn_is_not_asked_for_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match='emissions = "student" needs fitter = "compiled"'):
        RegimeSpec(emissions="student", fitter="hmmlearn")
