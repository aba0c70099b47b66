"""The markets of the campaign: six kinds in which nothing can be learned, and embedded ones with an edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from trading.arrays import Floats
from trading.market.bars import Bars
from trading.seeds import seed_for
from trading.settings.models import EngineSpec, MarketSpec, PolicySpec, RiskSpec, SevengatesSettings, SplitSpec
from trading.statistics.bootstrap import stationary_blocks

BLOCK = 24
"""Mean bars of a block in which real bars are drawn again: longer than volatility's memory of a few hours."""

JITTER = 0.01
"""Share by which a bar that is drawn again is wider or narrower, one deviation."""

BARS = 40_000
RIDES = (1.0, 2.0, 3.0)
"""Sharpe ratios of holding the market that the riders' markets have."""

SHORTEST, LONGEST = 2_000, 5_000
FIRST_SEED = 5_000
"""No default of the platform was chosen by looking at these seeds."""

SYMBOL, AS_OF = "SIM", datetime(2026, 11, 20, tzinfo=UTC)
RIDER = "rider"

Write = Callable[[Bars], str]
"""Writes bars to a file and returns the source that reads it."""

Make = Callable[[int, Bars, Write], SevengatesSettings]
"""Settings of the night of a number: real bars to draw from, and where drawn bars are written."""


def without_edge(number: int, _real: Bars, _write: Write) -> SevengatesSettings:
    """The embedded market whose regimes have no drift.

    Args:
        number: of the night.
    """
    return _night(f"sim:edge=0,seed={FIRST_SEED + number}")


def garch(number: int, _real: Bars, _write: Write) -> SevengatesSettings:
    """One regime alone: Student-t(4) innovations in a GARCH(1, 1) and no drift.

    Args:
        number: of the night.
    """
    same = ",".join(f"{name}_volatility=0.02" for name in ("bull", "bear", "chop"))
    return _night(f"sim:edge=0,seed={FIRST_SEED + number},tail=4,garch_reaction=0.09,jumps_per_day=0,{same}")


def drawn_again(number: int, real: Bars, write: Write) -> SevengatesSettings:
    """Real bars in another order, in blocks, with the drift taken out.

    Args:
        number: of the night.
        real: bars to draw from.
        write: of the drawn bars.
    """
    return _night(write(_drawn(real, number, BARS)))


def signs_flipped(number: int, real: Bars, write: Write) -> SevengatesSettings:
    """Real bars of which a coin turns each upside down: volatility stays, direction is gone.

    Args:
        number: of the night.
        real: bars to turn.
        write: of the turned bars.
    """
    rng = np.random.default_rng(seed_for(number, "signs"))
    moves = _moves(real)[:, -BARS:]
    turned = np.where(rng.random(moves.shape[1]) < 0.5, -1.0, 1.0)
    return _night(write(_built(real, np.concatenate([_turned(moves[:4], turned), moves[4:]]))))


def riding(number: int, real: Bars, write: Write) -> SevengatesSettings:
    """Real bars drawn again on a steady drift, and a model without timing that is always long with one confidence.

    Args:
        number: of the night; the drift goes through ``RIDES``.
        real: bars to draw from.
        write: of the drawn bars.
    """
    night = _night(write(_drawn(real, number, BARS, ride=RIDES[number % len(RIDES)])))
    return night.model_copy(
        update={
            "engine": EngineSpec(name=RIDER),
            # Largest size, middle duration, and stop and target so wide that the drift decides.
            "policy": PolicySpec(kind="fixed", action=(1.0, 0.0, 1.0, 1.0)),
            "risk": RiskSpec(min_confidence=0.0),
        }
    )


def short_history(number: int, real: Bars, write: Write) -> SevengatesSettings:
    """Two to five thousand bars without an edge, by turns embedded and drawn from real ones.

    Args:
        number: of the night.
        real: bars to draw from.
        write: of the drawn bars.
    """
    bars = int(np.random.default_rng(seed_for(number, "short")).integers(SHORTEST, LONGEST + 1))
    if number % 2:
        return _night(write(_drawn(real, number, bars)), history_bars=bars)
    return _night(f"sim:edge=0,seed={FIRST_SEED + number}", history_bars=bars)


