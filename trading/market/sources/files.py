"""A source that is one file: read once, known by its bytes, and kept in quarantine if its bars breach the contract."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import Literal

from trading.arrays import Ints
from trading.canonical import sha256
from trading.codes import ReasonCode
from trading.errors import ConfigError, DataError
from trading.market.raw import Columns, RawBars, common_step
from trading.market.sources.base import DATA_FAULTS
from trading.moments import END_MS, interval_ms
from trading.settings.models import MarketSpec

Setting = Literal["source", "funding", "holidays"]
"""The settings of a market that name a file."""


class FileSource(ABC):
    """One symbol's file; a kind of file says how its bytes become columns, and columns bars.

    Attributes:
        symbol: the market.
        spec: the traded interval, and how repairs are to be made.
        path: the file.
        name: its name without the folder.

    Args:
        target: path of the file; ``{symbol}`` in it stands for the symbol.
        symbol: the market.
        spec: the market settings that name the file.

    Raises:
        DataError: ``SOURCE_UNKNOWN`` if there is no path.
        ConfigError: if several symbols would read the same file.
    """

    def __init__(self, target: str, *, symbol: str, spec: MarketSpec) -> None:
        self.symbol = symbol
        self.spec = spec
        self.path = file_path(target, symbol=symbol, spec=spec, setting="source")
        self.name = self.path.name

    @abstractmethod
    def parse(self, data: bytes) -> Columns:
        """The columns in a file's bytes.

        Args:
            data: all bytes of the file.

        Raises:
            DataError: if they are no file of this kind, or a column is missing.
        """

    @abstractmethod
    def closes_ms(self, last_ms: int, columns: Columns) -> int:
        """The end of a file whose last row has a time.

        Args:
            last_ms: time of the last row, whether the rest of it could be read or not.
            columns: the file's.
        """

    @abstractmethod
    def bars(self, columns: Columns, until_ms: int) -> RawBars:
        """The bars that had closed at a moment.

        Args:
            columns: the file's.
            until_ms: UTC milliseconds.
        """

    def identity(self) -> str:
        """SHA-256 of the file's bytes."""
        return sha256(self._data)

    def label(self, identity: str) -> str:
        """The digest of the file, never its path."""
        return f"file:{identity}"

    def end_ms(self) -> int | None:
        """Where the last bar closes, or the last trade; rows that could not be read count too.

        A broken last row must not slip behind the moment of the night.
        """
        self.identity()  # a file that is missing, or may not be read, is no damage of its data: that is raised here
        try:
            columns = self._columns
        except DataError as error:
            if error.code in DATA_FAULTS:
                return None
            raise
        times = [problem.ts for problem in columns.problems if problem.ts is not None]
        if len(columns.ts):
            times.append(int(columns.ts.max()))
        return self.closes_ms(max(times), columns) if times else None

    def replay_end_ms(self, start_ms: int) -> int | None:
        """None: a file ends by itself."""
        return None

    def read(self, until_ms: int | None) -> RawBars:
        """The bars that had closed at a moment, in the order of the file."""
        return self.bars(self._columns, END_MS if until_ms is None else until_ms)

    @cached_property
    def _data(self) -> bytes:
        return file_bytes(self.path, subject=self.symbol, remedy=path_remedy("source"))

    @cached_property
    def _columns(self) -> Columns:
        return self.parse(self._data)


class BarsFile(FileSource):
    """A file of bars, one row each; see :class:`FileSource`."""

    def closes_ms(self, last_ms: int, columns: Columns) -> int:
        """One step after the open of the last bar."""
        return last_ms + self._step(columns.ts)

    def bars(self, columns: Columns, until_ms: int) -> RawBars:
        """The rows whose bar had closed."""
        # The interval too is told from what is visible: a longer file must not change an earlier night.
        step = self._step(columns.ts[columns.ts < until_ms])
        return RawBars(self.symbol, self.name, step, columns.before(until_ms - step + 1))

    def _step(self, ts: Ints) -> int:
        return common_step(ts) or interval_ms(self.spec.interval)


def file_bytes(path: Path, *, subject: str, remedy: str) -> bytes:
    """All bytes of a file.

    Args:
        path: of the file.
        subject: what the file is of, for messages.
        remedy: what the user can do if there is no such file.

    Raises:
        DataError: ``SOURCE_MISSING``, or ``SOURCE_UNREADABLE`` if it may not be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(ReasonCode.SOURCE_MISSING, f"{subject}: no file {path}.", remedy=remedy) from error
    except OSError as error:
        raise DataError(
            ReasonCode.SOURCE_UNREADABLE,
            f"{subject}: {path} cannot be read: {error.strerror or error}.",
            remedy="Name a file that this user may read.",
        ) from error


def file_path(target: str, *, symbol: str, spec: MarketSpec, setting: Setting) -> Path:
    """The file of one symbol.

    Args:
        target: the path in the setting; ``{symbol}`` in it stands for the symbol.
        symbol: the market.
        spec: the market settings.
        setting: which of them names the file.

    Raises:
        DataError: ``SOURCE_UNKNOWN`` if there is no path.
        ConfigError: if several symbols would read the same file.
    """
    written = getattr(spec, setting)
    if not target.strip():
        raise DataError(
            ReasonCode.SOURCE_UNKNOWN,
            f"market.{setting} {written!r} names no file.",
            remedy="Write the path after the colon, for example csv:PATH.",
        )
    if "{symbol}" not in target and len(spec.symbols) > 1:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"market.{setting} {written!r} is one file for {len(spec.symbols)} symbols: {', '.join(spec.symbols)}.",
            remedy="Write {symbol} where the file names differ, or name one symbol.",
        )
    return Path(target.replace("{symbol}", symbol)).expanduser()


def path_remedy(setting: Setting) -> str:
    """What to do if the file that a setting names is not there.

    Args:
        setting: of the market settings.
    """
    return (
        f"Check market.{setting}; {{symbol}} in it is replaced by the symbol, and a relative path starts where the "
        "command runs."
    )
