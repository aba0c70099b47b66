"""Settings table ``[features]``: look-backs of the feature steps."""

from __future__ import annotations

from pydantic import Field, model_validator

from trading.settings.models.base import Spec
from trading.steps.features import FeatureWindows


class FeatureSpec(Spec):
    """Look-backs of the feature steps, in bars."""

    fast: int = Field(default=6, ge=2, le=500, description="Short horizon of returns, bars.")
    medium: int = Field(
        default=12, ge=3, le=2_000, description="Middle horizon of returns, volatility and range, bars."
    )
    slow: int = Field(default=96, ge=4, le=10_000, description="Long horizon of returns, volatility and trend, bars.")
    vwap: int = Field(
        default=48, ge=2, le=10_000, description="Window of the rolling VWAP, z-score and volume z-score, bars."
    )

    @model_validator(mode="after")
    def _ordered(self) -> FeatureSpec:
        if not self.fast < self.medium < self.slow:
            raise ValueError(f"fast < medium < slow is needed, got {self.fast}, {self.medium}, {self.slow}")
        return self

    @property
    def windows(self) -> FeatureWindows:
        """The look-backs as the feature step takes them."""
        return FeatureWindows(self.fast, self.medium, self.slow, self.vwap)
