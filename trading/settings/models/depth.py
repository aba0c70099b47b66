"""Settings table ``[depth]``: how many bars a training has to see before its confidence counts in full."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, model_validator

from trading.settings.models.base import Fraction, Spec

Modifier = Annotated[FiniteFloat, Field(gt=0.0, le=1.0)]


class DepthSpec(Spec):
    """How many bars a training has to see before its confidence counts in full."""

    target_bars: int = Field(
        default=4_000, ge=1, description="Bars of the training split, on the traded interval, that are full depth."
    )
    shallow_from: Fraction = Field(default=0.25, description="Share of `target_bars` from which depth is shallow.")
    baseline_from: Fraction = Field(default=0.5, description="Share of `target_bars` from which depth is baseline.")
    deep_from: Fraction = Field(
        default=0.75, description="Share of `target_bars` from which depth is deep; all is full."
    )
    shallow: Modifier = Field(default=0.70, description="What calibrated confidence is multiplied by at shallow depth.")
    baseline: Modifier = Field(default=0.85, description="The same at baseline depth.")
    deep: Modifier = Field(default=0.95, description="The same at deep depth; at full depth it is 1.")
    too_few: Literal["shallow", "refuse"] = Field(
        default="shallow",
        description="With bars under `shallow_from`: `shallow` trains all the same and calls it shallow, `refuse` "
        "stops the night.",
    )

    @model_validator(mode="after")
    def _rising(self) -> DepthSpec:
        if not self.shallow_from <= self.baseline_from <= self.deep_from:
            raise ValueError(
                f"shallow_from {self.shallow_from:g}, baseline_from {self.baseline_from:g} and deep_from "
                f"{self.deep_from:g} must not fall"
            )
        if not self.shallow <= self.baseline <= self.deep:
            raise ValueError(
                f"the modifiers shallow {self.shallow:g}, baseline {self.baseline:g} and deep {self.deep:g} must not "
                "fall"
            )
        return self
