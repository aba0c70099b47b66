"""Holds a user's form for series to bar by bar, on the very bars it is used for.

The gates judge what an engine says of whole series, and the runner trades what it says bar by bar. A vectorised form
that saw a later bar would be a strategy that nobody can trade, with numbers that pass every gate. So wherever such
numbers are measured, each stretch of bars is also shown one by one to a second engine of the same model, which knows no
later bar, and the first difference ends the measurement. The built-in engines are held to the same by tests, and pay
nothing here.

It finds mistakes. Whoever installs an engine trusts its code like the platform's own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.engines.base import Engine
from trading.engines.stream import Signals, SignalStream
from trading.engines.table import open_engine
from trading.errors import EngineError
from trading.market.bars import COLUMNS, Bars
from trading.model.model import TradingModel
from trading.moments import moment_text
from trading.steps.opinion import DIRECTION, OPINION_FIELDS

TOLERANCE = 2e-6
"""Two quanta: the last digit of another summation may turn a rounding, and nothing more."""


def checked_stream(model: TradingModel) -> SignalStream:
    """A stream of a model's signals that ends with an error where a user's form for series differs from bar by bar.

    Args:
        model: whose signals these are.
    """
    stream = SignalStream(model)
    if model.spec.engine.code and type(stream.engine).opinions is not Engine.opinions:
        return _CheckedStream(model)
    return stream


def checked_signals(model: TradingModel, bars: Bars) -> Signals:
    """Signals of a whole series as :func:`trading.engines.stream.compute_signals`, held to bar by bar.

    Args:
        model: whose signals these are.
        bars: oldest first.

    Raises:
        EngineError: ``ENGINE_CHECK``, naming the first bar of which the engine's two forms say different things.
    """
    return checked_stream(model).advance(bars)


def first_difference(found: Floats, expected: Floats) -> tuple[int, int] | None:
    """Row and column of the first opinion that differs, or None.

    Args:
        found: shape (n, OPINION_SIZE).
        expected: shape (n, OPINION_SIZE); directions are equal, other numbers within :data:`TOLERANCE`, and NaN is
            equal to NaN alone.
    """
    same = np.isclose(found, expected, rtol=0.0, atol=TOLERANCE, equal_nan=True)
    now, then = found[:, DIRECTION], expected[:, DIRECTION]
    same[:, DIRECTION] = (now == then) | (np.isnan(now) & np.isnan(then))
    places = np.argwhere(~same)
    return None if len(places) == 0 else (int(places[0, 0]), int(places[0, 1]))


class _CheckedStream(SignalStream):
    """A stream, fed by :meth:`advance` alone, whose engine is compared with a second one that is shown bar by bar."""

    def __init__(self, model: TradingModel) -> None:
        super().__init__(model)
        self._name = model.spec.engine.name
        self._bar_by_bar = open_engine(model)

    def _opinions(self, bars: Bars, features: Floats) -> Floats:
        # Each gets its own copy: what the engine does to it reaches neither prices nor the policy's observation.
        expected = Engine.opinions(self._bar_by_bar, _copied(bars), features.copy())
        found = super()._opinions(_copied(bars), features.copy())
        if found.shape != expected.shape:
            raise self._refused(f"opinions() gives shape {found.shape} of {len(bars)} bars, expected {expected.shape}")
        place = first_difference(found, expected)
        if place is not None:
            at, field = int(bars.ts[place[0]]), OPINION_FIELDS[place[1]]
            raise self._refused(
                f"of the bar of {moment_text(at)} opinions() says {field} {found[place]:.6g}, and on_bar() says "
                f"{field} {expected[place]:.6g}",
                ts=at,
            )
        return found

    def _refused(self, what: str, **fields: object) -> EngineError:
        return EngineError(
            ReasonCode.ENGINE_CHECK,
            f"engine {self._name} gives other opinions of a series than bar by bar: {what}.",
            remedy="Mend its opinions(): what it says of a bar follows from the bars up to it alone. "
            "`sevengates engine check` tries it.",
            engine=self._name,
            **fields,
        )


def _copied(bars: Bars) -> Bars:
    columns = {name: getattr(bars, name).copy() for name in COLUMNS}
    funding = None if bars.funding is None else bars.funding.copy()
    return replace(bars, ts=bars.ts.copy(), funding=funding, **columns)
