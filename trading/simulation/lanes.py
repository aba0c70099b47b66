"""Lanes: a model traded over one or more versions of the same bars, stretch by stretch, compiled underneath."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import starmap
from typing import NamedTuple, TypeVar

import numpy as np

from trading.arrays import Floats, Ints
from trading.engines.checked import checked_stream
from trading.engines.stream import Signals, SignalStream, joined_signals
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.simulation.kernels import LaneOutput, trade_loop
from trading.simulation.parameters import policy_of
from trading.splits import Range
from trading.steps.account import EQUITY, QUANTITY, TRADE_SIZE, new_account
from trading.steps.policy import ACTIONS, Policy
from trading.steps.venue import settle

Found = TypeVar("Found")

LANE_THREADS = 2
"""The platform's smallest machine has two cores."""

STRETCH = 4_096
"""Bars whose signals are held at a time: a long series needs no more room than a short one."""


@dataclass(frozen=True, eq=False)
class LaneTrace:
    """What one lane's decisions rested on.

    Attributes:
        signals: of every traded bar, as the lane was given them.
        observations: shape (n, I), what the policy was shown at every close; NaN where no decision was due.
        actions: shape (n, A), what it answered; NaN where no decision was due.
    """

    signals: Signals
    observations: Floats
    actions: Floats


@dataclass(frozen=True, eq=False)
class LaneRun:
    """What one lane did.

    Attributes:
        equity: shape (n,), marked at every close.
        low_equity: shape (n,), marked at the extreme of every bar that hurts.
        trades: shape (number of trades, TRADE_SIZE), in the order of closing.
        codes: shape (n,), the breaker's answer at every close (``trading.steps.breakers``).
        account: shape (ACCOUNT_SIZE,), after the last bar.
        settled: the same with the open position closed at the last close.
        last: shape (0 or 1, TRADE_SIZE), that closing.
        trace: what its decisions rested on; None unless it was asked for.
    """

    equity: Floats
    low_equity: Floats
    trades: Floats
    codes: Ints
    account: Floats
    settled: Floats
    last: Floats
    trace: LaneTrace | None = None

    @property
    def settled_equity(self) -> Floats:
        """Equity with the open position closed at the last close, as metrics see it."""
        return np.r_[self.equity[:-1], self.settled[EQUITY]] if len(self.last) else self.equity

    @property
    def settled_trades(self) -> Floats:
        """Trades with that closing, shape (m, TRADE_SIZE)."""
        return np.concatenate([self.trades, self.last])


class Span(NamedTuple):
    """Bars of a lane on which it trades by other parameters.

    Attributes:
        begin: position of the first bar in the series.
        end: position after the last one.
        parameters: packed.
    """

    begin: int
    end: int
    parameters: Floats


@dataclass(frozen=True, eq=False)
class Lane:
    """One version of the bars, and by what it is traded.

    Attributes:
        bars: up to the end of what is traded, or longer.
        parameters: packed.
        spans: where other parameters are in force; in order, none overlapping another.
    """

    bars: Bars
    parameters: Floats
    spans: tuple[Span, ...] = ()


def run_lanes(
    model: TradingModel,
    lanes: Sequence[Bars],
    parameters: Sequence[Floats],
    start: int,
    stop: int,
    *,
    fixed_action: Sequence[float] | None = None,
    checked: bool = True,
    traced: bool = False,
) -> list[LaneRun]:
    """Run lanes over bars ``start`` to ``stop`` and keep all they did; the bars before only warm up.

    Args:
        model: features, engine, policy and the initial equity.
        lanes: the bars of each lane, with the same timestamps, and the same prices, volumes and funding before
            ``start``.
        parameters: packed parameters of each lane.
        start: first traded bar.
        stop: bar after the last traded one.
        fixed_action: size, duration, stop and target in [-1, 1] used instead of the policy.
        checked: whether a user's form for series is held to bar by bar; only for bars on which it was held before
            may this be False.
        traced: whether to keep what the decisions rested on.

    Raises:
        EngineError: ``ENGINE_CHECK``, naming the first bar of which the engine's two forms say different things.
    """
    warmed = WarmedLanes(model, lanes[0], start, stop, fixed_action=fixed_action, checked=checked, traced=traced)
    return map_lanes(lambda lane: warmed.run(Lane(lanes[lane], parameters[lane])), len(lanes))


def map_lanes(play: Callable[[int], Found], count: int) -> list[Found]:
    """What playing each of some lanes finds, in order.

    Two threads share the lanes: compiled loops hold no interpreter lock, and no lane sees another. A lane that is made
    as it is played, and of which nothing but a number is kept, needs room only while it is played.

    Args:
        play: is given the lane's number, in the lane's thread.
        count: how many lanes.
    """
    if count == 1:
        return [play(0)]
    with ThreadPoolExecutor(LANE_THREADS) as pool:
        return list(pool.map(play, range(count)))


