"""The eight adversarial scenarios: what each does to the bars and to the costs of the test split.

Every scenario changes only bars from ``start`` on, so whatever the model knew before stays as it was. Where and which
way a shock comes is drawn from the scenario's own seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats
from trading.checks.evidence import SCENARIOS
from trading.market.bars import Bars
from trading.seeds import seed_for
from trading.steps.account import FEE, HALF_SPREAD, IMPACT, LATENCY


@dataclass(eq=False)
class Moves:
    """Bars as log moves from the previous close, the form in which shocks are added.

    Attributes:
        open, high, low, close: shape (n,), log distance from the previous close.
        volume: shape (n,).
        rng: where and which way.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    rng: np.random.Generator

    def __len__(self) -> int:
        return len(self.close)

    def places(self, count: int, room: int) -> NDArray[np.int64]:
        """Up to ``count`` bars, one in each equal stretch, with ``room`` bars after each."""
        stretch = max(len(self) // count, room + 1)
        starts = np.arange(0, len(self) - stretch + 1, stretch)
        return starts + self.rng.integers(0, max(1, stretch - room), size=len(starts))

    def shift(self, at: slice | NDArray[np.int64], by: Floats | float) -> None:
        """Move whole bars up or down, open included: a gap."""
        for column in (self.open, self.high, self.low, self.close):
            column[at] += by

    def mirror(self, at: slice) -> None:
        """Turn bars upside down: every rise becomes the same fall."""
        self.open[at] *= -1.0
        self.close[at] *= -1.0
        high = -self.low[at]
        self.low[at] = -self.high[at]
        self.high[at] = high

    def stretch(self, at: slice, factor: float) -> None:
        """Make bars wider."""
        for column in (self.open, self.high, self.low, self.close):
            column[at] *= factor

    def freeze(self, at: slice) -> None:
        """No trade and no price change; the next bar opens where the market really is."""
        missed = float(self.close[at].sum())
        for column in (self.open, self.high, self.low, self.close, self.volume):
            column[at] = 0.0
        if at.stop < len(self):
            self.shift(slice(at.stop, at.stop + 1), missed)


def flash_crash(moves: Moves) -> None:
    """Eight times a bar falls 20 % and closes 8 % down; the next six bars recover it."""
    for at in moves.places(8, 8):
        moves.low[at] = min(moves.low[at], moves.close[at]) - 0.22
        moves.close[at] -= 0.08
        recovery = slice(at + 1, at + 7)
        moves.close[recovery] += 0.08 / 6
        moves.high[recovery] += 0.08 / 6


def gap_at_open(moves: Moves) -> None:
    """Twelve opens are 6 % away from the last close, up or down by chance, and the price stays there."""
    places = moves.places(12, 2)
    moves.shift(places, 0.06 * moves.rng.choice([-1.0, 1.0], size=len(places)))


def volatility_spike(moves: Moves) -> None:
    """Eight stretches of 48 bars move three times as far."""
    for at in moves.places(8, 48):
        moves.stretch(slice(at, at + 48), 3.0)


def liquidity_drought(moves: Moves) -> None:
    """Half the time a thousandth of the usual volume trades, so fills are partial; the spread is ten times as wide."""
    for at in moves.places(8, len(moves) // 16):
        moves.volume[at : at + len(moves) // 16] *= 1e-3


def whipsaw_chop(moves: Moves) -> None:
    """A third of the time every other twelve bars are turned upside down, so that no trend lasts."""
    length = max(24, len(moves) // 24)
    for at in moves.places(8, length):
        for begin in range(int(at), int(at) + length - 11, 24):
            moves.mirror(slice(begin, begin + 12))


def regime_flip(moves: Moves) -> None:
    """In eight stretches, together a quarter of the time, the market turns into its mirror image without notice."""
    length = max(24, len(moves) // 32)
    for at in moves.places(8, length):
        moves.mirror(slice(int(at), int(at) + length))


def data_outage(moves: Moves) -> None:
    """Eight times the feed freezes for 24 bars: no fill is possible, then the price jumps to where it went."""
    for at in moves.places(8, 25):
        moves.freeze(slice(int(at), int(at) + 24))


def fee_latency_shock(moves: Moves) -> None:
    """Fees triple, spread and slippage double, and every order is two bars late; prices stay as they were."""


SHOCKS: dict[str, Callable[[Moves], None]] = {
    shock.__name__: shock
    for shock in (
        flash_crash,
        gap_at_open,
        volatility_spike,
        liquidity_drought,
        whipsaw_chop,
        regime_flip,
        data_outage,
        fee_latency_shock,
    )
}


def stressed_bars(name: str, bars: Bars, start: int, stop: int, seed: int) -> Bars:
    """The bars with one scenario played on ``start`` to ``stop``; bars before ``start`` are untouched."""
    previous = np.log(bars.close[start - 1 : stop - 1])
    part = slice(start, stop)
    moves = Moves(
        *(np.log(getattr(bars, column)[part]) - previous for column in ("open", "high", "low", "close")),
        volume=bars.volume[part].copy(),
        rng=np.random.default_rng(seed_for(seed, "stress", name)),
    )
    SHOCKS[name](moves)
    base = float(previous[0]) + np.r_[0.0, np.cumsum(moves.close)[:-1]]
    opening, close = np.exp(base + moves.open), np.exp(base + moves.close)
    columns = {
        "open": opening,
        # Exponentials round: high and low are made to contain open and close again.
        "high": np.maximum(np.exp(base + moves.high), np.maximum(opening, close)),
        "low": np.minimum(np.exp(base + moves.low), np.minimum(opening, close)),
        "close": close,
        "volume": moves.volume,
    }
    return replace(
        bars.slice(0, stop),
        **{column: np.r_[getattr(bars, column)[:start], values] for column, values in columns.items()},
    )


def stressed_parameters(name: str, parameters: Floats) -> Floats:
    """Costs of a scenario: wider spreads in a drought, dearer and later fills in a fee and latency shock."""
    changed = parameters.copy()
    if name == "liquidity_drought":
        changed[HALF_SPREAD] *= 10.0
    if name == "fee_latency_shock":
        changed[FEE] *= 3.0
        changed[HALF_SPREAD] *= 2.0
        changed[IMPACT] *= 2.0
        changed[LATENCY] += 2.0
    return changed


if tuple(SHOCKS) != SCENARIOS:
    raise AssertionError(f"scenarios {tuple(SHOCKS)} are not the ones the gate asks for: {SCENARIOS}")
