"""Settings table ``[calibration]``: how confidence becomes a probability of profit."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from trading.settings.models.base import Spec


class CalibrationSpec(Spec):
    """How an engine's confidence becomes a probability of profit."""

    method: Literal["auto", "isotonic", "platt", "sigmoid", "temperature", "logistic", "pooled"] = Field(
        default="auto",
        description="How confidence becomes a probability, for each side: `auto` takes what tells most on the "
        "validation split; `sigmoid` is `platt`.",
    )
    horizon_bars: int = Field(
        default=72, ge=1, le=2_000, description="A signal is right if it profits after costs this many bars on."
    )
    bins: int = Field(default=10, ge=2, le=100, description="Bins of the expected calibration errors.")
