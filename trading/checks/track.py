"""The candidate on the test split as series: what it earned, what its market did, and what it held."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.checks.check import Subject
from trading.engines.checked import checked_signals
from trading.engines.stream import Signals
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.simulation.backtest import regime_names
from trading.simulation.lanes import LaneRun
from trading.simulation.metrics.returns import bar_returns
from trading.simulation.rivals import run_model
from trading.splits import Range
from trading.statistics.bootstrap import covering_block
from trading.steps import account as a
from trading.steps.opinion import EXTRAS

DRAWS = 1_000
"""Series that a bootstrap draws."""


class Track(NamedTuple):
    """The candidate on the test split.

    Attributes:
        model: the candidate.
        bars: of the test split.
        signals: of the same bars.
        run: what the candidate did on them.
        returns: shape (n,), simple return of its equity in each bar.
        market: shape (n,), simple return of the market from close to close, the first from the close before the split.
        block: bars of a block that covers what makes returns depend on each other.
    """

    model: TradingModel
    bars: Bars
    signals: Signals
    run: LaneRun
    returns: Floats
    market: Floats
    block: float

    @property
    def bars_per_year(self) -> float:
        """As the model's market trades."""
        return self.model.spec.bars_per_year


def split_track(subject: Subject) -> Track:
    """Trade the test split once more, as the backtest did.

    Args:
        subject: with bars, splits and model.
    """
    part = subject.splits.test
    signals = checked_signals(subject.model, subject.bars.slice(0, part.stop))
    return track_of(subject.model, subject.bars, signals, part)


def track_of(model: TradingModel, bars: Bars, signals: Signals, part: Range) -> Track:
    """A model on a range of bars.

    Args:
        model: what decides.
        bars: of its market.
        signals: of these bars from the first on, at least to the end of the range.
        part: bars that are traded.
    """
    own, traded = signals.slice(*part), bars.slice(*part)
    run = run_model(model, traded, own)
    before = bars.close[part.start - 1] if part.start else bars.open[0]
    closes = np.r_[before, traded.close]
    return Track(
        model=model,
        bars=traded,
        signals=own,
        run=run,
        returns=run_returns(model, run),
        market=closes[1:] / closes[:-1] - 1.0,
        block=covering_block(
            len(traded), mean_regime(own, model.spec.engine.extras), run.settled_trades[:, a.TRADE_HELD]
        ),
    )


def run_returns(model: TradingModel, run: LaneRun) -> Floats:
    """Simple return of each bar, the open position closed at the end.

    Args:
        model: its limits hold the initial equity.
        run: what a lane did.
    """
    return bar_returns(run.settled_equity, model.spec.limits.initial_equity)


def mean_regime(signals: Signals, extras: tuple[str, ...]) -> float:
    """Mean number of bars until the most likely regime changes; of an engine without regimes, the direction.

    Args:
        signals: of n bars.
        extras: names of the engine's further numbers.
    """
    count = len(regime_names(extras))
    states = signals.opinions[:, EXTRAS : EXTRAS + count].argmax(axis=1) if count else signals.direction
    return len(states) / (1.0 + float(np.count_nonzero(states[1:] != states[:-1])))


def open_returns(bars: Bars) -> Floats:
    """The market's simple return from each open to the next, shape (n,); of the last bar to its close.

    Args:
        bars: of n bars.
    """
    return np.r_[bars.open[1:], bars.close[-1]] / bars.open - 1.0


def held_positions(track: Track) -> Floats:
    """What was held from each open to the next as a share of equity at the entry, signed, shape (n,).

    A trade that ended inside of a bar, by stop, target or liquidation, is held through that bar: leaving it out would
    leave out just the move that ended it.

    Args:
        track: of the candidate.
    """
    ts, held = track.bars.ts, np.zeros(len(track.bars))
    equity = np.r_[track.model.spec.limits.initial_equity, track.run.equity[:-1]]
    for trade in track.run.settled_trades:
        first, last = np.searchsorted(ts, (trade[a.TRADE_ENTRY_TS], trade[a.TRADE_EXIT_TS])).tolist()
        inside = trade[a.TRADE_REASON] != a.REASON_TIME
        held[first : last + int(inside)] += trade[a.TRADE_QUANTITY] * trade[a.TRADE_ENTRY] / equity[first]
    return held
