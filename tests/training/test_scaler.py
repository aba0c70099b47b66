from __future__ import annotations

import numpy as np
import pytest

from trading.errors import TrainingError
from trading.training.scaler import fit_scaler


def test_a_constant_feature_is_refused_before_it_divides_by_zero() -> None:
    raw = np.random.default_rng(0).normal(size=(100, 12))
    raw[:, 4] = 1.0
    with pytest.raises(TrainingError, match=r"\[4\]"):
        fit_scaler(raw)
