"""The contract of funding events, and how well they cover the bars that are to be charged."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Ints
from trading.codes import ReasonCode
from trading.errors import ConfigError, DataError
from trading.market.bars import FUNDING
from trading.market.funding import MAX_RATE, FundingEvents
from trading.market.raw import Columns, RawBars
from trading.market.sources.base import DATA_FAULTS
from trading.market.sources.funding_file import RATE, FundingFile
from trading.moments import duration_text, moment_text
from trading.results import CheckResult

USUAL_PERIOD_MS = 28_800_000
"""Eight hours: the period where a file has fewer than two events to tell it from."""
MAX_SILENT_PERIODS = 2
SLACK_MS = 60_000
"""A minute: exchanges stamp an event some milliseconds after it was due, and dates are shown to the minute."""
_NAMED_ROWS = 20
_IN_MESSAGE = 3


def read_events(file: FundingFile, until_ms: int | None) -> tuple[FundingEvents, list[CheckResult]]:
    """Read and check the events that had happened at a moment.

    Args:
        file: opened.
        until_ms: the last moment that is seen, UTC milliseconds; None is everything there is.

    Returns:
        The events, which may be used if no check failed, and the result of each check.

    Raises:
        DataError: if the file is missing, may not be read, or needs a package that is not installed.
    """
    try:
        columns = file.read(until_ms)
    except DataError as error:
        if error.code not in DATA_FAULTS:
            raise
        none = FundingEvents(np.empty(0, dtype=np.int64), np.empty(0))
        name = "funding_schema"
        return none, [CheckResult(name=name, passed=False, code=error.code, message=error.message, remedy=error.remedy)]
    return FundingEvents(columns.ts, columns.values[RATE]), check_events(columns, file.name)


def check_events(columns: Columns, name: str) -> list[CheckResult]:
    """The rules of funding events: every cell is readable, every rate is possible, time goes on.

    Args:
        columns: of a file of events, in file order.
        name: what messages call the file.
    """
    rates = columns.values[RATE]
    unread = np.isin(columns.rows, np.array([problem.row for problem in columns.problems], dtype=np.int64))
    # Not at most the limit: a NaN is not.
    impossible = ~(np.abs(rates) <= MAX_RATE) & ~unread
    back = np.r_[False, np.diff(columns.ts) <= 0] if len(rates) else np.zeros(0, dtype=np.bool_)
    return [
        _schema(columns, name),
        _rows(
            "funding_rate",
            ReasonCode.FUNDING_RATE,
            impossible,
            columns,
            f"{name}: a rate is not finite or over {MAX_RATE:g} in size",
            lambda at: f"{RATE} {float(rates[at])!r}",
            "Write shares of notional, 0.0001 for 0.01 %, and correct these rows at their source.",
        ),
        _rows(
            "funding_increasing",
            ReasonCode.FUNDING_NOT_INCREASING,
            back,
            columns,
            f"{name}: time repeats or goes back",
            lambda at: f"after {moment_text(columns.ts[at - 1])}",
            "Sort the file by time and keep one row of each event.",
        ),
    ]


def check_coverage(events: FundingEvents, ts: Ints, file: FundingFile) -> CheckResult:
    """Whether events are known all along the bars; a warning names the stretches in which nothing is charged.

    The period is the median distance of two events. A file may begin one period after the first bar, be silent for
    two, and end two before the last bar.

    Args:
        events: that are charged.
        ts: shape (n,), opens of at least one bar, increasing.
        file: where the events come from.
    """
    first, last = int(ts[0]), int(ts[-1])
    period = int(np.median(np.diff(events.ts))) if len(events.ts) > 1 else USUAL_PERIOD_MS
    longest = MAX_SILENT_PERIODS * period + SLACK_MS
    known = events.ts[(events.ts >= first - longest) & (events.ts <= last + longest)]
    pairs = [(int(begin), int(end)) for begin, end in pairwise(known)]
    silent = [(begin, end) for begin, end in pairs if end - begin > longest and begin < last and end > first]
    if len(known) == 0:
        silent = [(first, last)]
    else:
        if known[0] > first + period + SLACK_MS:
            silent.insert(0, (first, int(known[0])))
        if known[-1] < last - longest:
            silent.append((int(known[-1]), last))
    held = events.rates[(events.ts >= first) & (events.ts <= last)]
    summary = f"{len(held)} events, one every {duration_text(period)}; a long over all of them pays {held.sum():.4%}"
    passed = not silent
    gaps = [{"from": _minute_text(begin), "until": _minute_text(end)} for begin, end in silent]
    shown = "; ".join(f"{gap['from']} to {gap['until']}" for gap in gaps[:_IN_MESSAGE])
    more = f"; {len(silent) - _IN_MESSAGE} more" if len(silent) > _IN_MESSAGE else ""
    message = f"{file.name}: {summary}." if passed else f"{file.name} knows no funding from {shown}{more}."
    return CheckResult(
        name="funding_coverage",
        passed=passed,
        severity="warn",
        observed=len(silent),
        threshold=0,
        code=ReasonCode.OK if passed else ReasonCode.FUNDING_GAPS,
        message=message if passed else f"{message} Nothing is charged there; elsewhere {summary}.",
        remedy="" if passed else "Bring the file of market.funding up to date, or trade a history that it covers.",
        evidence={
            "sha256": file.identity(),
            "events": len(held),
            "gaps": gaps,
        },
    )


def require_one_funding(raw: RawBars) -> None:
    """Refuse a file of funding beside a source whose bars know theirs: one of the two would be dropped.

    Args:
        raw: bars of a market whose settings name a file of funding.

    Raises:
        ConfigError: if the bars have funding of their own.
    """
    if FUNDING in raw.names:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"{raw.symbol}: market.funding names a file, and {raw.source} has a funding of its own.",
            remedy="Leave market.funding empty, or use a source of prices alone.",
        )


def _minute_text(ts_ms: int) -> str:
    return moment_text(ts_ms - ts_ms % SLACK_MS)


def _schema(columns: Columns, name: str) -> CheckResult:
    count, problems = columns.problem_count, columns.problems[:_NAMED_ROWS]
    if count == 0:
        return CheckResult(name="funding_schema", passed=True, observed=0, threshold=0)
    shown = "; ".join(f"{columns.row_word} {problem.row} {problem}" for problem in problems[:_IN_MESSAGE])
    return CheckResult(
        name="funding_schema",
        passed=False,
        observed=count,
        threshold=0,
        code=ReasonCode.BARS_SCHEMA,
        message=f"{name}: {count} unreadable: {shown}{_more(count)}.",
        remedy="Correct or remove these rows at their source.",
        evidence={
            "rows": [
                {"row": problem.row, "column": problem.column, "text": problem.text, "why": problem.why}
                for problem in problems
            ]
        },
    )


def _rows(
    rule: str,
    code: ReasonCode,
    broken: NDArray[np.bool_],
    columns: Columns,
    what: str,
    describe: Callable[[int], str],
    remedy: str,
) -> CheckResult:
    places = np.flatnonzero(broken).tolist()
    if not places:
        return CheckResult(name=rule, passed=True, observed=0, threshold=0)
    shown = "; ".join(
        f"{columns.row_word} {int(columns.rows[at])} {moment_text(columns.ts[at])} {describe(at)}"
        for at in places[:_IN_MESSAGE]
    )
    rows: list[dict[str, Any]] = [
        {
            "row": int(columns.rows[at]),
            "ts": moment_text(columns.ts[at]),
            RATE: repr(float(columns.values[RATE][at])),
        }
        for at in places[:_NAMED_ROWS]
    ]
    return CheckResult(
        name=rule,
        passed=False,
        observed=len(places),
        threshold=0,
        code=code,
        message=f"{what} in {len(places)} of {len(broken)} rows: {shown}{_more(len(places))}.",
        remedy=remedy,
        evidence={"rows": rows},
    )


def _more(count: int) -> str:
    return f"; {count - _IN_MESSAGE} more" if count > _IN_MESSAGE else ""
