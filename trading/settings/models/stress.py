"""Settings table ``[stress]``: what a candidate must survive in each stress scenario."""

from __future__ import annotations

from pydantic import Field

from trading.settings.models.base import Fraction, NonNegativeFloat, Spec


class StressSpec(Spec):
    """What the candidate must survive in every stress scenario: each number at its quantile over the draws."""

    max_drawdown: Fraction = Field(
        default=0.25,
        description="Largest drawdown in any scenario, down to the worst price inside a bar, share of equity.",
    )
    max_loss: Fraction = Field(default=0.20, description="Largest loss of equity at the end of any scenario.")
    max_excess_drawdown: Fraction = Field(
        default=0.15, description="Largest drawdown in any scenario beyond that of the same bars without shocks."
    )
    max_shock_loss: NonNegativeFloat = Field(
        default=0.25,
        description="Largest loss inside the shocks of any scenario together, beyond what was lost there without them.",
    )
    max_excess_recovery: Fraction = Field(
        default=0.5, description="Longest time under water beyond that without shocks, share of the tested bars."
    )
    min_trades: int = Field(default=20, ge=1, description="With fewer trades a scenario measured nothing, and fails.")
    min_met: Fraction = Field(
        default=0.5, gt=0.0, description="Least share of shocks that must find the model in a trade; the same."
    )
    seeds: int = Field(default=16, ge=1, le=1_024, description="Draws of each scenario: where its shocks come.")
    quantile: Fraction = Field(default=0.9, ge=0.5, description="Over the draws of a scenario: what decides.")
