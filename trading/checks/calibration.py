"""Calibration: how true the stated confidence is, as a probability, on the test split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trading.arrays import Floats, Ints
from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.checks.skill import Forecasts, brier_skill, equal_mass_ece, share_at_mode
from trading.results import Number
from trading.settings.models import CalibrationSpec
from trading.values import Measured

Side = Literal["long", "short"]
SIDES: dict[Side, int] = {"long": 1, "short": -1}


class ReliabilityBin(Measured):
    """Decisions whose confidence fell into one bin; an empty bin has no confidence and no frequency."""

    low: float
    high: float
    confidence: Number
    frequency: Number
    count: int


class SideCalibration(Measured):
    """The same of one side alone.

    Attributes:
        side: long or short.
        base: base rate of this side on the validation split.
        outcomes: decisions of this side on the test split.
        n_effective: independent outcomes that would tell as much as these, which overlap.
        frequency: how often they were right.
        brier: mean squared distance between confidence and outcome.
        bss: Brier skill against the base rate.
        ece_equal_mass: calibration error over bins of equally many decisions.
        ece_chance: the part of it that true probabilities would show too, by chance.
    """

    side: Side
    base: Number = None
    outcomes: Number = None
    n_effective: Number = None
    frequency: Number = None
    brier: Number = None
    bss: Number = None
    ece_equal_mass: Number = None
    ece_chance: Number = None


class CalibrationEvidence(CheckEvidence):
    """How far the stated confidence was from what happened on the test split, and whether it told anything.

    Attributes:
        brier: mean squared distance between confidence and outcome, 0 is perfect.
        ece: expected calibration error, 0 is perfect.
        outcomes: number of confidence and outcome pairs behind both.
        informative: False if the calibrator is the base rate of each side, because nothing told more.
        reliability: the table of the reliability diagram.
        base_validation: base rate of both sides together on the validation split.
        bss: Brier skill against the base rate of each side on the validation split: 0 is no skill, 1 foresight.
        bss_low: its lower 95 % bound, by a stationary bootstrap.
        n_effective: independent outcomes that would tell as much as these, which overlap.
        share_at_mode: share of decisions at the most frequent confidence, to a hundredth.
        per_side: the same of each side that the model took.
        trades: closed trades of the backtest.
        trades_brier: Brier score of the confidence at the decision of each trade against whether it gained.
    """

    check: ClassVar[str] = "calibration"

    brier: Number = None
    ece: Number = None
    outcomes: Number = None
    informative: bool | None = None
    reliability: tuple[ReliabilityBin, ...] = ()
    base_validation: Number = None
    bss: Number = None
    bss_low: Number = None
    n_effective: Number = None
    share_at_mode: Number = None
    per_side: tuple[SideCalibration, ...] = ()
    trades: Number = None
    trades_brier: Number = None

    def numbers(self) -> dict[str, Number]:
        names = ("brier", "ece", "bss", "bss_low", "n_effective", "share_at_mode", "trades_brier")
        return {name: getattr(self, name) for name in names}


class TradeOutcomes(NamedTuple):
    """Confidence at the decision of each closed trade, and whether it gained; shape (m,) each."""

    stated: Floats
    won: NDArray[np.bool_]


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


def measure_calibration(
    forecasts: Forecasts, trades: TradeOutcomes, *, base: float, bins: int, informative: bool, seed: int
) -> CalibrationEvidence:
    """Evidence for the calibration gate.

    Args:
        forecasts: calibrated confidences of the test split against the base rate of their side, and what happened.
        trades: the same of the trades of the backtest.
        base: base rate of both sides together on the validation split.
        bins: of the calibration errors.
        informative: whether the calibrator found anything that tells more than a base rate.
        seed: of the bootstrap.
    """
    p, y = forecasts.stated, forecasts.won
    rng = np.random.default_rng(seed)
    skill = brier_skill(forecasts, rng)
    return CalibrationEvidence(
        brier=brier(p, y),
        ece=ece(p, y, bins),
        outcomes=int(np.size(p)),
        informative=informative,
        reliability=reliability(p, y, bins),
        base_validation=base,
        bss=skill.score,
        bss_low=skill.low,
        n_effective=skill.n_effective,
        share_at_mode=share_at_mode(p),
        per_side=tuple(
            _measure_side(side, forecasts.of_side(sign), bins, rng)
            for side, sign in SIDES.items()
            if (forecasts.side == sign).any()
        ),
        trades=len(trades.won),
        trades_brier=brier(trades.stated, trades.won),
    )


def _measure_side(side: Side, forecasts: Forecasts, bins: int, rng: np.random.Generator) -> SideCalibration:
    skill = brier_skill(forecasts, rng)
    error, chance = equal_mass_ece(forecasts.stated, forecasts.won, bins, skill.n_effective)
    return SideCalibration(
        side=side,
        base=float(forecasts.reference[0]),
        outcomes=len(forecasts.won),
        n_effective=skill.n_effective,
        frequency=float(forecasts.won.mean()),
        brier=brier(forecasts.stated, forecasts.won),
        bss=skill.score,
        ece_equal_mass=error,
        ece_chance=chance,
    )


def _pairs(p: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Probabilities and outcomes as floats, or nothing at all if one of them is unusable."""
    stated, happened = np.asarray(p, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if stated.shape != happened.shape:
        raise ValueError(f"{stated.shape} probabilities for {happened.shape} outcomes")
    usable = (stated >= 0.0) & (stated <= 1.0) & ((happened == 0.0) | (happened == 1.0))
    return (stated, happened) if usable.all() else (np.empty(0), np.empty(0))


def base_rates(side: Ints, won: NDArray[np.bool_]) -> dict[int, float]:
    """How often each side was right, by Laplace's rule of succession; of a side that was never taken, both together.

    Args:
        side: shape (m,), 1 long, -1 short.
        won: shape (m,), whether it was right.
    """
    both = (float(won.sum()) + 1.0) / (len(won) + 2.0)
    rates: dict[int, float] = {}
    for sign in SIDES.values():
        own = won[side == sign]
        rates[sign] = (float(own.sum()) + 1.0) / (len(own) + 2.0) if len(own) else both
    return rates


def reference_of(side: Ints, rates: Mapping[int, float]) -> Floats:
    """The base rate of each decision's side.

    Args:
        side: shape (m,), 1 long, -1 short.
        rates: by side.
    """
    return np.where(side > 0, rates[1], rates[-1])


def _measure(subject: Subject) -> CalibrationEvidence:
    # The simulation compiles when it is imported, and gates read the evidence above without it.
    from trading.engines.checked import checked_signals
    from trading.simulation.backtest import run_backtest
    from trading.simulation.outcomes import calibrated, signal_outcomes
    from trading.steps.account import TRADE_CONFIDENCE, TRADE_PNL

    spec, model, splits = subject.spec(CalibrationSpec), subject.model, subject.splits
    signals = checked_signals(model, subject.bars)
    known, found = (
        signal_outcomes(
            subject.bars, signals, (part.start, part.stop), horizon_bars=spec.horizon_bars, costs=model.spec.costs
        )
        for part in (splits.validation, splits.test)
    )
    closed = run_backtest(model, subject.bars, splits.test.start, splits.test.stop).closed
    forecasts = Forecasts(
        at=found.index - splits.test.start,
        side=found.side,
        stated=calibrated(found.effective, model.spec.modifier),
        reference=reference_of(found.side, base_rates(known.side, known.won)),
        won=found.won,
        bars=splits.test.size,
        horizon_bars=spec.horizon_bars,
    )
    return measure_calibration(
        forecasts,
        TradeOutcomes(calibrated(closed[:, TRADE_CONFIDENCE], model.spec.modifier), closed[:, TRADE_PNL] > 0.0),
        base=(float(known.won.sum()) + 1.0) / (len(known.won) + 2.0),
        bins=spec.bins,
        informative=bool(subject.fit_report["calibrator"]["informative"]),
        seed=subject.seed,
    )


CALIBRATION = Check(
    evidence=CalibrationEvidence,
    measure=_measure,
    parts=("bars", "splits", "model", "fit_report"),
    settings=(CalibrationSpec,),
    seeded=True,
)
