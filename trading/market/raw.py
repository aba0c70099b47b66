"""What a source holds before anything is promised about it: columns, the row of each number, and unreadable cells."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats, Ints
from trading.market.bars import COLUMNS, FUNDING, Bars
from trading.market.hours import Hours
from trading.results import CheckResult


@dataclass(frozen=True)
class Problem:
    """A cell, or a whole row, that could not be read.

    Attributes:
        row: line of a CSV file counted from 1 (a header is line 1), or row of a Parquet file counted from 1.
        column: name of the column, or ``row`` if the row itself is broken.
        text: what stands there, shortened.
        why: what is wrong with it, to be read after the text.
        ts: UTC milliseconds of the row if its time could be read.
    """

    row: int
    column: str
    text: str
    why: str
    ts: int | None = None

    def __str__(self) -> str:
        return f"{self.column} {self.text!r} {self.why}"


@dataclass(frozen=True, eq=False)
class Columns:
    """Named columns of numbers as they stand in a file; rows whose time is unreadable live in ``problems`` only.

    Attributes:
        ts: shape (n,), int64, UTC milliseconds, in file order.
        values: columns of shape (n,), float64; a cell that is in ``problems`` is NaN here.
        rows: shape (n,), int64, line or row numbers as in :class:`Problem`.
        problems: the first unreadable cells.
        problem_count: how many there are in all.
        row_word: ``line`` for CSV, ``row`` for Parquet.
        ends_complete: False if the last line of a text file has no line end.
    """

    ts: Ints
    values: dict[str, Floats]
    rows: Ints
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0
    row_word: str = "line"
    ends_complete: bool = True

    def take(self, chosen: NDArray[np.bool_] | Ints) -> Columns:
        """The chosen rows, in the order given.

        Args:
            chosen: shape (n,), a mask, or positions.
        """
        values = {name: column[chosen] for name, column in self.values.items()}
        return replace(self, ts=self.ts[chosen], rows=self.rows[chosen], values=values)

    def before(self, until_ms: int) -> Columns:
        """The rows whose time is earlier than a moment; a problem without a time always stays.

        Args:
            until_ms: UTC milliseconds.
        """
        part = self.take(self.ts < until_ms)
        kept = tuple(problem for problem in self.problems if problem.ts is None or problem.ts < until_ms)
        unlisted = self.problem_count - len(self.problems)
        return replace(part, problems=kept, problem_count=len(kept) + unlisted)


@dataclass(frozen=True)
class Repair:
    """A repair that an explicit option of the settings asked for.

    Attributes:
        option: the setting, for example ``on_duplicate=keep-last``.
        count: how many rows were dropped or moved.
        message: what was done, for people.
        rows: the first rows it touched.
    """

    option: str
    count: int
    message: str
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class RawBars:
    """Bars of a source in file order, before repair and contract.

    Attributes:
        symbol: the name of the market.
        source: what the bars came from, for messages.
        interval: milliseconds, the source's most common step; the traded interval if there is none.
        data: ``ts``, the columns of :data:`trading.market.bars.COLUMNS`, and funding if the source knows it.
        checks: what was already found before there were bars: checks of the trades they are made of.
        repairs: what explicit options have changed so far.
        hours: within which all bars open; None if nothing is known of closed hours.
    """

    symbol: str
    source: str
    interval: int
    data: Columns
    checks: tuple[CheckResult, ...] = ()
    repairs: tuple[Repair, ...] = ()
    hours: Hours | None = None

    def __len__(self) -> int:
        return len(self.data.ts)

    @property
    def ts(self) -> Ints:
        return self.data.ts

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that the bars have."""
        return (*COLUMNS, FUNDING) if FUNDING in self.data.values else COLUMNS

    def column(self, name: str) -> Floats:
        """The numbers of a column, shape (n,); NaN where a cell could not be read.

        Args:
            name: one of :attr:`names`.
        """
        return self.data.values[name]

    def place(self, index: int) -> str:
        """Where a bar stands, for messages: ``line 1042``.

        Args:
            index: position of the bar, counted from 0.
        """
        return f"{self.data.row_word} {int(self.data.rows[index])}"

    def take(self, chosen: NDArray[np.bool_] | Ints) -> RawBars:
        """The chosen bars, in the order given.

        Args:
            chosen: shape (n,), a mask, or positions.
        """
        return replace(self, data=self.data.take(chosen))

    def bars(self) -> Bars:
        """The same numbers as bars; the caller has checked the contract."""
        return Bars(self.symbol, self.interval, self.ts, **{name: self.column(name) for name in self.names})


def raw_from_bars(bars: Bars, source: str) -> RawBars:
    """Bars that come from memory, such as the embedded market, as a source; rows are counted from 1.

    Args:
        bars: oldest first.
        source: what they came from, for messages.
    """
    names = COLUMNS if bars.funding is None else (*COLUMNS, FUNDING)
    values = {name: np.asarray(getattr(bars, name), dtype=np.float64) for name in names}
    rows = np.arange(1, len(bars) + 1, dtype=np.int64)
    return RawBars(bars.symbol, source, bars.interval, Columns(bars.ts, values, rows, row_word="bar"))


def common_step(ts: Ints) -> int:
    """The most common positive step between neighbouring times, milliseconds; 0 if there is none.

    The smaller one wins a tie, because a hole makes steps longer and nothing makes them shorter.

    Args:
        ts: shape (n,), UTC milliseconds in any order.
    """
    steps = np.diff(np.unique(ts))
    if len(steps) == 0:
        return 0
    sizes, counts = np.unique(steps, return_counts=True)
    return int(sizes[np.argmax(counts)])


def is_increasing(ts: Ints) -> bool:
    """Whether every time is later than the one before.

    Args:
        ts: shape (n,), UTC milliseconds.
    """
    return bool((np.diff(ts) > 0).all())