class WarmedLanes:
    """A model that has seen the bars before the first traded one, from where any number of lanes start.

    Args:
        model: features, engine, policy and the initial equity.
        bars: whose first ``start`` every lane shares.
        start: first traded bar.
        stop: bar after the last traded one.
        fixed_action: size, duration, stop and target in [-1, 1] used instead of the policy.
        checked: see :func:`run_lanes`.
        traced: see :func:`run_lanes`.

    Raises:
        EngineError: ``ENGINE_CHECK``, see :func:`run_lanes`.
    """

    def __init__(
        self,
        model: TradingModel,
        bars: Bars,
        start: int,
        stop: int,
        *,
        fixed_action: Sequence[float] | None = None,
        checked: bool = True,
        traced: bool = False,
    ) -> None:
        self._model, self._traded, self._traced = model, Range(start, stop), traced
        self._policy = policy_of(model, fixed_action)
        self._before = bars.slice(0, start)
        self._stream = _warmed((checked_stream if checked else SignalStream)(model), self._before)

    def run(self, lane: Lane) -> LaneRun:
        """Trade one lane; several threads may.

        Args:
            lane: with the timestamps, and up to the first traded bar the prices, volumes and funding of the bars that
                warmed the model up.

        Raises:
            ValueError: if it has others.
            EngineError: ``ENGINE_CHECK``, see :func:`run_lanes`.
        """
        if not _same(lane.bars.slice(0, self._traded.start), self._before):
            raise ValueError(f"lanes need the same bars before bar {self._traded.start}")
        return _run_lane(self._model, self._stream.copy(), lane, self._traded, self._policy, self._traced)


def _same(bars: Bars, others: Bars) -> bool:
    return all(starmap(np.array_equal, zip(bars.columns()[1:], others.columns()[1:], strict=True)))


def _parts(lane: Lane, start: int, stop: int) -> Iterator[tuple[int, int, Floats]]:
    """Stretches of bars ``start`` to ``stop``, none too long and each with the parameters in force on all of it."""
    at = start
    for span in (*lane.spans, Span(stop, stop, lane.parameters)):
        for begin, end, parameters in ((at, span.begin, lane.parameters), span):
            for first in range(begin, end, STRETCH):
                yield first, min(first + STRETCH, end), parameters
        at = span.end


def _warmed(stream: SignalStream, bars: Bars) -> SignalStream:
    """The stream after the bars before the first traded one; an engine that wants all bars at once has seen none."""
    if not stream.engine.whole_series:
        for begin in range(0, len(bars), STRETCH):
            stream.advance(bars.slice(begin, min(begin + STRETCH, len(bars))))
    return stream


def _run_lane(
    model: TradingModel,
    stream: SignalStream,
    lane: Lane,
    traded: Range,
    policy: Policy,
    traced: bool,
) -> LaneRun:
    (start, stop), n, bars = traded, traded.size, lane.bars
    account = new_account(model.spec.limits.initial_equity)
    equity, low_equity, codes = np.empty(n), np.empty(n), np.empty(n, dtype=np.int64)
    trades, room = [np.zeros((0, TRADE_SIZE))], np.zeros((STRETCH + 1, TRADE_SIZE))
    kept = n if traced else 1
    observations = np.full((kept, len(model.spec.observation_names)), np.nan)
    actions, given = np.full((kept, len(ACTIONS)), np.nan), list[Signals]()
    whole = stream.advance(bars.slice(0, stop)) if stream.engine.whole_series else None
    for begin, end, parameters in _parts(lane, start, stop):
        part = bars.slice(begin, end)
        signals = stream.advance(part) if whole is None else whole.slice(begin, end)
        rows = slice(begin - start, end - start)
        seen = (observations[rows], actions[rows]) if traced else (observations, actions)
        output = LaneOutput(equity[rows], low_equity[rows], codes[rows], room, *seen)
        closed = trade_loop(part.columns(), signals.columns(), policy, account, parameters, output)
        trades.append(room[:closed].copy())
        if traced:
            given.append(signals)
    trace = LaneTrace(joined_signals(given), observations, actions) if traced else None
    settled, last = settled_account(account, lane.parameters, int(bars.ts[stop - 1]), float(bars.close[stop - 1]))
    return LaneRun(equity, low_equity, np.concatenate(trades), codes, account, settled, last, trace)


def settled_account(account: Floats, parameters: Floats, ts: int, close: float) -> tuple[Floats, Floats]:
    """A copy of an account whose open position is closed at the last close, and that trade if there is one.

    Args:
        account: after the last bar.
        parameters: packed.
        ts: open of the last bar, UTC milliseconds.
        close: of the last bar.
    """
    settled, record = account.copy(), np.zeros((1, TRADE_SIZE))
    if settled[QUANTITY] == 0.0:
        return settled, record[:0]
    settle(settled, parameters, ts, close, record[0])
    return settled, record
