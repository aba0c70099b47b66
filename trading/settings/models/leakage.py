"""Settings table ``[leakage]``: how hard to look for features that know the future."""

from __future__ import annotations

from pydantic import Field

from trading.settings.models.base import Fraction, Spec


class LeakageSpec(Spec):
    """How hard to look for features that know the future."""

    prefix_points: int = Field(
        default=12, ge=2, le=1_000, description="Moments at which features are computed again from the past alone."
    )
    max_target_correlation: Fraction = Field(
        default=0.3, gt=0.0, description="Rank correlation with the next bar's return that no honest feature reaches."
    )
