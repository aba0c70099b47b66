"""Settings table ``[regimes]``: the hidden Markov model of market regimes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from trading.settings.models.base import Fraction, PositiveFloat, Spec


class RegimeSpec(Spec):
    """The Gaussian hidden Markov model of market regimes."""

    seeds: int = Field(default=4, ge=1, le=50, description="Number of starts; the best likelihood wins.")
    iterations: int = Field(default=60, ge=5, le=1_000, description="Largest number of EM iterations of one start.")
    tolerance: PositiveFloat = Field(
        default=1e-2,
        description="EM stops when an iteration gains less than this, in ten-thousandths of a nat a bar.",
    )
    fitter: Literal["hmmlearn", "compiled"] = Field(
        default="hmmlearn", description="What runs EM; the compiled one takes the same steps, faster."
    )
    min_occupancy: Fraction = Field(default=0.03, description="A fit with a state rarer than this is refused.")
    features: tuple[str, ...] = Field(
        default=("log_range_medium", "log_volatility_medium", "trend_slow"),
        min_length=1,
        description="Features the model sees.",
    )
    direction_threshold: Fraction = Field(
        default=0.5, description="Long when P(bull) - P(bear) is over this, short when under its negative."
    )
