"""Settings table ``[stress]``: what a candidate must survive in each stress scenario."""

from __future__ import annotations

from pydantic import Field

from trading.settings.models.base import Fraction, Spec


class StressSpec(Spec):
    """What the candidate must survive in every stress scenario."""

    max_drawdown: Fraction = Field(default=0.25, description="Largest drawdown in any scenario, share of equity.")
    max_loss: Fraction = Field(default=0.20, description="Largest loss of equity at the end of any scenario.")
