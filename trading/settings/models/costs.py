"""Settings table ``[costs]``: how orders fill in the simulation, and what that costs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, FiniteFloat

from trading.settings.models.base import Fraction, NonNegativeFloat, Spec


class CostSpec(Spec):
    """How orders fill in the simulation, and what that costs; printed with every report."""

    realism: Literal["simple", "realistic"] = Field(
        default="realistic",
        description="`simple` fills by the book: constant slippage, stops at their price, limits when touched, no "
        "latency within a bar, no carry, every wick traded.",
    )
    fee_bps: NonNegativeFloat = Field(default=4.0, description="Fee of a taker per side, basis points of notional.")
    maker_fee_bps: NonNegativeFloat = Field(default=2.0, description="Fee of a resting limit (the target).")
    spread_bps: NonNegativeFloat = Field(
        default=2.0, description="Full quoted spread, basis points; half is paid per side."
    )
    impact_bps: NonNegativeFloat = Field(
        default=20.0,
        description="`simple`: slippage in basis points when an order is all of a bar's volume; grows with the square "
        "root.",
    )
    impact: NonNegativeFloat = Field(
        default=0.8,
        description="`realistic`: the same in volatilities of the bar. `sevengates costs calibrate` measures it.",
    )
    stop_slip: Fraction = Field(
        default=0.25, description="`realistic`: share of the way from a stop to the bar's extreme that a stop pays."
    )
    limit_through: bool = Field(
        default=True,
        description="`realistic`: a target fills only if the bar trades through it, from the volume beyond it.",
    )
    wick_limit: NonNegativeFloat = Field(
        default=15.0,
        description="`realistic`: longest wick that fills anything, in typical ranges of a bar; 0 confirms all.",
    )
    latency_bars: int = Field(
        default=0, ge=0, le=100, description="Extra bars between decision and fill; 0 fills at the next open."
    )
    latency_ms: int = Field(
        default=500, ge=0, le=86_400_000, description="`realistic`: milliseconds between decision and fill."
    )
    funding_bps_per_day: FiniteFloat = Field(
        default=0.0, description="`realistic`: a long pays it to shorts, beside the funding that bars carry."
    )
    borrow_bps_per_day: NonNegativeFloat = Field(
        default=3.0, description="`realistic`: paid on a short's notional, and on a long's borrowed cash."
    )
    max_participation: Fraction = Field(
        default=0.1, gt=0.0, description="Largest share of a bar's volume that its fills may take together."
    )
