"""Settings table ``[regimes]``: the hidden Markov model of market regimes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, model_validator

from trading.settings.models.base import Fraction, PositiveFloat, Spec

FEWEST_STATES, MOST_STATES = 2, 5
SHORTEST_HALF_LIFE = 240
"""Bars. With a half-life of so many a history counts as about 700 bars, however long it is."""


class RegimeSpec(Spec):
    """The hidden Markov model of market regimes."""

    states: Annotated[int, Field(ge=FEWEST_STATES, le=MOST_STATES)] | Literal["auto"] = Field(
        default=3,
        description="Number of hidden states, 2 to 5. `auto`: the fewest that, fitted on the first two thirds of the "
        "training split, foretell the last third within one standard error of the best number.",
    )
    emissions: Literal["gaussian", "student"] = Field(
        default="gaussian",
        description="What a state's numbers are drawn from: with the tails of `student` a wild bar is no other regime.",
    )
    degrees_of_freedom: Annotated[FiniteFloat, Field(ge=1.0, le=200.0)] | Literal["fitted"] = Field(
        default="fitted",
        description="Of `student`: the fewer the heavier the tails; `fitted` finds those of each state.",
    )
    seeds: int = Field(
        default=30, ge=1, le=200, description="Number of starts; the best likelihood of a usable model wins."
    )
    iterations: int = Field(default=100, ge=5, le=1_000, description="Largest number of EM iterations of one start.")
    tolerance: PositiveFloat = Field(
        default=1e-2,
        description="EM stops when an iteration gains less than this, in ten-thousandths of a nat a bar.",
    )
    fitter: Literal["compiled", "hmmlearn"] = Field(
        default="compiled", description="What runs EM; both take the same steps, the compiled one faster."
    )
    half_life_bars: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="Bars of age at which a bar of the training split counts half in the fit, for example 1440; 0: all "
        "count alike.",
    )
    min_occupancy: Fraction = Field(default=0.03, description="A fit with a state rarer than this is refused.")
    min_bars: float = Field(
        default=6.0,
        ge=1.0,
        le=1_000.0,
        description="A state that lasts fewer bars on average is no regime and gives no direction.",
    )
    min_t: float = Field(
        default=2.0,
        ge=0.0,
        le=20.0,
        description="t-value of a state's next-bar return, absolute, under which the state gives no direction.",
    )
    features: tuple[str, ...] = Field(
        default=("range_surprise", "close_location"),
        min_length=1,
        description="Features the model sees.",
    )
    alternatives: tuple[tuple[str, ...], ...] = Field(
        default=(("close_location",),),
        description="Other sets of features; one is taken instead if its regimes, fitted on the first two thirds of "
        "the training split, are followed better over the last third, by a t-value of 3.",
    )
    memory_bars: int = Field(
        default=240,
        ge=0,
        le=100_000,
        description="Bars after which the filter has forgotten where it began; splits are kept at least so far apart.",
    )
    direction_threshold: Fraction = Field(
        default=0.0,
        description="Long when P(bull) - P(bear) is over this, short when under its negative. Whether a lean is worth "
        "a trade is for calibrated confidence to say, which needs to see the weak ones: see `risk.min_confidence`.",
    )

    @model_validator(mode="after")
    def _leaves_enough_bars(self) -> RegimeSpec:
        if 0 < self.half_life_bars < SHORTEST_HALF_LIFE:
            raise ValueError(
                f"half_life_bars {self.half_life_bars} leaves too few bars that count: give 0, or "
                f"{SHORTEST_HALF_LIFE} and more"
            )
        return self

    @model_validator(mode="after")
    def _can_be_fitted(self) -> RegimeSpec:
        if self.emissions == "student" and self.fitter == "hmmlearn":
            raise ValueError('hmmlearn knows no Student\'s t: emissions = "student" needs fitter = "compiled"')
        return self
