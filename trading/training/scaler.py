"""The scaler: mean and standard deviation of every feature on the training split."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.errors import TrainingError


def fit_scaler(raw: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each feature over training rows, shape (F,) each.

    Args:
        raw: shape (n, F), features of the training rows.

    Raises:
        TrainingError: if a feature is constant or not finite on the training rows.
    """
    mean, deviation = raw.mean(axis=0), raw.std(axis=0)
    bad = np.flatnonzero(~(np.isfinite(mean) & np.isfinite(deviation) & (deviation > 1e-12)))
    if len(bad):
        raise TrainingError(
            ReasonCode.NOT_FINITE,
            f"features {bad.tolist()} are constant or not finite on the training split.",
            remedy="Look at the data quality report: a frozen price or an empty volume column does this.",
        )
    return mean, deviation
