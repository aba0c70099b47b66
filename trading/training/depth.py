"""How deep a training is: which tier its bars reach, what that makes of confidence, and when depth will be full."""

from __future__ import annotations

import math

from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import YEAR_MS, Bars
from trading.model.depth import Tier, TimeframeDepth, TrainingDepth
from trading.moments import END_MS
from trading.settings.models import DepthSpec


def training_depth(
    bars: Bars, train: tuple[int, int], spec: DepthSpec, *, train_share: float, history_bars: int
) -> TrainingDepth:
    """The depth of a training on a range of bars.

    Only the clock of the bars is read, never a price. Of every new bar of the history the training split gets its
    share; so full depth is that many bars away, at the bars a year that the market trades.

    Args:
        bars: the whole history of the night.
        train: half-open range of bars.
        spec: targets, tiers and what each makes of confidence.
        train_share: share of the history that is the training split, over 0.
        history_bars: bars that a history has at most.

    Raises:
        DataError: with code ``DEPTH_TOO_SHALLOW`` if no tier is reached and the settings refuse that.
    """
    primary = TimeframeDepth(interval=bars.interval, bars=train[1] - train[0], target_bars=spec.target_bars)
    tier, modifier = _tier(primary, spec)
    return TrainingDepth(
        timeframes=(primary,),
        tier=tier,
        modifier=modifier,
        full_at_ms=None if tier == "full" else _full_at(bars, primary, train_share, history_bars),
    )


def _tier(depth: TimeframeDepth, spec: DepthSpec) -> tuple[Tier, float]:
    if depth.share >= 1.0:
        return "full", 1.0
    if depth.share >= spec.deep_from:
        return "deep", spec.deep
    if depth.share >= spec.baseline_from:
        return "baseline", spec.baseline
    if depth.share >= spec.shallow_from or spec.too_few == "shallow":
        return "shallow", spec.shallow
    needed = math.ceil(spec.shallow_from * depth.target_bars)
    raise DataError(
        ReasonCode.DEPTH_TOO_SHALLOW,
        f"the training split holds {depth.bars} bars; depth.shallow_from asks for {needed} at least, "
        f"{spec.shallow_from:.0%} of depth.target_bars = {depth.target_bars}.",
        remedy='Give a longer history, lower depth.shallow_from, or set depth.too_few = "shallow" to train on few bars '
        f"with {spec.shallow:.0%} of their confidence.",
        bars=depth.bars,
        needed=needed,
        target_bars=depth.target_bars,
    )


def _full_at(bars: Bars, depth: TimeframeDepth, train_share: float, history_bars: int) -> int | None:
    wanted = math.ceil((depth.target_bars - depth.bars) / train_share)
    if len(bars) + wanted > history_bars:
        return None
    found = int(bars.ts[-1]) + bars.interval + math.ceil(wanted * YEAR_MS / bars.bars_per_year)
    return found if found < END_MS else None
