"""Small markets made to show one thing each: a walk, and what may happen to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tests.support import HOUR_MS, START_MS
from trading.market.bars import Bars
from trading.market.sources.embedded import parse_simulated
from trading.market.sources.simulated import simulate

DAY_BARS = 24
PRICES = ("open", "high", "low", "close")


def market(described: Mapping[str, Any]) -> Bars:
    """Hourly bars by their description.

    Args:
        described: ``embedded`` (parameters as in a source) with ``bars``, or ``walk`` (see :func:`walk`); then each of
            :data:`EVENTS` that is to happen, with its arguments.
    """
    given = dict(described)
    if "walk" in given:
        bars = walk(**given.pop("walk"))
    else:
        length = given.pop("bars")
        bars = simulate(parse_simulated(given.pop("embedded")), START_MS + length * HOUR_MS).bars
    for event, arguments in given.items():
        bars = EVENTS[event](bars, **arguments)
    return bars


def walk(
    *, seed: int, bars: int, drift: float = 0.0, deviation: float = 0.006, reversion: float = 0.0, volume: float = 1e5
) -> Bars:
    """A random walk of the log price from 100, with a range of about its own deviation in each bar.

    Args:
        seed: of its random numbers.
        bars: how many.
        drift: log return of a bar on average.
        deviation: of a bar's log return.
        reversion: share of the way back to the drift's line that each bar goes.
        volume: median of a bar's.
    """
    rng = np.random.default_rng(seed)
    steps, wicks, traded = rng.normal(size=bars), np.abs(rng.normal(size=(2, bars))), rng.normal(size=bars)
    away = np.zeros(bars + 1)
    for t in range(bars):
        away[t + 1] = (1.0 - reversion) * away[t] + deviation * steps[t]
    price = 100.0 * np.exp(away + drift * np.arange(bars + 1))
    start, end = price[:-1], price[1:]
    return Bars(
        symbol="SIM",
        interval=HOUR_MS,
        ts=START_MS + HOUR_MS * np.arange(bars, dtype=np.int64),
        open=start,
        high=np.maximum(start, end) * np.exp(0.5 * deviation * wicks[0]),
        low=np.minimum(start, end) * np.exp(-0.5 * deviation * wicks[1]),
        close=end,
        volume=volume * np.exp(0.3 * traded),
    )


def _gap(bars: Bars, *, at: list[int], by: float) -> Bars:
    """Every price from some bars on is another by a factor, without a trade between."""
    factor = np.ones(len(bars))
    for begin in at:
        factor[begin:] *= by
    return replace(bars, **{name: getattr(bars, name) * factor for name in PRICES})


def _slide(bars: Bars, *, at: int, bars_long: int, by: float) -> Bars:
    """Prices go to another level by a factor, the same share of the way in each of some bars."""
    level = by ** np.clip((np.arange(len(bars) + 1) - at) / bars_long, 0.0, 1.0)
    begin, end = level[:-1], level[1:]
    return replace(
        bars,
        open=bars.open * begin,
        high=bars.high * np.maximum(begin, end),
        low=bars.low * np.minimum(begin, end),
        close=bars.close * end,
    )


def _funding(bars: Bars, *, every: int, rate: float) -> Bars:
    """Longs pay shorts a rate on every n-th bar."""
    return replace(bars, funding=np.where(np.arange(len(bars)) % every == 0, rate, 0.0))


def _session(bars: Bars, *, opens: int, closes: int) -> Bars:
    """Bars of some hours of the days from Monday to Friday alone."""
    hours = bars.ts // HOUR_MS
    # The first day of the epoch was a Thursday.
    weekday, hour = (hours // DAY_BARS + 3) % 7, hours % DAY_BARS
    kept = (weekday < 5) & (hour >= opens) & (hour < closes)
    return replace(bars, ts=bars.ts[kept], **{name: getattr(bars, name)[kept] for name in (*PRICES, "volume")})


def _wicks(bars: Bars, *, every: int, reach: float) -> Bars:
    """Every n-th bar reports a high and a low that nobody traded at."""
    bad = np.arange(len(bars)) % every == every - 1
    return replace(
        bars,
        high=np.where(bad, bars.high * (1.0 + reach), bars.high),
        low=np.where(bad, bars.low * (1.0 - reach), bars.low),
    )


EVENTS: dict[str, Callable[..., Bars]] = {
    "gap": _gap,
    "slide": _slide,
    "funding": _funding,
    "session": _session,
    "wicks": _wicks,
}
"""What may happen to a market."""
