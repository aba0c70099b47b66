"""Settings table ``[risk]``: limits that no model can override."""

from __future__ import annotations

from pydantic import Field, model_validator

from trading.settings.models.base import Fraction, PositiveFloat, Spec


class RiskSpec(Spec):
    """Limits that no model can override."""

    initial_equity: PositiveFloat = Field(default=100_000.0, description="Paper equity at the start, quote currency.")
    size_cap: PositiveFloat = Field(default=0.35, description="Largest position notional, share of equity.")
    max_leverage: PositiveFloat = Field(
        default=1.0, ge=1.0, le=100.0, description="`size_cap` may not be over it; over 1 needs borrowed money."
    )
    maintenance_margin: Fraction = Field(
        default=0.05, lt=1.0, description="The exchange closes a position where equity falls to this share of notional."
    )
    volatility_target: PositiveFloat = Field(default=0.25, description="Annualised; size is scaled down above it.")
    min_confidence: Fraction = Field(
        default=0.65,
        description="No new position under this effective confidence. Of trades that are right less often, a hundred "
        "have more than `gates.max_consecutive_losses` in a row too often by chance alone.",
    )
    size_by_confidence: bool = Field(
        default=True,
        description="Sizes grow with confidence, from nothing where a signal just pays to all of it at certainty.",
    )
    cooldown_bars: int = Field(default=12, ge=0, description="Bars without a new position after an exit.")
    halt_drawdown: Fraction = Field(
        default=0.25, gt=0.0, description="No new position once drawdown reaches this share."
    )

    @model_validator(mode="after")
    def _within_leverage(self) -> RiskSpec:
        if not self.size_cap <= self.max_leverage:
            raise ValueError(f"size_cap {self.size_cap:g} is over max_leverage {self.max_leverage:g}")
        return self
