from __future__ import annotations

import numpy as np
import pytest

from trading.errors import TrainingError
from trading.training.scaler import fit_scaler


def test_a_constant_feature_is_refused_before_it_divides_by_zero() -> None:
    raw = np.random.default_rng(0).normal(size=(100, 12))
    raw[:, 4] = 1.0
    with pytest.raises(TrainingError, match=r"\[4\]"):
        fit_scaler(raw, np.arange(100))


def test_it_says_which_bars_it_saw_and_takes_no_row_without_a_bar() -> None:
    raw, ts = np.random.default_rng(0).normal(size=(100, 12)), 1_000 + np.arange(100)
    fitted = fit_scaler(raw, ts)
    np.testing.assert_allclose(fitted.mean, raw.mean(axis=0))
    assert (fitted.record.part, fitted.record.first_ts, fitted.record.last_ts) == ("scaler", 1_000, 1_099)
    with pytest.raises(ValueError, match="100 rows of features are of 99 bars"):
        fit_scaler(raw, ts[1:])
