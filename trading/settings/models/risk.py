"""Settings table ``[risk]``: limits that no model can override."""

from __future__ import annotations

from pydantic import Field

from trading.settings.models.base import Fraction, PositiveFloat, Spec


class RiskSpec(Spec):
    """Limits that no model can override."""

    initial_equity: PositiveFloat = Field(default=100_000.0, description="Paper equity at the start, quote currency.")
    size_cap: Fraction = Field(default=0.35, gt=0.0, description="Largest position notional, share of equity.")
    volatility_target: PositiveFloat = Field(default=0.25, description="Annualised; size is scaled down above it.")
    min_confidence: Fraction = Field(default=0.5, description="No new position under this effective confidence.")
    cooldown_bars: int = Field(default=12, ge=0, description="Bars without a new position after an exit.")
    halt_drawdown: Fraction = Field(
        default=0.25, gt=0.0, description="No new position once drawdown reaches this share."
    )
