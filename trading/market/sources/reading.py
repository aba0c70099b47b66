"""Joins blocks of columns read from a file and remembers every cell that could not be read."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from trading.arrays import Floats, Ints
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.raw import Columns, Problem
from trading.market.sources.cells import UNITS, UNREADABLE, time_trouble
from trading.market.sources.layout import Layout

MAX_PROBLEMS = 1_000
SHOWN = 80


@dataclass
class Reading:
    """What has been read so far, block by block; times keep their unit until the whole file is known.

    At most :data:`MAX_PROBLEMS` problems are listed, all are counted. For their messages the texts of the first
    times of each unit are kept.
    """

    layout: Layout
    row_word: str
    _ts: list[Ints] = field(default_factory=list[Ints])
    _units: list[Ints] = field(default_factory=list[Ints])
    _rows: list[Ints] = field(default_factory=list[Ints])
    _values: list[list[Floats]] = field(default_factory=list[list[Floats]])
    _texts: dict[int, dict[int, str]] = field(default_factory=dict[int, dict[int, str]])
    _problems: list[Problem] = field(default_factory=list[Problem])
    _count: int = 0

    @property
    def is_empty(self) -> bool:
        return not self._rows and not self._count

    def add(self, problem: Problem) -> None:
        """Remember an unreadable cell or row.

        Args:
            problem: where it stands and what is wrong with it.
        """
        self._count += 1
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(problem)

    def block(self, rows: Ints, ts: Ints, units: Ints, values: list[Floats], time_text: Callable[[int], str]) -> None:
        """Add rows; ``time_text(i)`` is what stands in the time cell of row i of the block.

        Args:
            rows: shape (n,), line or row numbers.
            ts: shape (n,), UTC milliseconds.
            units: shape (n,), indexes into :data:`trading.market.sources.cells.UNITS`.
            values: one column of shape (n,) for each of the layout's after the time.
            time_text: what stands in the time cell of a row of this block, by its position.
        """
        for unit in np.unique(units).tolist():
            texts = self._texts.setdefault(unit, {})
            room = MAX_PROBLEMS - len(texts)
            texts.update((int(rows[at]), time_text(at)[:SHOWN]) for at in np.flatnonzero(units == unit)[:room].tolist())
        self._rows.append(rows)
        self._ts.append(ts)
        self._units.append(units)
        self._values.append(values)

    def finish(self, ends_complete: bool = True) -> Columns:
        """Join the blocks and drop rows whose time is unreadable or in another unit than most of the file's.

        Args:
            ends_complete: whether a text file's last line has a line end.
        """
        none = np.empty(0, dtype=np.int64)
        ts, units, rows = (np.concatenate(parts or [none]) for parts in (self._ts, self._units, self._rows))
        file_unit = int(np.argmax(np.bincount(units, minlength=len(UNITS))[1:])) + 1
        for index in np.flatnonzero(units != file_unit).tolist():
            row, unit = int(rows[index]), int(units[index])
            text = self._texts[unit].get(row, "")
            when = int(ts[index]) if unit != UNREADABLE else None
            self.add(Problem(row, "ts", text, time_trouble(text, unit, file_unit), when))
        values = {
            name: np.concatenate([block[at] for block in self._values] or [np.empty(0)])
            for at, name in enumerate(self.layout.columns[1:])
        }
        return Columns(
            ts,
            values,
            rows,
            problems=tuple(sorted(self._problems, key=self._order)),
            problem_count=self._count,
            row_word=self.row_word,
            ends_complete=ends_complete,
        ).take(units == file_unit)

    def _order(self, problem: Problem) -> tuple[int, int]:
        names = self.layout.columns
        return problem.row, names.index(problem.column) if problem.column in names else -1


def unpacked(data: bytes, name: str) -> bytes:
    """The bytes of a file, unpacked if they are gzip.

    Args:
        data: all bytes of the file.
        name: what messages call the file.

    Raises:
        DataError: ``SOURCE_UNREADABLE`` if the gzip file is damaged.
    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(f"{name} is a damaged gzip file: {error}", "Write or download the file again.") from error


def unreadable(message: str, remedy: str) -> DataError:
    """An error about a file that is not what its source says.

    Args:
        message: what is wrong, without a full stop.
        remedy: what the user can do.
    """
    return DataError(ReasonCode.SOURCE_UNREADABLE, f"{message}.", remedy=remedy)
