"""Settings table ``[promotion]``: when a candidate replaces the champion."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, FiniteFloat

from trading.settings.models.base import NonNegativeFloat, PositiveFloat, Spec


class PromotionSpec(Spec):
    """When a candidate replaces the champion."""

    min_improvement: FiniteFloat = Field(default=0.05, description="Sharpe gained over the champion on the same bars.")
    significance: float = Field(
        default=0.01,
        gt=0.0,
        le=0.5,
        description="Chance that a champion is ever replaced by one that is no better, over all its contests.",
    )
    min_alpha_t: FiniteFloat = Field(
        default=2.33, description="t of a replacing candidate's return beyond the market's, from its benchmark check."
    )
    mode: Literal["auto", "manual"] = Field(
        default="auto", description="manual: the run of the night waits for a person to approve what may enter."
    )
    approval_hours: PositiveFloat = Field(
        default=8.0, description="How long the run waits for an approval; without one the version stays in Staging."
    )
    max_deficit: NonNegativeFloat = Field(
        default=0.5,
        description="Sharpe by which a candidate may at most be worse, at 95 %, than the champion that is retired.",
    )
