"""The mean reversion engine: against a price that is many standard deviations from its own mean.

Source: Poterba and Summers, "Mean reversion in stock prices", Journal of Financial Economics 22 (1988); the entry at
two standard deviations is that of Gatev, Goetzmann and Rouwenhorst, "Pairs trading", Review of Financial Studies 19
(2006).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pydantic import Field, FiniteFloat

from trading.engines.base import EngineOptions
from trading.engines.windowed import Judgement, PastBars, WindowEngine, clamped, confidence_of
from trading.values import Frozen


class MeanReversionOptions(EngineOptions):
    """Window and entry of the mean reversion engine."""

    length: int = Field(default=96, ge=3, le=20_000, description="Bars of mean and standard deviation.")
    entry: FiniteFloat = Field(default=2.0, gt=0.0, description="Least distance from the mean, standard deviations.")


class MeanReversion(WindowEngine):
    """Short far above the mean of the log price, long far below."""

    tag: ClassVar[str] = "zscore_v1"
    extras: ClassVar[tuple[str, ...]] = ("zscore",)
    Options: ClassVar[type[Frozen]] = MeanReversionOptions

    @classmethod
    def window(cls, options: Any) -> int:
        return options.length

    def judge(self, windows: PastBars) -> Judgement:
        log_close = windows.log_close
        deviation = log_close.std(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            score = (log_close[:, -1] - log_close.mean(axis=1)) / deviation
        # A price that never moved is no signal.
        score = np.where(deviation > 1e-9, score, 0.0)
        strength = np.abs(score) / self.options.entry
        direction = -np.sign(score) * (strength >= 1.0)
        return Judgement(direction, confidence_of(strength), (clamped(score / 4.0),))
