"""The calibrator: an increasing map from raw confidence to a probability, fitted on the validation split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.errors import TrainingError

Method = Literal["sigmoid", "isotonic"]

MINIMUM_OUTCOMES = 30
DIGITS = 9
"""Knots are rounded to this many digits, so that a last digit of the optimiser cannot change a bundle's digest."""


@dataclass(frozen=True, eq=False)
class Calibrator:
    """An increasing map from raw confidence to probability, linear between knots.

    Attributes:
        x: shape (M,), strictly increasing from 0 to 1.
        y: shape (M,), non-decreasing, inside (0, 1).
        informative: False if the map is flat because raw confidence tells nothing about the outcome.
        reason: why it is flat; empty if it is not.
    """

    x: Floats
    y: Floats
    informative: bool
    reason: str = ""

    def __call__(self, raw: ArrayLike) -> Floats:
        """Probabilities of raw confidences; NaN stays NaN."""
        return np.interp(np.asarray(raw, dtype=np.float64), self.x, self.y)


def fit_calibrator(raw: ArrayLike, outcome: ArrayLike, method: Method) -> Calibrator:
    """Fit the map on the validation split.

    Platt scaling uses his smoothed targets, which keep the slope finite when the classes are separable; its curve is
    laid on knots dense enough that interpolation is within 1e-3 of it. Where there is nothing to learn (too few
    outcomes, one class only, constant or anti-informative confidence) the map is the base rate, flat, and says so.

    Args:
        raw: shape (n,), confidence between 0 and 1.
        outcome: shape (n,), whether the decision was right.
        method: ``sigmoid`` (Platt 1999) or ``isotonic`` (Zadrozny and Elkan 2002).

    Raises:
        TrainingError: with code ``CALIBRATION_INPUT`` if a confidence is not a number between 0 and 1.
    """
    x = np.asarray(raw, dtype=np.float64)
    right = np.asarray(outcome, dtype=bool)
    if x.ndim != 1 or x.shape != right.shape or not ((x >= 0.0) & (x <= 1.0)).all():
        raise TrainingError(
            ReasonCode.CALIBRATION_INPUT,
            f"the calibrator needs one confidence between 0 and 1 per outcome, got shapes {x.shape} and {right.shape} "
            f"with {int((~((x >= 0.0) & (x <= 1.0))).sum())} outside of it.",
            remedy="Look for NaN in the features or the regime filter on the validation split.",
        )
    hits = int(right.sum())
    if len(x) < MINIMUM_OUTCOMES:
        return _flat(hits, len(x), f"{len(x)} outcomes, at least {MINIMUM_OUTCOMES} are needed")
    if hits in (0, len(x)):
        return _flat(hits, len(x), f"all {len(x)} outcomes are {'right' if hits else 'wrong'}")
    if np.ptp(x) < 1e-9:
        return _flat(hits, len(x), f"raw confidence is {x[0]:.6g} on every decision")
    if not x[right].mean() > x[~right].mean():
        told = f"{x[right].mean():.3g} when right and {x[~right].mean():.3g} when wrong"
        return _flat(hits, len(x), f"more confidence was not more often right: on average {told}")
    return _sigmoid(x, right) if method == "sigmoid" else _isotonic(x, right)


def _sigmoid(x: Floats, right: NDArray[np.bool_]) -> Calibrator:
    from sklearn.linear_model import LogisticRegression

    n, hits = len(x), int(right.sum())
    centre, scale = float(x.mean()), float(x.std())
    # Platt's targets are probabilities and a logistic regression takes classes: each decision is both, weighted.
    wanted = np.where(right, (hits + 1) / (hits + 2), 1 / (n - hits + 2))
    standard = ((x - centre) / scale).reshape(-1, 1)
    model: Any = LogisticRegression(C=1e6, tol=1e-10, max_iter=1_000)
    model.fit(
        np.vstack([standard, standard]),
        np.r_[np.ones(n, dtype=int), np.zeros(n, dtype=int)],
        sample_weight=np.r_[wanted, 1.0 - wanted],
    )
    slope = float(model.coef_[0, 0]) / scale
    offset = float(model.intercept_[0]) - slope * centre
    if not slope > 0.0:
        return _flat(hits, n, f"the fitted slope is {slope:.3g}")
    # Between knots a quarter apart on the logit, a straight line is within 1e-3 of the sigmoid, however steep it is.
    steps = (np.linspace(-10.0, 10.0, 81) - offset) / slope
    return _knots(steps, lambda at: 1.0 / (1.0 + np.exp(-np.clip(slope * at + offset, -30.0, 30.0))), n)


def _isotonic(x: Floats, right: NDArray[np.bool_]) -> Calibrator:
    from sklearn.isotonic import IsotonicRegression

    n, hits = len(x), int(right.sum())
    model: Any = IsotonicRegression(increasing=True, out_of_bounds="clip")
    model.fit(x, right.astype(np.float64))
    if not np.ptp(model.y_thresholds_) > 1e-9:
        return _flat(hits, n, "the fitted steps are all level")
    return _knots(np.asarray(model.X_thresholds_), lambda at: np.asarray(model.predict(at)), n)


def _knots(inner: Floats, curve: Any, n: int) -> Calibrator:
    """A calibrator on knots over [0, 1], its probabilities no more certain than n outcomes can prove."""
    inside = np.round(inner, DIGITS)
    x = np.unique(np.r_[0.0, inside[(inside > 0.0) & (inside < 1.0)], 1.0])
    floor = 1.0 / (n + 2)
    y = np.round(np.clip(curve(x), floor, 1.0 - floor), DIGITS)
    return Calibrator(x=x, y=np.maximum.accumulate(y), informative=True)


def _flat(hits: int, n: int, reason: str) -> Calibrator:
    """The base rate for every confidence, by Laplace's rule of succession."""
    rate = round((hits + 1) / (n + 2), DIGITS)
    return Calibrator(x=np.array([0.0, 1.0]), y=np.array([rate, rate]), informative=False, reason=reason)
