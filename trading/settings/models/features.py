"""Settings table ``[features]``: which features a model knows, and the look-backs of the feature steps."""

from __future__ import annotations

from difflib import get_close_matches

from pydantic import Field, field_validator, model_validator

from trading.settings.models.base import Spec
from trading.steps.features import FEATURE_NAMES, FeatureWindows

SAID_BY_OTHERS = ("log_volatility_slow", "log_range_medium")
"""Features that a new model does not know: they say again, more slowly, how volatile the market is. Of markets that
never change, twice as many look changed to a model with them."""


class FeatureSpec(Spec):
    """Which features a model knows, and the look-backs of the feature steps, in bars."""

    names: tuple[str, ...] = Field(
        default=tuple(name for name in FEATURE_NAMES if name not in SAID_BY_OTHERS),
        min_length=1,
        description="Features that scaler, engine, calibrator and policy know, and that the drift gate compares. Slow "
        "ones move by chance alone; so does the largest of many.",
    )
    fast: int = Field(default=6, ge=2, le=500, description="Short horizon of returns, bars.")
    medium: int = Field(
        default=12, ge=3, le=2_000, description="Middle horizon of returns, volatility and range, bars."
    )
    slow: int = Field(default=96, ge=4, le=10_000, description="Long horizon of returns, volatility and trend, bars.")
    vwap: int = Field(
        default=48, ge=2, le=10_000, description="Window of the rolling VWAP, z-score and volume z-score, bars."
    )

    @field_validator("names")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in FEATURE_NAMES:
                nearest = get_close_matches(name, FEATURE_NAMES, n=1, cutoff=0.5)
                hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(FEATURE_NAMES)}"
                raise ValueError(f"{name!r} is no feature; {hint}")
        if len(set(names)) < len(names):
            raise ValueError("a feature is named twice")
        return names

    @model_validator(mode="after")
    def _ordered(self) -> FeatureSpec:
        if not self.fast < self.medium < self.slow:
            raise ValueError(f"fast < medium < slow is needed, got {self.fast}, {self.medium}, {self.slow}")
        return self

    @property
    def windows(self) -> FeatureWindows:
        """The look-backs as the feature step takes them."""
        return FeatureWindows(self.fast, self.medium, self.slow, self.vwap)
