"""The observation step: the numbers that the policy sees at a decision."""

from __future__ import annotations

import math
from typing import NamedTuple

from trading.arrays import Floats, Ints
from trading.steps import account as a
from trading.steps.bar import BarColumns
from trading.steps.opinion import DOUBT, EXTRA_NUMBERS, EXTRAS

OPINION_INPUTS = (*(f"extra_{number + 1}" for number in range(EXTRA_NUMBERS)), "direction", "confidence", "doubt")
ACCOUNT_INPUTS = ("direction_age", "drawdown", "last_trade", "win_rate", "since_exit")
CLOCK_INPUTS = ("hour_sin", "hour_cos", "week_sin", "week_cos")
POSITION_INPUTS = ("position", "agreement", "held", "open_return")
CLIP = 5.0
GAIN_BARS = 25.0
DAY_MS = 86_400_000.0


class Signal(NamedTuple):
    """The signal at the close of a bar, before any account: the numbers that every bar's decision reads.

    Attributes:
        close_ts: UTC milliseconds of the bar's close.
        close: price.
        log_volatility: logarithm of the standard deviation of one bar's log return.
        warm: 1 once the engine has an opinion.
        direction: 1 long, -1 short, 0 none.
        confidence: effective, after calibration.
        cash: 1 if nothing may be held, because the market is in a crisis.
    """

    close_ts: int
    close: float
    log_volatility: float
    warm: int
    direction: int
    confidence: float
    cash: int


class View(NamedTuple):
    """What is known at the close of a bar, before any account: the signal, and what only the policy reads besides.

    The two are apart because the policy is asked on few bars, and handing arrays to a compiled step on every bar
    takes longer than the step (measured: 250 of 330 ns a bar).

    Attributes:
        signal: of the bar.
        features: shape (F,), standardised.
        opinion: shape (OPINION_SIZE,), of the engine.
    """

    signal: Signal
    features: Floats
    opinion: Floats


class SignalColumns(NamedTuple):
    """What a model sees and believes on each of n bars: columns of what :class:`View` and its signal hold."""

    log_volatility: Floats
    features: Floats
    opinions: Floats
    warm: Ints
    direction: Ints
    confidence: Floats
    cash: Ints


def signal_at(bars: BarColumns, signals: SignalColumns, t: int) -> Signal:
    """The signal at the close of one bar of a series.

    Args:
        bars: columns of n bars.
        signals: columns of the same bars.
        t: which.
    """
    return Signal(
        bars.ts[t] + bars.interval,
        bars.close[t],
        signals.log_volatility[t],
        signals.warm[t],
        signals.direction[t],
        signals.confidence[t],
        signals.cash[t],
    )


def view_at(bars: BarColumns, signals: SignalColumns, t: int) -> View:
    """What is known at the close of one bar of a series.

    Args:
        bars: columns of n bars.
        signals: columns of the same bars.
        t: which.
    """
    return View(signal_at(bars, signals, t), signals.features[t], signals.opinions[t])


def observation_names(feature_names: tuple[str, ...], *, reviewed: bool = False) -> tuple[str, ...]:
    """The policy's inputs by name, for a model that knows these features.

    Args:
        feature_names: the model's features, in its order.
        reviewed: whether the policy is asked about open positions too.
    """
    position = POSITION_INPUTS if reviewed else ()
    return (*feature_names, *OPINION_INPUTS, *ACCOUNT_INPUTS, *CLOCK_INPUTS, *position)


def observation_step(account: Floats, view: View, out: Floats) -> None:
    """Write the observation of one lane at the close of a bar.

    Args:
        account: of which drawdown, last trade, win rate and ages are seen, and the position if ``out`` has room.
        view: of the bar; features are clipped to five standard deviations.
        out: shape (len(observation_names(...)),), written.
    """
    signal, features, opinion = view.signal, view.features, view.opinion
    count = features.shape[0]
    for i in range(count):
        out[i] = min(max(features[i], -CLIP), CLIP)
    for k in range(EXTRA_NUMBERS):
        out[count + k] = opinion[EXTRAS + k]
    out[count + 3] = account[a.DIRECTION]
    out[count + 4] = 2.0 * signal.confidence - 1.0
    out[count + 5] = opinion[DOUBT]
    out[count + 6] = math.log1p(account[a.DIRECTION_AGE]) / 5.0
    out[count + 7] = 10.0 * (1.0 - account[a.EQUITY] / account[a.PEAK])
    out[count + 8] = min(max(account[a.LAST_RETURN] * 50.0, -CLIP), CLIP)
    out[count + 9] = account[a.WIN_RATE]
    out[count + 10] = math.log1p(account[a.SINCE_EXIT]) / 5.0
    day = 2.0 * math.pi * (signal.close_ts % DAY_MS) / DAY_MS
    week = 2.0 * math.pi * (signal.close_ts % (7.0 * DAY_MS)) / (7.0 * DAY_MS)
    out[count + 11] = math.sin(day)
    out[count + 12] = math.cos(day)
    out[count + 13] = math.sin(week)
    out[count + 14] = math.cos(week)
    if out.shape[0] > count + 15:
        position_inputs(account, signal, out[count + 15 :])


def position_inputs(account: Floats, signal: Signal, out: Floats) -> None:
    """Write what is seen of the open position; zeros of a flat account.

    Args:
        account: of the lane.
        signal: at the close of the bar.
        out: shape (len(POSITION_INPUTS),), written: the signed share of the entry that is still held; 1 while the
            signal names its side, -1 while it names the other; its age; and what its price has gained, in deviations
            of a return over ``GAIN_BARS`` bars.
    """
    for i in range(len(POSITION_INPUTS)):
        out[i] = 0.0
    if account[a.QUANTITY] == 0.0:
        return
    side = 1.0 if account[a.QUANTITY] > 0.0 else -1.0
    out[0] = account[a.QUANTITY] / abs(account[a.ENTRY_QUANTITY])
    out[1] = side * signal.direction
    out[2] = math.log1p(account[a.HELD]) / 5.0
    moved = side * math.log(signal.close / account[a.ENTRY_PRICE])
    deviation = math.exp(signal.log_volatility) * math.sqrt(GAIN_BARS)
    out[3] = min(max(moved / deviation, -CLIP), CLIP)
