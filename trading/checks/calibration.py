"""Calibration: turning raw confidence into a probability, and measuring how true that probability is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trading.codes import ReasonCode
from trading.errors import TrainingError
from trading.gates.evidence import CalibrationEvidence, ReliabilityBin

Floats = NDArray[np.float64]
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


def brier(p: ArrayLike, y: ArrayLike) -> float:
    """Brier score: mean squared distance of probability and outcome (Brier 1950).

    NaN if there is nothing to measure, or if a probability is not a number between 0 and 1.

    >>> brier([0.5, 0.5], [True, False])
    0.25
    """
    stated, happened = _pairs(p, y)
    return float(np.mean((stated - happened) ** 2)) if len(stated) else float("nan")


def ece(p: ArrayLike, y: ArrayLike, bins: int) -> float:
    """Expected calibration error over bins of equal width (Naeini et al. 2015; Guo et al. 2017).

    Mean over decisions of the distance between their bin's mean confidence and its frequency; NaN like :func:`brier`.
    """
    table = reliability(p, y, bins)
    total = sum(row.count for row in table)
    if not total:
        return float("nan")
    distance = [row.count * abs(float(row.confidence or 0) - float(row.frequency or 0)) for row in table if row.count]
    return float(np.sum(distance) / total)


def reliability(p: ArrayLike, y: ArrayLike, bins: int) -> tuple[ReliabilityBin, ...]:
    """The table of the reliability diagram: mean confidence and frequency per bin of equal width.

    A probability of 1 belongs to the last bin. All bins are empty where :func:`brier` is NaN.
    """
    stated, happened = _pairs(p, y)
    index = np.minimum((stated * bins).astype(np.int64), bins - 1)
    rows: list[ReliabilityBin] = []
    for number in range(bins):
        inside = index == number
        count = int(inside.sum())
        rows.append(
            ReliabilityBin(
                low=number / bins,
                high=(number + 1) / bins,
                confidence=float(stated[inside].mean()) if count else None,
                frequency=float(happened[inside].mean()) if count else None,
                count=count,
            )
        )
    return tuple(rows)


def measure_calibration(p: ArrayLike, y: ArrayLike, bins: int, *, informative: bool) -> CalibrationEvidence:
    """Evidence for the calibration gate from the effective confidences and outcomes of the test split."""
    return CalibrationEvidence(
        brier=brier(p, y),
        ece=ece(p, y, bins),
        outcomes=int(np.size(p)),
        informative=informative,
        reliability=reliability(p, y, bins),
    )


def _pairs(p: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Probabilities and outcomes as floats, or nothing at all if one of them is unusable."""
    stated, happened = np.asarray(p, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if stated.shape != happened.shape:
        raise ValueError(f"{stated.shape} probabilities for {happened.shape} outcomes")
    usable = (stated >= 0.0) & (stated <= 1.0) & ((happened == 0.0) | (happened == 1.0))
    return (stated, happened) if usable.all() else (np.empty(0), np.empty(0))


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
