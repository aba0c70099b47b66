"""The moving average engine, the baseline ``ma_v1``: with the trend, where a fast average is away from a slow one.

Source: Brock, Lakonishok and LeBaron, "Simple technical trading rules and the stochastic properties of stock returns",
Journal of Finance 47 (1992): the variable-length moving average rule with a band.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import Field, FiniteFloat, model_validator

from trading.engines.base import EngineOptions
from trading.engines.windowed import Judgement, PastBars, WindowEngine, clamped, confidence_of
from trading.values import Frozen


class MovingAverageOptions(EngineOptions):
    """Lengths and band of the moving average engine."""

    fast: int = Field(default=24, ge=1, le=5_000, description="Length of the fast average, bars.")
    slow: int = Field(default=168, ge=2, le=20_000, description="Length of the slow average, bars.")
    band: FiniteFloat = Field(
        default=0.5, gt=0.0, description="Least distance of the averages, standard deviations of a slow-horizon return."
    )

    @model_validator(mode="after")
    def _ordered(self) -> MovingAverageOptions:
        if not self.fast < self.slow:
            raise ValueError(f"fast must be under slow, got {self.fast} and {self.slow}")
        return self


class MovingAverage(WindowEngine):
    """Long while the fast average is a band above the slow one, short while it is a band below."""

    tag: ClassVar[str] = "ma_v1"
    extras: ClassVar[tuple[str, ...]] = ("gap",)
    Options: ClassVar[type[Frozen]] = MovingAverageOptions

    @classmethod
    def window(cls, options: Any) -> int:
        return options.slow + 1

    def judge(self, windows: PastBars) -> Judgement:
        fast, slow, band = self.options.fast, self.options.slow, self.options.band
        log_close = windows.log_close
        deviation = np.diff(log_close, axis=1).std(axis=1) * np.sqrt(slow)
        distance = log_close[:, -fast:].mean(axis=1) - log_close[:, -slow:].mean(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            strength = np.nan_to_num(distance / (band * deviation), nan=0.0, posinf=0.0, neginf=0.0)
        direction = np.sign(strength) * (np.abs(strength) >= 1.0)
        return Judgement(direction, confidence_of(np.abs(strength)), (clamped(strength / 4.0),))
