"""What every settings table is made of: the frozen base, and the numbers with bounds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat

from trading.values import Frozen

Fraction = Annotated[FiniteFloat, Field(ge=0.0, le=1.0)]
PositiveFloat = Annotated[FiniteFloat, Field(gt=0.0)]
NonNegativeFloat = Annotated[FiniteFloat, Field(ge=0.0)]


class Spec(Frozen):
    """A table of settings: immutable, an unknown key or a NaN is an error."""
