"""The scaler: mean and standard deviation of every feature on the training split."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trading.arrays import Floats, Ints
from trading.codes import ReasonCode
from trading.errors import TrainingError
from trading.model.fits import FitRecord, fit_record


class FittedScaler(NamedTuple):
    """A scaler, and what it was fitted on.

    Attributes:
        mean: shape (F,), of each feature.
        deviation: shape (F,), standard deviation of each feature.
        record: the bars whose rows it saw.
    """

    mean: Floats
    deviation: Floats
    record: FitRecord


def fit_scaler(raw: Floats, ts: Ints) -> FittedScaler:
    """Mean and standard deviation of each feature over training rows.

    Args:
        raw: shape (n, F), features of the training rows.
        ts: shape (n,), open of the bar of each row, UTC milliseconds.

    Raises:
        TrainingError: if a feature is constant or not finite on the training rows.
        ValueError: if a row has no bar.
    """
    if len(raw) != len(ts):
        raise ValueError(f"{len(raw)} rows of features are of {len(ts)} bars")
    mean, deviation = raw.mean(axis=0), raw.std(axis=0)
    bad = np.flatnonzero(~(np.isfinite(mean) & np.isfinite(deviation) & (deviation > 1e-12)))
    if len(bad):
        raise TrainingError(
            ReasonCode.NOT_FINITE,
            f"features {bad.tolist()} are constant or not finite on the training split.",
            remedy="Look at the data quality report: a frozen price or an empty volume column does this.",
        )
    return FittedScaler(mean, deviation, fit_record("scaler", ts))
