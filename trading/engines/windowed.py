"""Engines whose opinion follows from the last bars alone: one formula over windows, streaming and batch alike."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from trading.arrays import Floats
from trading.engines.base import Engine, EngineSetup, Opinion
from trading.market.bars import COLUMNS, Bars
from trading.steps.bar import Bar
from trading.steps.numbers import QUANTUM
from trading.steps.opinion import CONFIDENCE, DIRECTION, DOUBT, EXTRAS, OPINION_SIZE, is_warm, side_step

_BLOCK_NUMBERS = 500_000
"""A formula is given so many numbers of each column at a time: a long series needs no more room than a short one."""


class PastBars(NamedTuple):
    """The last bars before and at each of m moments: columns of shape (m, W), the moment's own bar last.

    Logarithms come ready: taken of windows, each would be taken W times.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    log_high: Floats
    log_low: Floats
    log_close: Floats


class Judgement(NamedTuple):
    """What a formula says of m moments.

    Attributes:
        direction: shape (m,), -1, 0 or 1.
        confidence: shape (m,), 0 to 1.
        extras: further numbers, each of shape (m,), as many as the engine names.
    """

    direction: Floats
    confidence: Floats
    extras: tuple[Floats, ...] = ()


class WindowEngine(Engine):
    """An engine that is a formula over the last :meth:`window` bars.

    Streaming applies the formula to one window, batch to all of them: there is no second form to drift apart.
    """

    def __init__(self, setup: EngineSetup) -> None:
        super().__init__(setup)
        self._seen = np.empty((len(COLUMNS), 0))

    @classmethod
    @abstractmethod
    def window(cls, options: Any) -> int:
        """Bars in a window, the present one included.

        Args:
            options: of the engine.
        """

    @abstractmethod
    def judge(self, windows: PastBars) -> Judgement:
        """The formula.

        Args:
            windows: of m moments; each row is independent of the others.
        """

    @classmethod
    def lookback(cls, options: Any) -> int:
        return cls.window(options)

    def on_bar(self, bar: Bar, features: Floats) -> Opinion | None:
        row = np.empty(OPINION_SIZE)
        self.write(bar, features, row)
        if is_warm(row) == 0:
            return None
        extras = tuple(row[EXTRAS : EXTRAS + len(self.extras)].tolist())
        return Opinion(side_step(row), float(row[CONFIDENCE]), extras)

    def write(self, bar: Bar, features: Floats, row: Floats) -> None:
        row[:] = self._rows(np.array([getattr(bar, name) for name in COLUMNS])[:, None])[0]

    def opinions(self, bars: Bars, features: Floats) -> Floats:
        return self._rows(np.stack([getattr(bars, name) for name in COLUMNS]))

    def save(self) -> dict[str, Floats]:
        return {"seen": self._seen.copy()}

    def restore(self, state: Mapping[str, Floats]) -> None:
        self._seen = state["seen"].copy()

    def _rows(self, new: Floats) -> Floats:
        """Opinions of the bars ``new``, shape (5, n), after those seen before."""
        width = self.window(self.options)
        series = np.concatenate([self._seen, new], axis=1)
        self._seen = series[:, -(width - 1) :] if width > 1 else series[:, :0]
        rows = np.full((new.shape[1], OPINION_SIZE), np.nan)
        if series.shape[1] < width:
            return rows
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(series[1:4])
        windows = sliding_window_view(np.concatenate([series, logs]), width, axis=1)
        first = len(rows) - windows.shape[1]
        block = max(1, _BLOCK_NUMBERS // width)
        for start in range(0, windows.shape[1], block):
            part = windows[:, start : start + block]
            _fill(rows[first + start : first + start + part.shape[1]], self.judge(PastBars(*part)))
        return rows


def clamped(value: Floats) -> Floats:
    """Numbers between -1 and 1; what is not finite, such as a ratio over nothing, is 0.

    Args:
        value: numbers of any shape.
    """
    return np.clip(np.nan_to_num(value, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)


def confidence_of(strength: Floats) -> Floats:
    """Confidence from 0.5 to 1 of a signal that is so many of its own thresholds strong.

    Args:
        strength: shape (m,), 1 at the threshold; below there is no signal.
    """
    return 0.5 + 0.5 * np.tanh(np.maximum(strength - 1.0, 0.0))


def _fill(rows: Floats, judgement: Judgement) -> None:
    """Write a judgement as rows, rounded so that a last digit of another summation cannot turn a decision."""
    direction = judgement.direction
    confidence = np.where(direction != 0.0, _rounded(judgement.confidence), 0.0)
    rows[:, DIRECTION] = direction
    rows[:, CONFIDENCE] = confidence
    rows[:, EXTRAS:DOUBT] = 0.0
    for place, extra in enumerate(judgement.extras):
        rows[:, EXTRAS + place] = _rounded(extra)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = confidence
        entropy = -(p * np.log(p) + (1.0 - p) * np.log(1.0 - p)) / np.log(2.0)
    rows[:, DOUBT] = _rounded(np.where((p > 0.0) & (p < 1.0), entropy, 0.0))


def _rounded(values: Floats) -> Floats:
    return np.floor(values / QUANTUM + 0.5) * QUANTUM
