"""Takes every decision again without the later bars: signals, observations, actions, breaker codes, fills and equity.

Features alone say little: a path of decisions that is fed a later bar has honest features. So the whole run, by the
very functions of the backtest, is compared with runs that end at many moments. What changes when the future is taken
away knew the future.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats, Ints
from trading.codes import ReasonCode
from trading.engines.stream import Signals, compute_signals
from trading.errors import EngineError
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.moments import moment_text
from trading.results import CheckResult, rule
from trading.simulation.lanes import LaneRun, LaneTrace, run_lanes
from trading.simulation.parameters import model_parameters
from trading.splits import Range
from trading.steps.account import HALT_DRAWDOWN, MIN_CONFIDENCE, TRADE_FIELDS
from trading.steps.opinion import OPINION_FIELDS
from trading.steps.policy import ACTIONS

TOLERANCE = 2e-6
"""Two quanta of an opinion: the last digit of another summation may turn a rounding, and nothing more."""

_EXIT_TS = TRADE_FIELDS.index("exit_ts")
_EXACT = tuple(TRADE_FIELDS.index(name) for name in ("entry_ts", "exit_ts", "reason", "held", "regime"))

_IN_LANES = " in the lanes"

Columns = Mapping[str, Floats | Ints]
"""One number of every bar, by name."""


def check_decisions(
    model: TradingModel, bars: Bars, ranges: Sequence[Range], *, points: int, most_bars: int, seed: int
) -> CheckResult:
    """Compare the whole run with runs on truncated bars, up to the bar at which each ends.

    Directions, codes, and which trades there are must be equal; other numbers are to two quanta. What the lanes were
    given is held to the stream of signals as well. The observed number is how many kinds of number changed.

    Args:
        model: the candidate.
        bars: all bars of the night.
        ranges: that are traded, each from a fresh account.
        points: moments to look at, over all ranges; half of them end at a bar on which a decision was due.
        most_bars: that are computed again; where they are more, fewer moments are looked at, but one of each range.
        seed: of the moments.
    """
    rng = np.random.default_rng(seed)
    each = max(1, min(points, most_bars // (2 * len(bars))) // len(ranges))
    changed: dict[str, str] = {}
    moments: list[int] = []
    whole = _signal_columns(model, compute_signals(model, bars))
    for traded in ranges:
        run = _run(model, bars, traded)
        own, trace = _lane_columns(model, run), _trace(run)
        stream = {name + _IN_LANES: column[slice(*traded)] for name, column in whole.items()}
        _note(changed, bars.ts[slice(*traded)], own, stream, "in the stream of signals")
        for stop in _moments(trace, traded, each, rng):
            moments.append(stop)
            past = bars.slice(0, stop)
            without = f"without the bars after {moment_text(int(past.ts[-1]))}"
            try:
                signals, part = compute_signals(model, past), _run(model, past, Range(traded.start, stop))
            except EngineError as error:
                changed.setdefault("engine", f"the engine fails {without}: {error.message}")
                continue
            _note(changed, past.ts, whole, _signal_columns(model, signals), without)
            _note(changed, past.ts[traded.start :], own, _lane_columns(model, part), without)
            known = run.trades[run.trades[:, _EXIT_TS] <= past.ts[-1]]
            if not _same_trades(known, part.trades):
                changed.setdefault("fills", f"the trades up to there are other ones {without}")
    return rule(
        "decisions",
        passed=not changed,
        observed=len(changed) if moments else None,
        threshold=0,
        code=ReasonCode.LEAK_DECISION,
        message="; ".join(changed.values()),
        remedy="Find what reaches past the bar that has just closed: the engine's form for series, what the lanes are "
        "given, or the order of venue and decision.",
        evidence={"changed": list(changed), "moments": [int(bars.ts[stop - 1]) for stop in moments]},
    )


def _run(model: TradingModel, bars: Bars, traded: Range) -> LaneRun:
    """One lane over a range; a user's form for series is looked at as it is, and not held to bar by bar.

    Confidence and drawdown keep nobody from trading here, so that there are decisions and fills to compare.
    """
    parameters = model_parameters(model)
    parameters[MIN_CONFIDENCE], parameters[HALT_DRAWDOWN] = 0.0, 1.0
    return run_lanes(model, [bars], [parameters], *traded, checked=False, traced=True)[0]


def _trace(run: LaneRun) -> LaneTrace:
    if run.trace is None:
        raise ValueError("the lane was run without its trace")
    return run.trace


def _moments(trace: LaneTrace, traded: Range, points: int, rng: np.random.Generator) -> list[int]:
    """Positions after the last bar of each truncated run."""
    due = traded.start + 1 + np.flatnonzero(np.isfinite(trace.actions[:-1, 0]))
    chosen = rng.choice(due, min(len(due), points // 2), replace=False).tolist()
    drawn = rng.integers(traded.start + 1, traded.stop, size=points - len(chosen)).tolist()
    return sorted({int(stop) for stop in (*chosen, *drawn)})


def _signal_columns(model: TradingModel, signals: Signals) -> Columns:
    features = zip(model.spec.feature_names, signals.features.T, strict=True)
    opinions = zip(OPINION_FIELDS, signals.opinions.T, strict=True)
    return {
        "log volatility": signals.log_volatility,
        **{f"feature {name}": column for name, column in features},
        **{f"opinion {name}": column for name, column in opinions},
        "direction": signals.direction,
        "confidence": signals.confidence,
        "cash": signals.cash,
    }


def _lane_columns(model: TradingModel, run: LaneRun) -> Columns:
    trace = _trace(run)
    given = {name + _IN_LANES: column for name, column in _signal_columns(model, trace.signals).items()}
    observations = zip(model.spec.observation_names, trace.observations.T, strict=True)
    actions = zip(ACTIONS, trace.actions.T, strict=True)
    return {
        **given,
        **{f"observation {name}": column for name, column in observations},
        **{f"action {name}": column for name, column in actions},
        "breaker code": run.codes,
        "equity": run.equity,
        "low equity": run.low_equity,
    }


def _note(changed: dict[str, str], ts: Ints, whole: Columns, part: Columns, without: str) -> None:
    """Write down the last bar at which each number differs, of as many bars as both have.

    Args:
        changed: a sentence for each kind of number, added to.
        ts: shape (t,), open of each bar of the shorter run.
        whole: of the run that had the later bars too.
        part: of the run that had not.
        without: the end of the sentence.
    """
    for name, column in part.items():
        same = _equal(whole[name][: len(ts)], column)
        if same.all():
            continue
        row = int(np.flatnonzero(~same)[-1])
        values = f"{_number(whole[name][row])}, and {_number(column[row])}"
        changed.setdefault(name, f"{name} of {moment_text(int(ts[row]))} is {values} {without}")


def _equal(whole: Floats | Ints, part: Floats | Ints) -> NDArray[np.bool_]:
    if whole.dtype == np.int64:
        return whole == part
    return np.isclose(whole, part, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)


def _same_trades(whole: Floats, part: Floats) -> bool:
    if whole.shape != part.shape:
        return False
    exact = np.array_equal(whole[:, _EXACT], part[:, _EXACT])
    # A quantity is an action times equity, so it may carry the rounding of both.
    return exact and bool(np.isclose(whole, part, rtol=10 * TOLERANCE, atol=TOLERANCE, equal_nan=True).all())


def _number(value: Any) -> str:
    return f"{float(value):.6g}"
