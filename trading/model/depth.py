"""Training depth: how many bars a model was trained on, of how many that would be enough, and what that costs it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, FiniteFloat

from trading.moments import interval_text, moment_iso
from trading.values import Frozen

Tier = Literal["shallow", "baseline", "deep", "full"]


class TimeframeDepth(Frozen):
    """Bars of one timeframe that a training saw, and how many are full depth.

    Attributes:
        interval: milliseconds of a bar.
        bars: of the training split.
        target_bars: from which depth is full.
    """

    interval: int = Field(ge=1)
    bars: int = Field(ge=0)
    target_bars: int = Field(ge=1)

    @property
    def share(self) -> float:
        """Of the target, at most 1."""
        return min(1.0, self.bars / self.target_bars)


class TrainingDepth(Frozen):
    """The depth of a training.

    Attributes:
        timeframes: the traded one first.
        tier: of the timeframe with the smallest share.
        modifier: what calibrated confidence is multiplied by.
        full_at_ms: when a night would have full depth, UTC milliseconds; None at full depth, and where bars do not get
            more because the history is as long as the settings let it be.
    """

    timeframes: tuple[TimeframeDepth, ...] = Field(min_length=1)
    tier: Tier
    modifier: Annotated[FiniteFloat, Field(gt=0.0, le=1.0)]
    full_at_ms: int | None = None

    def described(self) -> dict[str, Any]:
        """The same as JSON data for people: percent, intervals and moments written out."""
        return {
            "tier": self.tier,
            "modifier": self.modifier,
            "full_at": None if self.full_at_ms is None else moment_iso(self.full_at_ms),
            "timeframes": [
                {
                    "interval": interval_text(one.interval),
                    "bars": one.bars,
                    "target_bars": one.target_bars,
                    "percent": round(100.0 * one.share, 2),
                }
                for one in self.timeframes
            ],
        }

    def __str__(self) -> str:
        bars = ", ".join(
            f"{one.bars:,} of {one.target_bars:,} bars of {interval_text(one.interval)}" for one in self.timeframes
        )
        if self.tier == "full":
            return f"full ({bars})"
        when = "never with this history" if self.full_at_ms is None else f"about {moment_iso(self.full_at_ms)}"
        return f"{self.tier} ({bars}); confidence counts {self.modifier:.0%}; full {when}"
