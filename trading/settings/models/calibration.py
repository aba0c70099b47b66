"""Settings table ``[calibration]``: how confidence becomes a probability of profit."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from trading.settings.models.base import Spec


class CalibrationSpec(Spec):
    """How regime confidence becomes a probability of profit."""

    method: Literal["sigmoid", "isotonic"] = Field(
        default="sigmoid", description="Platt scaling or isotonic regression."
    )
    horizon_bars: int = Field(
        default=24, ge=1, le=2_000, description="A signal is right if it profits after costs this many bars on."
    )
    bins: int = Field(default=10, ge=2, le=100, description="Equal-width bins of the expected calibration error.")
