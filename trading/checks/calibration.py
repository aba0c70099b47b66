"""Calibration: turning raw confidence into a probability, and measuring how true that probability is."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from trading.arrays import Floats
from trading.checks.evidence import CalibrationEvidence, ReliabilityBin

Method = Literal["sigmoid", "isotonic"]


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
