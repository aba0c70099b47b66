"""The event fade engine: against a move beyond its volatility band that came with a shock of volume.

Source: Campbell, Grossman and Wang, "Trading volume and serial correlation in stock returns", Quarterly Journal of
Economics 108 (1993): returns on high volume tend to reverse.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import Field, FiniteFloat

from trading.engines.base import EngineOptions
from trading.engines.windowed import Judgement, PastBars, WindowEngine, clamped, confidence_of
from trading.values import Frozen


class EventFadeOptions(EngineOptions):
    """What counts as an event, and for how long it is faded."""

    length: int = Field(default=96, ge=3, le=20_000, description="Bars of usual volatility and volume before an event.")
    band: FiniteFloat = Field(default=2.5, gt=0.0, description="Least move of an event, usual standard deviations.")
    shock: FiniteFloat = Field(default=2.0, gt=0.0, description="Least volume of an event, share of the usual volume.")
    hold: int = Field(default=12, ge=1, le=500, description="Bars for which an event is faded.")


class EventFade(WindowEngine):
    """Bets on the return of a price that was pushed away by a rush of volume; the newest event counts."""

    tag: ClassVar[str] = "fade_v1"
    extras: ClassVar[tuple[str, ...]] = ("move", "volume_shock")
    Options: ClassVar[type[Frozen]] = EventFadeOptions

    @classmethod
    def window(cls, options: Any) -> int:
        return options.length + options.hold + 1

    def judge(self, windows: PastBars) -> Judgement:
        length, hold = self.options.length, self.options.hold
        returns = np.diff(windows.log_close, axis=1)
        # For each of the last bars the usual is what the bars before it showed, without that bar itself.
        usual_move = sliding_window_view(returns, length, axis=1)[:, :hold].std(axis=2)
        usual_volume = sliding_window_view(windows.volume[:, 1:], length, axis=1)[:, :hold].mean(axis=2)
        with np.errstate(divide="ignore", invalid="ignore"):
            move = np.nan_to_num(returns[:, -hold:] / usual_move, posinf=0.0, neginf=0.0)
            shock = np.nan_to_num(windows.volume[:, -hold:] / usual_volume, posinf=0.0)
        event = (np.abs(move) >= self.options.band) & (shock >= self.options.shock)
        newest = hold - 1 - np.argmax(event[:, ::-1], axis=1)
        rows = np.arange(len(newest))
        faded = np.where(event.any(axis=1), move[rows, newest], 0.0)
        strength = np.abs(faded) / self.options.band
        extras = (clamped(move[:, -1] / 4.0), clamped(shock[:, -1] / 4.0 - 0.25))
        return Judgement(-np.sign(faded), confidence_of(strength), extras)
