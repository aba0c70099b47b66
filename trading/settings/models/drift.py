"""Settings table ``[drift]``: limits of distribution drift."""

from __future__ import annotations

from pydantic import Field

from trading.settings.models.base import Fraction, NonNegativeFloat, PositiveFloat, Spec


class DriftSpec(Spec):
    """Limits of distribution drift."""

    bins: int = Field(default=10, ge=3, le=100, description="Quantile bins of PSI, frozen on the training split.")
    critical_psi: PositiveFloat = Field(
        default=0.5, description="PSI beyond its expectation by chance at which one feature alone is critical drift."
    )
    critical_ks: Fraction = Field(
        default=0.4,
        description="Kolmogorov-Smirnov distance beyond its expectation by chance at which a feature is critical "
        "drift.",
    )
    recent_bars: int = Field(
        default=720,
        ge=10,
        le=1_000_000,
        description="The newest bars that are compared on their own, and the length of the blocks by which chance is "
        "drawn: long enough to hold regimes whole.",
    )
    false_alarms: float = Field(
        default=0.001,
        gt=0.0,
        le=0.2,
        description="How often one comparison may call a market that never changes changed; under one in the stretches "
        "that the past holds, the limit is about the worst of them.",
    )
    minimum_psi: NonNegativeFloat = Field(
        default=0.2,
        description="PSI of the newest bars, and of the model's outputs, over its expectation that matters where it is "
        "also beyond chance.",
    )
    minimum_tails: Fraction = Field(
        default=0.05,
        description="Share of the newest values beyond the 0.5 % or 99.5 % quantile of the past, over its "
        "expectation, that matters where it is also beyond chance.",
    )
    minimum_brier: Fraction = Field(
        default=0.02,
        description="Brier score of the newest outcomes over that of the validation split that matters where it is "
        "also beyond chance.",
    )
    report: bool = Field(
        default=False,
        description="Whether a night adds the Evidently page of drift to the version in MLflow (3 to 4 seconds); "
        "`sevengates models drift` makes it at any time.",
    )
