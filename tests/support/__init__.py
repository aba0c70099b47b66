"""What several tests share: small markets, and random but valid models."""

from __future__ import annotations

from functools import lru_cache

from tests.support.models import random_model, small_model
from trading.market.bars import Bars
from trading.market.sources.simulated import SimulatedMarket, SimulatedPath, simulate

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_609_459_200_000  # 2021-01-01, where the embedded market starts


@lru_cache(maxsize=8)
def small_path(days: int = 60, seed: int = 7, edge: float = 1.0) -> SimulatedPath:
    return simulate(SimulatedMarket(edge=edge, seed=seed), START_MS + days * DAY_MS)


def small_bars(days: int = 60, seed: int = 7) -> Bars:
    return small_path(days, seed).bars


__all__ = ["DAY_MS", "HOUR_MS", "START_MS", "random_model", "small_bars", "small_model", "small_path"]
