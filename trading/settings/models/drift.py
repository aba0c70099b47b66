"""Settings table ``[drift]``: limits of distribution drift."""

from __future__ import annotations

from pydantic import Field

from trading.settings.models.base import Fraction, PositiveFloat, Spec


class DriftSpec(Spec):
    """Limits of distribution drift, per feature."""

    bins: int = Field(default=10, ge=3, le=100, description="Quantile bins of PSI, frozen on the training split.")
    critical_psi: PositiveFloat = Field(default=0.5, description="PSI at which one feature alone is critical drift.")
    critical_ks: Fraction = Field(
        default=0.4, description="Kolmogorov-Smirnov distance at which a feature is critical drift."
    )
