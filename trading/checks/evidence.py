"""What was measured about a candidate: the only thing the gates look at."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from pydantic import Field

from trading.results import CheckResult, Number, is_finite
from trading.values import Measured

SCENARIOS = (
    "flash_crash",
    "gap_at_open",
    "volatility_spike",
    "liquidity_drought",
    "whipsaw_chop",
    "regime_flip",
    "data_outage",
    "fee_latency_shock",
)
LEAKAGE_CHECKS = ("prefix", "splits", "target")


class ReliabilityBin(Measured):
    """Decisions whose confidence fell into one bin; an empty bin has no confidence and no frequency."""

    low: float
    high: float
    confidence: Number
    frequency: Number
    count: int


class CalibrationEvidence(Measured):
    """How far the stated confidence was from what happened on the test split.

    Attributes:
        brier: mean squared distance between confidence and outcome, 0 is perfect.
        ece: expected calibration error, 0 is perfect.
        outcomes: number of confidence and outcome pairs behind both.
        informative: False if the calibrator is flat because the raw confidence told nothing.
        reliability: the table of the reliability diagram.
    """

    brier: Number = None
    ece: Number = None
    outcomes: Number = None
    informative: bool = True
    reliability: tuple[ReliabilityBin, ...] = ()


class LeakageEvidence(Measured):
    """The three leakage checks; one that did not run is None, and fails its gate."""

    prefix: CheckResult | None = None
    splits: CheckResult | None = None
    target: CheckResult | None = None

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """The checks that ran, in the order of :data:`LEAKAGE_CHECKS`."""
        return tuple(check for check in (self.prefix, self.splits, self.target) if check is not None)


class DriftEvidence(Measured):
    """How far each feature's distribution on the test split is from the training split.

    Attributes:
        psi: population stability index by feature, bins frozen on the training split.
        ks: Kolmogorov-Smirnov distance by feature, 0 to 1.
        critical_psi: PSI at which one feature alone is critical.
        critical_ks: distance at which one feature alone is critical.
    """

    psi: dict[str, Number] = Field(default_factory=dict)
    ks: dict[str, Number] = Field(default_factory=dict)
    critical_psi: Number = None
    critical_ks: Number = None

    @property
    def features(self) -> tuple[str, ...]:
        """Every feature that was looked at, by name."""
        return tuple(sorted(set(self.psi) | set(self.ks)))

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Features without a finite PSI or distance."""
        return tuple(f for f in self.features if not (is_finite(self.psi.get(f)) and is_finite(self.ks.get(f))))

    @property
    def critical(self) -> tuple[str, ...]:
        """Features at or over a critical limit; one that could not be measured, or has no limit, counts."""
        return tuple(
            f
            for f in self.features
            if not (_is_under(self.psi.get(f), self.critical_psi) and _is_under(self.ks.get(f), self.critical_ks))
        )

    @property
    def mean_psi(self) -> Number:
        """Mean over features; NaN if one of them is not finite."""
        values = _all_finite(self.psi.values())
        return None if not self.psi else math.fsum(values) / len(values) if values else math.nan

    @property
    def max_psi(self) -> Number:
        """The largest of all features; NaN if one of them is not finite."""
        values = _all_finite(self.psi.values())
        return None if not self.psi else max(values) if values else math.nan


class LiveRecord(Measured):
    """What the model in Production did on bars that came after the night that judged it.

    Bars the model was judged on prove nothing again: a replay of the test split is no live record.

    Attributes:
        version: registered version that traded.
        bars: bars traded live or on paper since promotion.
        sharpe: annualised Sharpe ratio over them.
        backtest_sharpe: the Sharpe ratio this version showed on its own test split.
    """

    version: str = ""
    bars: Number = None
    sharpe: Number = None
    backtest_sharpe: Number = None


class Evidence(Measured):
    """Everything a verdict rests on, for one candidate.

    Attributes:
        symbol: the market.
        inputs: digests of what was measured (model, bars, settings), by name.
        metrics: backtest metrics on the test split, by the names of :mod:`trading.simulation.metrics`.
        stress: one result per scenario of :data:`SCENARIOS`.
        calibration, leakage, drift: evidence of the checks; None if the check did not run.
        live: record of the champion that trades this symbol; None if nothing has traded yet.
    """

    symbol: str
    inputs: dict[str, str] = Field(default_factory=dict)
    metrics: dict[str, Number] = Field(default_factory=dict)
    stress: tuple[CheckResult, ...] = ()
    calibration: CalibrationEvidence | None = None
    leakage: LeakageEvidence | None = None
    drift: DriftEvidence | None = None
    live: LiveRecord | None = None


def gather(
    symbol: str,
    *,
    inputs: Mapping[str, str],
    metrics: Mapping[str, float],
    stress: Iterable[CheckResult],
    calibration: CalibrationEvidence | None,
    leakage: LeakageEvidence | None,
    drift: DriftEvidence | None,
    live: LiveRecord | None,
) -> Evidence:
    """Put the results of all checks together; every part must be named, so that none is forgotten in silence."""
    return Evidence(
        symbol=symbol,
        inputs=dict(inputs),
        metrics=dict(metrics),
        stress=tuple(stress),
        calibration=calibration,
        leakage=leakage,
        drift=drift,
        live=live,
    )


def _is_under(value: Number, limit: Number) -> bool:
    return value is not None and limit is not None and is_finite(value) and is_finite(limit) and value < limit


def _all_finite(values: Iterable[Number]) -> list[float]:
    """The numbers as floats, or nothing if one of them is missing or not finite."""
    numbers = list(values)
    finite = [float(value) for value in numbers if value is not None and is_finite(value)]
    return finite if len(finite) == len(numbers) else []
