from __future__ import annotations

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM

from tests.support import small_path
from trading.codes import ReasonCode
from trading.engines.regimes.beliefs import filtered_probabilities
from trading.engines.regimes.hmm import fit_regimes, followed
from trading.engines.regimes.naming import weighted_mean
from trading.engines.series import compute_features
from trading.errors import TrainingError
from trading.settings.models import RegimeSpec
from trading.steps.features import FEATURE_NAMES, FeatureWindows

SPEC = RegimeSpec(seeds=4)
COLUMNS = [FEATURE_NAMES.index(name) for name in SPEC.features]


def training_rows(days: int = 400) -> tuple[np.ndarray, np.ndarray]:
    raw = compute_features(small_path(days).bars, FeatureWindows(6, 12, 96, 48))[97:]
    return ((raw - raw.mean(0)) / raw.std(0))[:, COLUMNS], raw[:, 0]


def test_states_are_named_by_what_followed_them_and_are_the_true_ones() -> None:
    scaled, returns = training_rows()
    fit = fit_regimes(scaled, returns, SPEC, seed=1)
    assert fit.signs == (1, -1, 0)
    assert [state["name"] for state in fit.report["states"]] == ["bull", "bear", "chop"]
    bull, bear, chop = (state["next_return"] for state in fit.report["states"])
    assert bull > chop > bear
    truth = small_path(400).regime[97:]
    beliefs = filtered_probabilities(fit.parameters, scaled)
    assert np.mean(beliefs.argmax(axis=1) == truth) > 0.93
    assert sum(state["occupancy"] for state in fit.report["states"]) == pytest.approx(1.0)


def test_of_returns_in_another_order_no_state_has_a_direction() -> None:
    scaled, returns = training_rows()
    fit = fit_regimes(scaled, np.random.default_rng(0).permutation(returns), SPEC, seed=1)
    assert fit.signs == (0, 0, 0)
    assert not followed(fit, scaled, returns, after=5_000).any()


def test_regimes_of_the_first_rows_are_followed_over_the_later_ones() -> None:
    scaled, returns = training_rows()
    fit = fit_regimes(scaled[:6_000], returns[:6_000], SPEC, seed=1)
    earned = followed(fit, scaled, returns, after=6_000)
    assert len(earned) == len(returns) - 6_001
    assert weighted_mean(np.ones(len(earned)), earned).t > 2.0
    changed = returns.copy()
    changed[:6_001] = np.nan
    np.testing.assert_array_equal(followed(fit, scaled, changed, after=6_000), earned)


def test_a_fit_never_asks_hmmlearn_for_probabilities_that_know_later_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("smoothed probabilities were asked for")

    for name in ("predict", "predict_proba", "decode", "score_samples"):
        monkeypatch.setattr(GaussianHMM, name, asked)
    scaled, returns = training_rows(120)
    fit_regimes(scaled, returns, SPEC.model_copy(update={"fitter": "hmmlearn", "iterations": 10}), seed=1)


def test_the_same_seed_gives_the_same_fit_and_the_best_usable_start_wins() -> None:
    scaled, returns = training_rows()
    one, two = (fit_regimes(scaled, returns, SPEC, seed=5) for _ in range(2))
    assert one.parameters.means.tobytes() == two.parameters.means.tobytes()
    assert one.report == two.report
    usable = [start for start in one.report["starts"] if not start["problem"]]
    assert one.log_likelihood == max(start["log_likelihood"] for start in usable)
    assert max(start["agreement"] for start in usable) == 1.0
    assert len(one.report["starts"]) == SPEC.seeds


@pytest.mark.parametrize("states", [2, 4, 5])
def test_the_number_of_states_is_what_was_asked_for(states: int) -> None:
    scaled, returns = training_rows(120)
    fit = fit_regimes(scaled, returns, RegimeSpec(seeds=4, states=states, min_bars=1.0), seed=1)
    assert len(fit.signs) == len(fit.report["states"]) == states
    assert fit.parameters.transmat.sum(axis=1) == pytest.approx(np.ones(states))


def test_a_model_with_a_state_too_rare_is_refused() -> None:
    scaled, returns = training_rows(120)
    with pytest.raises(
        TrainingError, match="none of 4 starts gave a usable regime model: 1 times: a state holds"
    ) as error:
        fit_regimes(scaled, returns, SPEC.model_copy(update={"min_occupancy": 0.9}), seed=1)
    assert error.value.code is ReasonCode.HMM_DEGENERATE


def test_a_start_whose_states_last_comes_before_one_that_is_likelier() -> None:
    rng = np.random.default_rng(0)
    state = np.repeat(rng.integers(0, 2, 60), 100)
    # In either state bars are clearly up or down, and a little more often the one.
    up = rng.random(6_000) < np.where(state == 1, 0.6, 0.4)
    rows = (np.where(up, 1.0, -1.0) + 0.2 * rng.standard_normal(6_000))[:, None]
    returns = 0.01 * rows[:, 0]
    spec = RegimeSpec(seeds=8, states=2, iterations=300)
    fit = fit_regimes(rows, returns, spec, seed=1)
    starts = fit.report["starts"]
    assert max(start["log_likelihood"] for start in starts) > fit.log_likelihood
    assert all(state["bars"] > 30.0 for state in fit.report["states"])
    assert fit.signs == (1, -1)


def test_a_state_that_does_not_last_gives_no_direction() -> None:
    scaled, returns = training_rows()
    fit = fit_regimes(scaled, returns, SPEC.model_copy(update={"min_bars": 900.0}), seed=1)
    assert fit.signs == (0, 0, 0)
    assert all(state["bars"] < 900.0 for state in fit.report["states"])


def test_both_fitters_climb_to_the_same_model() -> None:
    scaled, returns = training_rows()
    patient = SPEC.model_copy(update={"iterations": 300, "tolerance": 1e-4})
    one, two = (
        fit_regimes(scaled, returns, patient.model_copy(update={"fitter": fitter}), seed=5)
        for fitter in ("hmmlearn", "compiled")
    )
    assert two.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(two.parameters.means, one.parameters.means, atol=1e-3)
    np.testing.assert_allclose(two.parameters.transmat, one.parameters.transmat, atol=1e-4)
