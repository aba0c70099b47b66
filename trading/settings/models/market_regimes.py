"""Settings table ``[market_regimes]``: what a market is called, by rules over opinions and features."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, FiniteFloat, model_validator

from trading.settings.models.base import Spec

MarketRegime = Literal["bull_momentum", "bear_defensive", "theme_driven", "crisis", "choppy"]


class ConditionSpec(Spec):
    """A number and the range it has to lie in."""

    input: str = Field(min_length=1)
    at_least: FiniteFloat | None = None
    at_most: FiniteFloat | None = None

    @model_validator(mode="after")
    def _asks(self) -> ConditionSpec:
        if self.at_least is None and self.at_most is None:
            raise ValueError(f"the condition on {self.input} asks for nothing: give at_least, at_most or both")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"the condition on {self.input} is never met: {self.at_least:g} is over {self.at_most:g}")
        return self


class RuleSpec(Spec):
    """What a market is called if every condition is met, and why."""

    regime: MarketRegime
    when: tuple[ConditionSpec, ...] = Field(min_length=1, max_length=20)
    reason: str = Field(min_length=1)


class MarketRegimeSpec(Spec):
    """What the market of a bar is called: the first rule that holds decides, and where none does it is choppy."""

    rules: tuple[RuleSpec, ...] = Field(
        default=(
            RuleSpec(
                regime="bull_momentum",
                when=(ConditionSpec(input="direction", at_least=1.0), ConditionSpec(input="confidence", at_least=0.65)),
                reason="the engine is long, and such a signal was right on 65 of 100 bars",
            ),
            RuleSpec(
                regime="bear_defensive",
                when=(ConditionSpec(input="direction", at_most=-1.0), ConditionSpec(input="confidence", at_least=0.65)),
                reason="the engine is short, and such a signal was right on 65 of 100 bars",
            ),
        ),
        max_length=50,
        description="Rules in their order, each with `regime`, `when` and `reason`. Where a rule says `crisis` nothing "
        "is held: positions leave, and none is entered.",
    )
