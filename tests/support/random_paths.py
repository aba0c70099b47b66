"""Random mini paths: settings, bars with gaps, wicks and closed hours, and an order for every close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.support.price_paths import FREE, HOUR_MS, START_MS, EntryOrder

CHOICES: Mapping[str, tuple[float | bool, ...]] = {
    "fee_bps": (0.0, 5.0, 60.0),
    "maker_fee_bps": (0.0, 2.0),
    "spread_bps": (0.0, 4.0, 50.0),
    "impact_bps": (0.0, 0.0, 30.0),
    "impact": (0.0, 0.7, 1.0),
    "stop_slip": (0.0, 0.25, 1.0),
    "limit_through": (False, True),
    "wick_limit": (0.0, 1.3, 3.0, 20.0),
    "latency_bars": (0, 0, 1, 2),
    "latency_ms": (0, 500, 900_000, 4_500_000),
    "funding_bps_per_day": (0.0, 10.0, -30.0),
    "borrow_bps_per_day": (0.0, 3.0, 40.0),
    "max_participation": (0.01, 0.1, 1.0),
    "tick": (0.01, 0.05, 0.1, 0.5),
    "lot": (0.001, 0.1, 1.0),
    "contract_size": (1.0, 1.0, 0.01),
    "min_notional": (0.0, 0.0, 50.0),
    "size_cap": (0.35, 1.0, 3.0),
    "maintenance_margin": (0.01, 0.05, 0.25),
    "halt_drawdown": (0.25, 1.0),
}


@dataclass(frozen=True)
class RandomPath:
    """A path to play.

    Attributes:
        given: every setting.
        bars: ts, open, high, low, close, volume, funding.
        orders: by the index of the bar at whose close each is decided, if the account is flat and nothing waits.
    """

    given: Mapping[str, Any]
    bars: list[tuple[float, ...]]
    orders: dict[int, EntryOrder]


def random_path(rng: np.random.Generator) -> RandomPath:
    """Draw a path.

    Args:
        rng: of numpy.
    """
    given: dict[str, Any] = {**FREE, **{name: values[rng.integers(len(values))] for name, values in CHOICES.items()}}
    given["max_leverage"] = max(1.0, float(given["size_cap"]))
    bars = _bars(rng, float(given["tick"]))
    return RandomPath(given, bars, {index: _order(rng) for index in range(len(bars)) if rng.random() < 0.7})


def _bars(rng: np.random.Generator, tick: float) -> list[tuple[float, ...]]:
    size = int(rng.integers(4, 15))
    volatility = float(rng.choice([0.0, 0.002, 0.02, 0.15]))
    step = [tick, 0.01, 1e-6][rng.choice(3, p=[0.5, 0.3, 0.2])]
    ts, close, bars = START_MS, 100.0, []
    for _ in range(size):
        gap = rng.normal(0.0, 4.0 * volatility) if rng.random() < 0.15 else 0.0
        first = close * float(np.exp(gap))
        close = first * float(np.exp(rng.normal(0.0, volatility)))
        wick = np.exp(np.abs(rng.normal(0.0, volatility, 2)) * (1.0 if rng.random() < 0.8 else 8.0))
        prices = [first, max(first, close) * float(wick[0]), min(first, close) / float(wick[1]), close]
        prices = [max(tick, round(round(price / step) * step, 6)) for price in prices]
        close = prices[3]
        volume = 0.0 if rng.random() < 0.1 else float(np.round(np.exp(rng.normal(6.0, 2.0)), 3))
        funding = float(np.round(rng.normal(0.0, 1e-3), 6)) if rng.random() < 0.3 else 0.0
        bars.append((ts, *prices, volume, funding))
        ts += HOUR_MS * (int(rng.integers(2, 60)) if rng.random() < 0.1 else 1)
    return bars


def _order(rng: np.random.Generator) -> EntryOrder:
    stop, target = np.exp(rng.normal(np.log(0.03), 1.0, 2))
    return EntryOrder(
        quantity=float(rng.choice([-1.0, 1.0])) * float(np.round(np.exp(rng.normal(3.0, 1.5)), 4)),
        stop=100.0 * float(np.exp(stop)),
        target=100.0 * float(np.exp(target)),
        duration=int(rng.integers(1, 6)),
        cap=float(rng.choice([0.2, 1.0, 5.0])),
    )
