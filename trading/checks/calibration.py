"""Calibration: how true the stated confidence is, as a probability, on the test split."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from trading.arrays import Floats
from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.results import Number
from trading.settings.models import CalibrationSpec
from trading.values import Measured

Method = Literal["sigmoid", "isotonic"]


class ReliabilityBin(Measured):
    """Decisions whose confidence fell into one bin; an empty bin has no confidence and no frequency."""

    low: float
    high: float
    confidence: Number
    frequency: Number
    count: int


class CalibrationEvidence(CheckEvidence):
    """How far the stated confidence was from what happened on the test split.

    Attributes:
        brier: mean squared distance between confidence and outcome, 0 is perfect.
        ece: expected calibration error, 0 is perfect.
        outcomes: number of confidence and outcome pairs behind both.
        informative: False if the calibrator is flat because the raw confidence told nothing.
        reliability: the table of the reliability diagram.
    """

    check: ClassVar[str] = "calibration"

    brier: Number = None
    ece: Number = None
    outcomes: Number = None
    informative: bool = True
    reliability: tuple[ReliabilityBin, ...] = ()

    def numbers(self) -> dict[str, Number]:
        return {"brier": self.brier, "ece": self.ece}


def brier(p: ArrayLike, y: ArrayLike) -> float:
    """Brier score: mean squared distance of probability and outcome (Brier 1950).

    NaN if there is nothing to measure, or if a probability is not a number between 0 and 1.

    Args:
        p: shape (n,), probabilities.
        y: shape (n,), outcomes, 0 or 1.

    >>> brier([0.5, 0.5], [True, False])
    0.25
    """
    stated, happened = _pairs(p, y)
    return float(np.mean((stated - happened) ** 2)) if len(stated) else float("nan")


def ece(p: ArrayLike, y: ArrayLike, bins: int) -> float:
    """Expected calibration error over bins of equal width (Naeini et al. 2015; Guo et al. 2017).

    Mean over decisions of the distance between their bin's mean confidence and its frequency; NaN like :func:`brier`.

    Args:
        p: shape (n,), probabilities.
        y: shape (n,), outcomes, 0 or 1.
        bins: number of bins.
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

    Args:
        p: shape (n,), probabilities.
        y: shape (n,), outcomes, 0 or 1.
        bins: number of bins.
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
    """Evidence for the calibration gate.

    Args:
        p: shape (n,), effective confidences on the test split.
        y: shape (n,), whether each was right.
        bins: of the expected calibration error.
        informative: whether the calibrator found that raw confidence tells anything.
    """
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


def _measure(subject: Subject) -> CalibrationEvidence:
    # The simulation compiles when it is imported, and gates read the evidence above without it.
    from trading.engines.checked import checked_signals
    from trading.simulation.outcomes import signal_outcomes

    spec, model, part = subject.spec(CalibrationSpec), subject.model, subject.splits.test
    outcomes = signal_outcomes(
        subject.bars,
        checked_signals(model, subject.bars),
        (part.start, part.stop),
        horizon_bars=spec.horizon_bars,
        costs=model.spec.costs,
    )
    informative = bool(subject.fit_report["calibrator"]["informative"])
    return measure_calibration(outcomes.effective, outcomes.won, spec.bins, informative=informative)


CALIBRATION = Check(
    evidence=CalibrationEvidence,
    measure=_measure,
    parts=("bars", "splits", "model", "fit_report"),
    settings=(CalibrationSpec,),
)
