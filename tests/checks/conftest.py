"""Bars of a random walk, enough for checks that compare distributions and prefixes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from trading.market.bars import Bars


@pytest.fixture(scope="session")
def walk() -> Callable[..., Bars]:
    def make(n: int = 1_500, seed: int = 0) -> Bars:
        rng = np.random.default_rng(seed)
        close = 100.0 * np.exp(np.cumsum(0.01 * rng.standard_normal(n)))
        opening = np.r_[100.0, close[:-1]]
        spread = 0.002 * close * rng.random(n)
        return Bars(
            symbol="WALK",
            interval=3_600_000,
            ts=1_700_000_000_000 // 3_600_000 * 3_600_000 + 3_600_000 * np.arange(n, dtype=np.int64),
            open=opening,
            high=np.maximum(opening, close) + spread,
            low=np.minimum(opening, close) - spread,
            close=close,
            volume=rng.gamma(2.0, 50.0, n),
        )

    return make
