"""The replay feed: a source's rows one by one, as an exchange would send them, and the pace of a replay."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from trading.errors import DataError
from trading.live.feeds.base import FeedRow
from trading.market.bars import FUNDING
from trading.market.closed_hours import within_hours
from trading.market.contract.funding import check_coverage, read_events, require_one_funding
from trading.market.contract.repair import repair
from trading.market.funding import row_funding
from trading.market.raw import RawBars
from trading.market.sources.funding_file import FundingFile, open_funding
from trading.market.sources.holidays_file import open_hours
from trading.market.sources.table import open_source
from trading.moments import interval_ms
from trading.results import CheckResult, blocking_failures
from trading.settings.models import MarketSpec


@dataclass(frozen=True, eq=False)
class ReplayFeed:
    """A source read to its end, sent row by row."""

    raw: RawBars

    @property
    def symbol(self) -> str:
        return self.raw.symbol

    @property
    def interval(self) -> int:
        return self.raw.interval

    def rows(self) -> Iterator[FeedRow]:
        """Every row in file order; a cell that could not be read stands there as its text, for the contract to name.

        Rows whose time could not be read have no place among the others and come first.
        """
        data = self.raw.data
        known = set(data.rows.tolist())
        texts = {(problem.row, problem.column): problem.text for problem in data.problems}
        for problem in data.problems:
            if problem.row not in known:
                yield FeedRow(f"{data.row_word} {problem.row}", (problem.text,))
        damaged = {row for row, _ in texts}
        names = self.raw.names
        columns = [data.values[name].tolist() for name in names]
        for row, ts, *numbers in zip(data.rows.tolist(), data.ts.tolist(), *columns, strict=True):
            values = tuple(numbers)
            if row in damaged:
                values = tuple(texts.get((row, name), number) for name, number in zip(names, numbers, strict=True))
            yield FeedRow(f"{data.row_word} {row}", (ts, *values))


def open_replay(spec: MarketSpec, symbol: str, until_ms: int | None) -> ReplayFeed:
    """Read a symbol's source as far as a moment, within its hours and repaired as the settings say, as a night would.

    Args:
        spec: source, hours, funding and repairs; its interval must be the model's, which trades are joined into.
        symbol: the market.
        until_ms: nothing that closes later is sent; None is the end of the source.

    Raises:
        DataError: if source, funding or holidays cannot be read, or if trades or funding events are damaged.
        ConfigError: if the hours cannot be read, or the source has a funding of its own beside the one that the
            settings name.
    """
    hours = open_hours(spec, symbol)
    raw = repair(within_hours(open_source(spec, symbol).read(until_ms), hours), spec)
    _stop_at_failures(raw.checks, symbol)
    funding = open_funding(spec, symbol)
    return ReplayFeed(raw if funding is None else _with_funding(raw, funding, spec, until_ms))


def _with_funding(raw: RawBars, funding: FundingFile, spec: MarketSpec, until_ms: int | None) -> RawBars:
    """The rows with what the traded bars owe, and the results of the checks of that."""
    require_one_funding(raw)
    events, checks = read_events(funding, until_ms)
    _stop_at_failures(checks, raw.symbol)
    if len(raw):
        checks = [*checks, check_coverage(events, np.unique(raw.ts), funding)]
    owed = row_funding(events, raw.ts, interval_ms(spec.interval))
    data = replace(raw.data, values={**raw.data.values, FUNDING: owed})
    return replace(raw, data=data, checks=(*raw.checks, *checks))


def _stop_at_failures(checks: Sequence[CheckResult], symbol: str) -> None:
    failures = blocking_failures(checks)
    if failures:
        raise DataError(failures[0].code, f"{symbol}: {failures[0].message}", remedy=failures[0].remedy)


class Pace:
    """Holds a replay to so many traded bars per second.

    Args:
        bars_per_second: 0 does not wait at all.
        stop: ends a wait at once.
    """

    def __init__(self, bars_per_second: float, stop: threading.Event) -> None:
        self._seconds = 1.0 / bars_per_second if bars_per_second > 0.0 else 0.0
        self._stop = stop
        self._due = time.monotonic()

    def wait(self) -> None:
        """Return when the next bar is due."""
        if self._seconds == 0.0:
            return
        # After a long pause (a swap, a sleeping machine) the replay does not hurry to catch up.
        self._due = max(self._due + self._seconds, time.monotonic() - self._seconds)
        self._stop.wait(max(0.0, self._due - time.monotonic()))
