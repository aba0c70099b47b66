"""A user's engine: with a price that leaves the range of its last bars.

Source: Donchian's channel rule, as described by Kestner, "Quantitative Trading Strategies" (2003).
"""

from __future__ import annotations

from collections import deque

from pydantic import Field

from trading.engines.base import Engine, EngineOptions, EngineSetup, Opinion


class BreakoutOptions(EngineOptions):
    """What a user may set in ``[engine.options.breakout]``."""

    bars: int = Field(default=48, ge=2, description="Bars of the range.")


class Breakout(Engine):
    """Long from a close above the highest high of the last bars on, short from a close below the lowest low on."""

    Options = BreakoutOptions
    extras = ("place",)

    def __init__(self, setup: EngineSetup) -> None:
        super().__init__(setup)
        self.highs: deque[float] = deque(maxlen=self.options.bars)
        self.lows: deque[float] = deque(maxlen=self.options.bars)

    @classmethod
    def lookback(cls, options):
        return options.bars

    def on_bar(self, bar, features):
        if len(self.highs) < self.options.bars:
            opinion = None
        else:
            top, bottom = max(self.highs), min(self.lows)
            place = (bar.close - bottom) / max(top - bottom, 1e-9)
            side = 1 if place > 1.0 else -1 if place < 0.0 else 0
            distance = max(place - 1.0, -place, 0.0)
            opinion = Opinion(side, confidence=min(0.5 + distance, 1.0), extras=(max(-1.0, min(place - 0.5, 1.0)),))
        self.highs.append(bar.high)
        self.lows.append(bar.low)
        return opinion
