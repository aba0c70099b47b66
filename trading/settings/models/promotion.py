"""Settings table ``[promotion]``: when a candidate replaces the champion."""

from __future__ import annotations

from pydantic import Field, FiniteFloat

from trading.settings.models.base import Spec


class PromotionSpec(Spec):
    """When a candidate replaces the champion."""

    min_improvement: FiniteFloat = Field(default=0.05, description="Sharpe gained over the champion on the same bars.")
