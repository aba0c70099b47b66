"""The markets on which simulators are compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from tests.support import HOUR_MS, START_MS
from trading.market.bars import Bars
from trading.market.load import load_bars
from trading.market.sources.simulated import SimulatedMarket, simulate
from trading.settings.models import MarketSpec

PRICES = ("open", "high", "low", "close")
TICK = 1e-4
CENT = 0.01


def embedded(bars: int) -> Bars:
    """The embedded market, seed 7, its prices on a tick that every simulator can hold.

    Args:
        bars: how many, of one hour.
    """
    return on_tick(simulate(SimulatedMarket(seed=7), START_MS + bars * HOUR_MS).bars, TICK)


def rough(bars: int) -> Bars:
    """The embedded market with gaps before its opens and wide bars, where every rule is asked often.

    Args:
        bars: how many, of one hour.
    """
    path, rng = embedded(bars), np.random.default_rng(11)
    opened = path.open * np.exp(rng.normal(0.0, 0.006, bars))
    high = np.maximum(path.high, opened) * np.exp(np.abs(rng.normal(0.0, 0.006, bars)))
    low = np.minimum(path.low, opened) * np.exp(-np.abs(rng.normal(0.0, 0.006, bars)))
    return on_tick(replace(path, open=opened, high=high, low=low), TICK)


def from_file(path: Path, symbol: str, session: Literal["continuous", "exchange"], quarantine: Path) -> Bars:
    """A file of hourly bars as a night reads it, its prices on the cent.

    Args:
        path: of the file.
        symbol: of the market.
        session: whether nights and weekends are closed.
        quarantine: folder for what breaches the contract.
    """
    spec = MarketSpec(source=str(path), symbols=(symbol,), interval="1h", history_bars=1_000_000, session=session)
    return on_tick(load_bars(spec, symbol, None, quarantine).bars, CENT)


def on_tick(bars: Bars, tick: float) -> Bars:
    """The same bars with every price at its nearest tick.

    Args:
        bars: of a market.
        tick: smallest price step, a power of ten.
    """
    digits = round(-np.log10(tick))
    return replace(bars, **{name: np.round(getattr(bars, name), digits) for name in PRICES})
