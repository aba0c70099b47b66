"""Faults that let a path of decisions know later bars, planted in the very functions that a night runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from trading.engines.stream import Signals, SignalStream
from trading.market.bars import COLUMNS, Bars
from trading.simulation import lanes


def bars_ahead(bars: Bars, count: int) -> Bars:
    """The same timestamps with the numbers of later bars; at the end there are none, and the last is repeated."""
    rows = np.minimum(np.arange(len(bars)) + count, len(bars) - 1)
    return replace(bars, **{name: getattr(bars, name)[rows] for name in COLUMNS})


class ForesightStream:
    """A stream of signals that is asked about bars and shown later ones."""

    def __init__(self, stream: SignalStream, later: Bars) -> None:
        self.engine = stream.engine
        self._stream = stream
        self._later = later

    def advance(self, part: Bars) -> Signals:
        begin = int(np.searchsorted(self._later.ts, part.ts[0]))
        return self._stream.advance(self._later.slice(begin, begin + len(part)))


def feed_lanes_ahead(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let every lane, of backtest, stress and checks alike, decide by bars that open ``count`` bars later."""
    honest: Any = vars(lanes)["_run_lane"]

    def ahead(model: Any, stream: SignalStream, lane: lanes.Lane, *rest: Any) -> lanes.LaneRun:
        return honest(model, ForesightStream(stream, bars_ahead(lane.bars, count)), lane, *rest)

    monkeypatch.setattr(lanes, "_run_lane", ahead)
