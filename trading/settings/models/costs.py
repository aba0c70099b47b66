"""Settings table ``[costs]``: what trading costs in the simulation."""

from __future__ import annotations

from pydantic import Field

from trading.settings.models.base import Fraction, NonNegativeFloat, PositiveFloat, Spec


class CostSpec(Spec):
    """What trading costs in the simulation; printed with every report."""

    fee_bps: NonNegativeFloat = Field(default=4.0, description="Fee per side, basis points of notional.")
    spread_bps: NonNegativeFloat = Field(
        default=2.0, description="Full quoted spread, basis points; half is paid per side."
    )
    impact_bps: NonNegativeFloat = Field(
        default=20.0,
        description="Slippage in basis points when an order is all of a bar's volume; grows with the square root.",
    )
    latency_bars: int = Field(
        default=0, ge=0, le=100, description="Extra bars between decision and fill; 0 fills at the next open."
    )
    max_participation: Fraction = Field(
        default=0.1, gt=0.0, description="Largest share of a bar's volume one fill may take."
    )
    lot: PositiveFloat = Field(default=1e-6, description="Smallest tradable quantity, units of the asset.")
    tick: PositiveFloat = Field(default=1e-8, description="Smallest price increment.")
