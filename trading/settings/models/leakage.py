"""Settings table ``[leakage]``: how hard to look for numbers and decisions that know the future."""

from __future__ import annotations

from pydantic import Field

from trading.settings.models.base import Fraction, NonNegativeFloat, Spec


class LeakageSpec(Spec):
    """How hard to look for numbers and decisions that know the future."""

    prefix_points: int = Field(
        default=12, ge=2, le=1_000, description="Moments at which features are computed again from the past alone."
    )
    decision_points: int = Field(
        default=12, ge=2, le=1_000, description="Moments at which decisions are taken again from the past alone."
    )
    decision_bars: int = Field(
        default=1_000_000,
        ge=1,
        description="Bars that are traded again for that at most; a longer history has fewer moments, at least two.",
    )
    max_target_correlation: Fraction = Field(
        default=0.3, gt=0.0, description="Rank correlation with the next bar's return that no honest feature reaches."
    )
    max_horizon_correlation: Fraction = Field(
        default=0.5,
        gt=0.0,
        description="The same with the return over 4, 12, 24 and 96 bars, beyond four standard errors.",
    )
    max_sign_sharpe: NonNegativeFloat = Field(
        default=10.0,
        description="Annualised Sharpe ratio, before costs, that no honest feature's sign earns, beyond four standard "
        "errors; of bars under an hour in proportion to the square root of their number in a year.",
    )
    warmup_points: int = Field(
        default=50, ge=10, le=10_000, description="Moments at which signals are computed again from a short warm-up."
    )
    max_warmup_change: Fraction = Field(
        default=0.05, description="Share of these at which twice the declared look-back may give another direction."
    )
    duplicate_bars: int = Field(
        default=12, ge=3, description="So many equal bars in a row in two splits are one stretch that both know."
    )
    refit: bool = Field(
        default=True,
        description="Fit scaler, engine and calibrator again on bars whose test split is another market, and ask for "
        "equal bytes.",
    )
