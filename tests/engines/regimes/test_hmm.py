from __future__ import annotations

import numpy as np
import pytest
from hmmlearn.hmm import GaussianHMM

from tests.support import small_path
from trading.codes import ReasonCode
from trading.engines.regimes.hmm import fit_regimes
from trading.engines.series import compute_features
from trading.errors import TrainingError
from trading.settings.models import RegimeSpec
from trading.steps.features import FEATURE_NAMES, FeatureWindows
from trading.training.scaler import fit_scaler

SPEC = RegimeSpec(seeds=2, iterations=30)
COLUMNS = [FEATURE_NAMES.index(name) for name in SPEC.features]


def _training_rows(days: int = 400) -> tuple[np.ndarray, np.ndarray]:
    raw = compute_features(small_path(days).bars, FeatureWindows(6, 12, 96, 48))[97:]
    return raw, raw[:, 0]


def test_states_are_named_by_what_their_bars_earned() -> None:
    raw, returns = _training_rows()
    mean, deviation, _ = fit_scaler(raw, np.arange(len(raw)))
    fit = fit_regimes(((raw - mean) / deviation)[:, COLUMNS], returns, SPEC, seed=1)
    earned = fit.report["mean_return"]
    assert earned["bull"] > earned["chop"] > earned["bear"]
    np.testing.assert_allclose(fit.transmat.sum(axis=1), 1.0)


def test_a_fit_never_asks_hmmlearn_for_probabilities_that_know_later_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("smoothed probabilities were asked for")

    for name in ("predict", "predict_proba", "decode", "score_samples"):
        monkeypatch.setattr(GaussianHMM, name, asked)
    raw, returns = _training_rows(120)
    fit = fit_regimes(((raw - raw.mean(0)) / raw.std(0))[:, COLUMNS], returns, SPEC, seed=1)
    assert sum(fit.report["occupancy"].values()) == pytest.approx(1.0)


def test_the_same_seed_gives_the_same_fit_and_the_best_start_wins() -> None:
    raw, returns = _training_rows()
    scaled = ((raw - raw.mean(0)) / raw.std(0))[:, COLUMNS]
    one, two = (fit_regimes(scaled, returns, SPEC, seed=5) for _ in range(2))
    assert one.means.tobytes() == two.means.tobytes()
    assert one.log_likelihood == max(start["log_likelihood"] for start in one.report["starts"])


def test_a_model_with_an_empty_state_is_refused() -> None:
    rng = np.random.default_rng(0)
    one_cluster = rng.normal(size=(600, 3))
    one_cluster[:3] += 50.0
    with pytest.raises(TrainingError) as error:
        fit_regimes(one_cluster, rng.normal(size=600), SPEC.model_copy(update={"min_occupancy": 0.3}), seed=1)
    assert error.value.code is ReasonCode.HMM_DEGENERATE


def test_the_compiled_fitter_climbs_as_high_as_hmmlearn_and_names_the_same_states() -> None:
    raw, returns = _training_rows()
    scaled = ((raw - raw.mean(0)) / raw.std(0))[:, COLUMNS]
    patient = SPEC.model_copy(update={"iterations": 300})
    one, two = (
        fit_regimes(scaled, returns, patient.model_copy(update={"fitter": fitter}), seed=5)
        for fitter in ("hmmlearn", "compiled")
    )
    assert two.log_likelihood > one.log_likelihood - 1e-3
    np.testing.assert_allclose(two.means, one.means, atol=0.1)
    np.testing.assert_allclose(two.transmat, one.transmat, atol=0.02)
