"""Markets in which nothing changes, and what may be made to change in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tests.support import HOUR_MS, START_MS
from trading.arrays import Floats
from trading.market.bars import Bars
from trading.market.sources.embedded import parse_simulated
from trading.market.sources.simulated import simulate

Shift = Callable[[Bars, int], Bars]
"""From bars and the first that is changed to other bars."""


def embedded(edge: float, seed: int, bars: int = 40_000) -> Bars:
    """The embedded market."""
    return simulate(parse_simulated(f"edge={edge},seed={seed}"), START_MS + bars * HOUR_MS).bars


def garch(seed: int, bars: int = 40_000) -> Bars:
    """A walk whose volatility clusters, with Student-t(4) innovations, and volume that follows it."""
    rng = np.random.default_rng(seed)
    z, variance = rng.standard_t(4, bars) / np.sqrt(2.0), np.empty(bars)
    now = 1.0
    for t in range(bars):
        variance[t] = now
        now = 0.02 + (0.06 * z[t] ** 2 + 0.92) * now
    deviation = 0.006 * np.sqrt(variance)
    wicks = 0.5 * deviation * np.abs(rng.normal(size=(2, bars)))
    steps = deviation * z
    volume = 1e5 * np.exp(0.5 * rng.normal(size=bars) + 0.3 * np.log(variance))
    return _rebuilt(steps, np.maximum(-steps, 0.0) + wicks[0], np.minimum(-steps, 0.0) - wicks[1], -steps, volume)


def resampled(bars: Bars, seed: int, count: int = 40_000, mean_block: float = 24.0) -> Bars:
    """Another history of a real market: its bars in random blocks, without its drift (Politis and Romano 1994)."""
    rng = np.random.default_rng(seed)
    steps, high, low, begin = _shape(bars)
    drawn, filled = np.empty(count, dtype=np.int64), 0
    while filled < count:
        start, length = int(rng.integers(1, len(bars))), int(rng.geometric(1.0 / mean_block))
        block = (start + np.arange(length))[: count - filled] % len(bars)
        drawn[filled : filled + len(block)] = block
        filled += len(block)
    return _rebuilt(steps[drawn] - steps.mean(), high[drawn], low[drawn], begin[drawn], bars.volume[drawn])


def volatility(factor: float) -> Shift:
    """Every move is larger by a factor; volume is what it was."""

    def shift(bars: Bars, start: int) -> Bars:
        scale = np.where(np.arange(len(bars)) >= start, factor, 1.0)
        steps, high, low, begin = (part * scale for part in _shape(bars))
        return replace(_rebuilt(steps, high, low, begin, bars.volume), ts=bars.ts)

    return shift


def mirror(bars: Bars, start: int) -> Bars:
    """What rose falls, and what fell rises."""
    changed = np.arange(len(bars)) >= start
    steps, high, low, begin = _shape(bars)
    return replace(
        _rebuilt(
            np.where(changed, -steps, steps),
            np.where(changed, -low, high),
            np.where(changed, -high, low),
            np.where(changed, -begin, begin),
            bars.volume,
        ),
        ts=bars.ts,
    )


def trend(share: float) -> Shift:
    """Each bar rises by a share of the deviation of a bar more than it did."""

    def shift(bars: Bars, start: int) -> Bars:
        steps, high, low, begin = _shape(bars)
        more = np.where(np.arange(len(bars)) >= start, share * steps[start:].std(), 0.0)
        return replace(_rebuilt(steps + more, high, low - more, begin - more, bars.volume), ts=bars.ts)

    return shift


def volume(factor: float) -> Shift:
    """Volume is larger by a factor, prices are what they were."""
    return lambda bars, start: replace(
        bars, volume=np.where(np.arange(len(bars)) >= start, factor * bars.volume, bars.volume)
    )


def spread(share: float) -> Shift:
    """Highs are higher and lows are lower by a share of the price, as where both sides stand further apart."""

    def shift(bars: Bars, start: int) -> Bars:
        wider = np.where(np.arange(len(bars)) >= start, 1.0 + share, 1.0)
        return replace(bars, high=bars.high * wider, low=bars.low / wider)

    return shift


def _shape(bars: Bars) -> tuple[Floats, Floats, Floats, Floats]:
    """Log returns, and high, low and open over the close, as logarithms."""
    close = np.log(bars.close)
    steps = np.diff(close, prepend=close[0])
    return steps, np.log(bars.high) - close, np.log(bars.low) - close, np.log(bars.open) - close


def _rebuilt(steps: Floats, high: Floats, low: Floats, begin: Floats, volume: Floats) -> Bars:
    close = 100.0 * np.exp(np.cumsum(steps))
    top, bottom = close * np.exp(np.maximum(high, 0.0)), close * np.exp(np.minimum(low, 0.0))
    return Bars(
        symbol="SIM",
        interval=HOUR_MS,
        ts=START_MS + HOUR_MS * np.arange(len(close), dtype=np.int64),
        open=np.clip(close * np.exp(begin), bottom, top),
        high=top,
        low=bottom,
        close=close,
        volume=volume,
    )