def with_edge(edge: float) -> Make:
    """The embedded market with an edge.

    Args:
        edge: scale of the regimes' drift.
    """

    def make(number: int, _real: Bars, _write: Write) -> SevengatesSettings:
        return _night(f"sim:edge={edge:g},seed={FIRST_SEED + number}")

    return make


NULLS: dict[str, Make] = {
    "embedded, no edge": without_edge,
    "real, drawn again": drawn_again,
    "real, signs flipped": signs_flipped,
    "GARCH, Student-t(4)": garch,
    "riders of a drift": riding,
    "short histories": short_history,
}
"""Kinds of markets, or of models, of which none may be approved."""

EDGES: dict[str, Make] = {f"edge {edge:g}": with_edge(edge) for edge in (0.25, 0.5, 0.75, 1.0)}
"""Embedded markets by what there is to learn."""


def _night(source: str, *, history_bars: int = BARS) -> SevengatesSettings:
    market = MarketSpec(source=source, symbols=(SYMBOL,), history_bars=history_bars)
    return SevengatesSettings(market=market, splits=SplitSpec())


def _moves(bars: Bars) -> Floats:
    """Shape (5, n - 1): open, high, low and close as log distances from the close before, and the volume."""
    before = np.log(bars.close[:-1])
    prices = [np.log(getattr(bars, name)[1:]) - before for name in ("open", "high", "low", "close")]
    return np.stack([*prices, bars.volume[1:]])


def _turned(prices: Floats, sign: Floats) -> Floats:
    opened, high, low, close = prices
    up = sign > 0.0
    return np.stack([sign * opened, np.where(up, high, -low), np.where(up, low, -high), sign * close])


def _drawn(real: Bars, number: int, count: int, *, ride: float = 0.0) -> Bars:
    moves = _moves(real)
    n = moves.shape[1]
    starts, lengths = stationary_blocks(np.random.default_rng(seed_for(number, "blocks")), n, 1, BLOCK)
    blocks = zip(starts[0], lengths[0], strict=True)
    places = np.concatenate([np.arange(start, start + length) for start, length in blocks])
    drawn = moves[:, places[:count] % n]
    # Equal stretches in two splits are a leak of their own; no bar comes twice to the last digit.
    drawn = drawn * (1.0 + JITTER * np.random.default_rng(seed_for(number, "jitter")).standard_normal(len(drawn[0])))
    close = drawn[3]
    drift = ride * float(close.std()) / np.sqrt(real.bars_per_year) - float(close.mean())
    drawn[:4] += drift
    return _built(real, drawn)


def _built(real: Bars, moves: Floats) -> Bars:
    """Bars of such moves from the real first close on."""
    opened, high, low, close, volume = moves
    base = np.log(real.close[0]) + np.r_[0.0, np.cumsum(close)[:-1]]
    columns: dict[str, Any] = {"open": np.exp(base + opened), "close": np.exp(base + close), "volume": volume}
    columns["high"] = np.maximum(np.exp(base + high), np.maximum(columns["open"], columns["close"]))
    columns["low"] = np.minimum(np.exp(base + low), np.minimum(columns["open"], columns["close"]))
    n = len(close)
    return replace(
        real, symbol=SYMBOL, ts=real.ts[0] + real.interval * np.arange(n, dtype=np.int64), funding=None, **columns
    )


def write_bars(folder: Path) -> Write:
    """Writes bars where a night can read them.

    Args:
        folder: of the file.
    """

    def write(bars: Bars) -> str:
        import pandas as pd

        path = folder / "bars.parquet"
        columns = {"ts": bars.ts, **{name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}}
        pd.DataFrame(columns).to_parquet(path)
        return str(path)

    return write
