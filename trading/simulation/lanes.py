"""Lanes: a model traded over one or more versions of the same bars, stretch by stretch, compiled underneath."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from trading.arrays import Floats, Ints
from trading.engines.checked import checked_stream
from trading.engines.stream import Signals, SignalStream, joined_signals
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.simulation.kernels import LaneOutput, trade_loop
from trading.simulation.parameters import policy_of
from trading.splits import Range
from trading.steps.account import QUANTITY, TRADE_SIZE, new_account
from trading.steps.policy import ACTIONS, Policy
from trading.steps.venue import settle

Found = TypeVar("Found")

LANE_THREADS = 2
"""The platform's smallest machine has two cores; nine lanes leave little for more threads to win."""

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
    """Run lanes and keep all they did; see :func:`map_lanes`.

    Args:
        model: features, engine, policy and the initial equity.
        lanes: the bars of each lane.
        parameters: packed parameters of each lane.
        start: first traded bar.
        stop: bar after the last traded one.
        fixed_action: size, duration, stop and target in [-1, 1] used instead of the policy.
        checked: whether a user's form for series is held to bar by bar.
        traced: whether to keep what the decisions rested on.
    """

    def keep(_: int, run: LaneRun) -> LaneRun:
        return run

    return map_lanes(
        model, lanes, parameters, start, stop, keep, fixed_action=fixed_action, checked=checked, traced=traced
    )


def map_lanes(
    model: TradingModel,
    lanes: Sequence[Bars],
    parameters: Sequence[Floats],
    start: int,
    stop: int,
    look: Callable[[int, LaneRun], Found],
    *,
    fixed_action: Sequence[float] | None = None,
    checked: bool = True,
    traced: bool = False,
) -> list[Found]:
    """Run lanes over bars ``start`` to ``stop`` and keep of each what ``look`` takes; the bars before only warm up.

    Two threads share the lanes: compiled loops hold no interpreter lock, and no lane sees another. The columns of a
    lane are gone once it was looked at, so no more than two lanes' are held at a time.

    Args:
        model: features, engine, policy and the initial equity.
        lanes: the bars of each lane, with the same timestamps, and the same prices, volumes and funding before
            ``start``.
        parameters: packed parameters of each lane.
        start: first traded bar.
        stop: bar after the last traded one.
        look: is given the lane's position and what it did, in the lane's thread.
        fixed_action: size, duration, stop and target in [-1, 1] used instead of the policy.
        checked: whether a user's form for series is held to bar by bar; only for bars on which it was held before
            may this be False.
        traced: whether to keep what the decisions rested on.

    Raises:
        EngineError: ``ENGINE_CHECK``, naming the first bar of which the engine's two forms say different things.
    """
    first = lanes[0]
    for bars in lanes[1:]:
        pairs = zip(bars.slice(0, start).columns()[1:], first.slice(0, start).columns()[1:], strict=True)
        if not all(np.array_equal(own, shared) for own, shared in pairs):
            raise ValueError(f"lanes need the same bars before bar {start}")
    policy = policy_of(model, fixed_action)
    fresh = checked_stream if checked else SignalStream
    warmed = None if len(lanes) == 1 else _warmed(fresh(model), first, start)

    def run(lane: int) -> Found:
        stream = _warmed(fresh(model), lanes[lane], start) if warmed is None else warmed.copy()
        return look(lane, _run_lane(model, stream, lanes[lane], parameters[lane], Range(start, stop), policy, traced))

    if len(lanes) == 1:
        return [run(0)]
    with ThreadPoolExecutor(LANE_THREADS) as pool:
        return list(pool.map(run, range(len(lanes))))


def _warmed(stream: SignalStream, bars: Bars, start: int) -> SignalStream:
    """The stream after the bars before the first traded one; an engine that wants all bars at once has seen none."""
    if not stream.engine.whole_series:
        for begin in range(0, start, STRETCH):
            stream.advance(bars.slice(begin, min(begin + STRETCH, start)))
    return stream


def _run_lane(
    model: TradingModel,
    stream: SignalStream,
    bars: Bars,
    parameters: Floats,
    traded: Range,
    policy: Policy,
    traced: bool,
) -> LaneRun:
    (start, stop), n = traded, traded.size
    account = new_account(model.spec.limits.initial_equity)
    equity, low_equity, codes = np.empty(n), np.empty(n), np.empty(n, dtype=np.int64)
    trades, room = [np.zeros((0, TRADE_SIZE))], np.zeros((STRETCH + 1, TRADE_SIZE))
    kept = n if traced else 1
    observations = np.full((kept, len(model.spec.observation_names)), np.nan)
    actions, given = np.full((kept, len(ACTIONS)), np.nan), list[Signals]()
    whole = stream.advance(bars.slice(0, stop)) if stream.engine.whole_series else None
    for begin in range(start, stop, STRETCH):
        end = min(begin + STRETCH, stop)
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
    settled, last = settled_account(account, parameters, int(bars.ts[stop - 1]), float(bars.close[stop - 1]))
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
