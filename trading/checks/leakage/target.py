"""How near features and columns of bars are to what comes next: by rank, and by what their sign alone would earn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.checks.leakage.features import PAST_ONLY, equal
from trading.codes import ReasonCode
from trading.market.bars import Bars
from trading.results import CheckResult, rule
from trading.splits import Range

HORIZONS = (1, 4, 12, 24, 96)
"""Bars over which a return is looked at; the first has a limit of its own."""

EQUAL_SHARE = 0.5
ERRORS = 4.0
"""So many standard errors a number has to be over its limit: a few hundred numbers are looked at together."""

HOURS_A_YEAR = 8766.0
_LEAST_ROWS = 10
"""Returns of a horizon that fit one after the other into the split, or the horizon is left out."""


class Columns(NamedTuple):
    """What may stand too near to the future.

    Attributes:
        names: of the C columns.
        values: shape (n, C), known at the close of each bar.
    """

    names: tuple[str, ...]
    values: Floats


def all_columns(features: Floats, names: Sequence[str], bars: Bars) -> Columns:
    """Features, and what the bars themselves say: a target can hide in a column of the source as well.

    Prices count by their changes and by the shape of the bar, as a level follows every later return of a short sample.

    Args:
        features: shape (n, F).
        names: of the F features.
        bars: the n bars.
    """
    volume = np.log1p(bars.volume)
    columns: Mapping[str, Floats] = {
        "change of open": _change(np.log(bars.open)),
        "change of high": _change(np.log(bars.high)),
        "change of low": _change(np.log(bars.low)),
        "change of close": _change(np.log(bars.close)),
        "body": np.log(bars.close / bars.open),
        "upper wick": np.log(bars.high / np.maximum(bars.open, bars.close)),
        "lower wick": np.log(np.minimum(bars.open, bars.close) / bars.low),
        "volume": volume,
        "change of volume": _change(volume),
    }
    return Columns((*names, *columns), np.column_stack([features, *columns.values()]))


def check_target(columns: Columns, bars: Bars, train: Range, *, limit: float) -> CheckResult:
    """Refuse a column that ranks the next bar's return too well, or that is a value of the next bar.

    The return is that of the next close over this one, or of the open after the next over the next, which is what a
    decision can earn: where a close came a bar early, the two differ. Over the train split only. The observed number is
    the largest absolute Spearman correlation; a column that never changes tells nothing and counts as 0, one that is
    not finite fails the check.

    Args:
        columns: features and columns of bars.
        bars: the n bars.
        train: bars to look at; the last one has no next bar inside the split and is left out.
        limit: correlation at which no honest feature is.
    """
    now, later = slice(train.start, train.stop - 1), slice(train.start + 1, train.stop)
    names, rows = columns.names, columns.values[now]
    close = bars.close
    futures = {name: getattr(bars, name)[later] for name in ("open", "high", "low", "close", "volume")}
    with np.errstate(divide="ignore", invalid="ignore"):
        futures["log return"] = np.log(close[later] / close[now])
        futures["return"] = close[later] / close[now] - 1.0
    target, earned = futures["log return"], _earned(bars, Range(now.start, now.stop), 1)
    known = len(rows) > 1 and bool(np.isfinite(target + earned).all()) and bool(np.ptp(target) > 0)
    broken = [name for name, column in zip(names, rows.T, strict=True) if not np.isfinite(column).all()]
    if not known or broken:
        return _broken("target", limit, broken or ["the next bar's return"])
    ranks = _ranks(rows)
    both = np.stack([_rank_correlation(ranks, target), _rank_correlation(ranks, earned)])
    larger = both[np.abs(both).argmax(axis=0), np.arange(len(names))]
    correlation = dict(zip(names, larger.tolist(), strict=True))
    same = {
        name: future
        for name, column in zip(names, rows.T, strict=True)
        for future, values in futures.items()
        if np.ptp(column) > 0 and equal(column, values).mean() >= EQUAL_SHARE
    }
    leaking = [name for name in names if name in same or not abs(correlation[name]) < limit]
    messages = [
        f"{name} is the next bar's {same[name]}"
        if name in same
        else f"{name} has a rank correlation of {correlation[name]:.3f} with the next bar's return"
        for name in leaking
    ]
    return rule(
        "target",
        passed=not leaking,
        observed=max(map(abs, correlation.values())),
        threshold=limit,
        code=ReasonCode.LEAK_TARGET,
        message="; ".join(messages),
        remedy=PAST_ONLY,
        evidence={"features": leaking, "correlation": correlation},
    )


def check_horizons(columns: Columns, bars: Bars, train: Range, *, limit: float) -> CheckResult:
    """Refuse a column that ranks the return over 4, 12, 24 or 96 bars too well.

    Returns of a horizon overlap, so that a correlation over n bars has a standard error of about sqrt(horizon / n); it
    has to be four of them over the limit. The observed number is the largest correlation less four errors.

    Args:
        columns: features and columns of bars.
        bars: the n bars.
        train: bars to look at.
        limit: correlation at which no honest feature is.
    """
    horizons = [h for h in HORIZONS[1:] if train.size >= _LEAST_ROWS * h]
    rows = Range(train.start, train.stop - max(horizons, default=0))
    known = columns.values[slice(*rows)]
    if not horizons or not np.isfinite(known).all() or not np.isfinite(bars.open).all():
        return _broken("horizons", limit, ["a column or a return"])
    ranks = _ranks(known)
    largest = -1.0
    found: dict[str, dict[str, float]] = {}
    messages: list[str] = []
    for horizon in horizons:
        target = _earned(bars, rows, horizon)
        correlation = _rank_correlation(ranks, target)
        error = math.sqrt(horizon / len(target))
        over = np.abs(correlation) - ERRORS * error
        largest = max(largest, float(over.max()))
        found[str(horizon)] = _largest(columns.names, correlation)
        messages += [
            f"{columns.names[at]} has a rank correlation of {correlation[at]:.3f} with the return over {horizon} bars"
            for at in map(int, np.flatnonzero(~(over < limit)))
        ]
    return rule(
        "horizons",
        passed=not messages,
        observed=largest,
        threshold=limit,
        code=ReasonCode.LEAK_TARGET,
        message="; ".join(messages),
        remedy=PAST_ONLY,
        evidence={"correlation": found},
    )


def check_sign(columns: Columns, bars: Bars, train: Range, *, limit: float) -> CheckResult:
    """Refuse a column whose sign alone would earn what no honest one earns, before all costs.

    Each bar a position is entered by the side of the column's median and held over the horizon; one book for each
    phase, averaged, so that returns do not overlap. Both signs count. The observed number is the largest annualised
    Sharpe ratio less four standard errors, on the scale of hourly bars where bars are shorter.

    Args:
        columns: features and columns of bars.
        bars: the n bars.
        train: bars to look at.
        limit: Sharpe ratio at which no honest feature is.
    """
    rows = Range(train.start, train.stop - 1)
    values, returns = columns.values[slice(*rows)], _earned(bars, rows, 1)
    if len(returns) < 2 or not (np.isfinite(values).all() and np.isfinite(returns).all()):
        return _broken("sign", limit, ["a column or a return"])
    side = np.sign(values - np.median(values, axis=0))
    scale = math.sqrt(bars.bars_per_year)
    hourly = max(1.0, math.sqrt(bars.bars_per_year / HOURS_A_YEAR))
    error = scale / math.sqrt(len(returns))
    largest = -math.inf
    found: dict[str, dict[str, float]] = {}
    messages: list[str] = []
    for horizon in HORIZONS:
        earned = _held(side, horizon) * returns[:, None]
        deviation = earned.std(axis=0)
        sharpe = np.divide(earned.mean(axis=0), deviation, out=np.zeros(len(deviation)), where=deviation > 0) * scale
        over = (np.abs(sharpe) - ERRORS * error) / hourly
        largest = max(largest, float(over.max()))
        found[str(horizon)] = _largest(columns.names, sharpe)
        messages += [
            f"the sign of {columns.names[at]} alone, held over {horizon} bars, has a Sharpe ratio of {sharpe[at]:.1f}"
            for at in map(int, np.flatnonzero(~(over < limit)))
        ]
    return rule(
        "sign",
        passed=not messages,
        observed=largest,
        threshold=limit,
        code=ReasonCode.LEAK_TARGET,
        message="; ".join(messages),
        remedy=PAST_ONLY,
        evidence={"sharpe": found, "error": error},
    )


def _largest(names: Sequence[str], values: Floats) -> dict[str, float]:
    """The column that is farthest from zero; all of them would fill every verdict."""
    at = int(np.abs(values).argmax())
    return {names[at]: float(values[at])}


def _earned(bars: Bars, rows: Range, horizon: int) -> Floats:
    """What is earned from the next open on over so many bars; at the end of the bars, up to the last close."""
    price = np.log(np.r_[bars.open, bars.close[-1]])
    last = len(bars)
    begin, end = np.arange(*rows) + 1, np.minimum(np.arange(*rows) + 1 + horizon, last)
    return price[end] - price[begin]


def _change(values: Floats) -> Floats:
    return np.r_[np.nan, np.diff(values)]


def _held(side: Floats, horizon: int) -> Floats:
    """Mean position of ``horizon`` books, each of which enters at another phase and holds so long."""
    total = np.cumsum(side, axis=0)
    total[horizon:] -= total[:-horizon].copy()
    return total / horizon


def _ranks(rows: Floats) -> Floats:
    """Ranks around zero, ties sharing their mean rank."""
    from scipy.stats import rankdata

    return rankdata(rows, axis=0) - (len(rows) + 1) / 2


def _rank_correlation(ranks: Floats, target: Floats) -> Floats:
    """Spearman correlation of each column of ranks with the target; 0 for a constant column."""
    wanted = _ranks(target)
    scale = np.sqrt((ranks**2).sum(axis=0) * (wanted**2).sum())
    return np.divide(wanted @ ranks, scale, out=np.zeros(ranks.shape[1]), where=scale > 0)


def _broken(name: str, limit: float, columns: Sequence[str]) -> CheckResult:
    return rule(
        name,
        passed=False,
        observed="nan",
        threshold=limit,
        code=ReasonCode.EVIDENCE_NOT_FINITE,
        message=f"{', '.join(columns)} on the train split has missing, infinite or only equal values",
        remedy="Start the train split after the warm-up, and look for broken bars.",
        evidence={"features": list(columns)},
    )
