"""What the leakage checks found about one candidate: the section of the evidence that the gate of leakage reads."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from trading.checks.evidence import CheckEvidence
from trading.model.fits import FitRecord, FittedPart
from trading.results import CheckResult

LEAKAGE_CHECKS = (
    *("prefix", "decisions", "refit", "splits", "duplicates", "interpolation"),
    *("target", "horizons", "sign", "warmup", "delay"),
)
"""Every check by its name, which is its field of :class:`LeakageEvidence`; the gate asks for each."""


class LeakageEvidence(CheckEvidence):
    """The results of :data:`LEAKAGE_CHECKS`, and what each fit of the candidate says it saw.

    A check that did not run is None, and fails its gate.

    Attributes:
        prefix: features computed again without the later bars.
        decisions: everything a decision rests on, and decisions, fills and equity, without the later bars.
        refit: scaler, engine and calibrator fitted again on bars with another test split.
        splits: the gaps between the splits.
        duplicates: stretches of bars that stand in two splits.
        interpolation: bars that lie on a line between two prices.
        target: rank correlation with the next bar's return.
        horizons: rank correlation with the returns of longer horizons.
        sign: what the sign of a feature or column alone would earn.
        warmup: signals after a short warm-up.
        delay: the backtest with every decision one bar later; a note.
        fits: the bars that entered each fit, as the fits themselves say.
        required_fits: the parts that have to be among them.
        split_ends: open of the last bar of each split, UTC milliseconds.
    """

    check: ClassVar[str] = "leakage"

    prefix: CheckResult | None = None
    decisions: CheckResult | None = None
    refit: CheckResult | None = None
    splits: CheckResult | None = None
    duplicates: CheckResult | None = None
    interpolation: CheckResult | None = None
    target: CheckResult | None = None
    horizons: CheckResult | None = None
    sign: CheckResult | None = None
    warmup: CheckResult | None = None
    delay: CheckResult | None = None
    fits: tuple[FitRecord, ...] = ()
    required_fits: tuple[FittedPart, ...] = ()
    split_ends: dict[str, int] = Field(default_factory=dict)

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """Those that ran, in order."""
        found: list[CheckResult | None] = [getattr(self, name) for name in LEAKAGE_CHECKS]
        return tuple(result for result in found if result is not None)
