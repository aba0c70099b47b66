"""Opens a source of bars that is named by one string, tells its identity and its end, and reads it as of a moment."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from trading.canonical import digest_of, sha256
from trading.codes import ReasonCode
from trading.errors import ConfigError, DataError
from trading.market.raw import Columns, RawBars, common_step, raw_from_bars
from trading.market.sources.csv_reader import read_csv
from trading.market.sources.layout import BARS, TRADES, Layout
from trading.market.sources.parquet_reader import read_parquet
from trading.market.sources.trades import bars_from_trades
from trading.moments import DAY_MS, END_MS, interval_ms
from trading.settings.models import MarketSpec

Kind = Literal["csv", "parquet", "ticks", "sim"]

_PARQUET = (".parquet", ".pq", ".parquet.gz", ".pq.gz")
_CSV = (".csv", ".csv.gz", ".txt", ".txt.gz")
# What is wrong with the file itself, rather than with the settings or the machine.
FILE_FAULTS = (ReasonCode.BARS_SCHEMA, ReasonCode.SOURCE_UNREADABLE)


@dataclass(frozen=True)
class Source:
    """One symbol's source.

    Attributes:
        kind: what the source is.
        symbol: the name of the market.
        target: path of the file, or parameters of the embedded market.
        spec: the market settings the source was opened with.
    """

    kind: Kind
    symbol: str
    target: str
    spec: MarketSpec

    @property
    def path(self) -> Path | None:
        """The file, or None for the embedded market."""
        return None if self.kind == "sim" else Path(self.target).expanduser()

    @property
    def name(self) -> str:
        """What messages call the source."""
        return f"sim:{self.target}" if self.path is None else self.path.name


def open_source(spec: MarketSpec, symbol: str) -> Source:
    """The source of a symbol; nothing is read yet.

    Raises:
        DataError: ``SOURCE_UNKNOWN`` if the string names no kind of source.
        ConfigError: if several symbols would read the same file.
    """
    prefix, colon, rest = spec.source.partition(":")
    if colon and prefix == "sim":
        return Source("sim", symbol, _at_traded_interval(rest, spec.interval), spec)
    if colon and prefix in ("csv", "parquet", "ticks"):
        kind: Kind = prefix
        path = rest
    else:
        path = spec.source
        kind = _kind_by_ending(path)
    if not path.strip():
        raise _unknown(spec.source)
    if "{symbol}" not in path and len(spec.symbols) > 1:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"market.source {spec.source!r} is one file for {len(spec.symbols)} symbols: {', '.join(spec.symbols)}.",
            remedy="Write {symbol} where the file names differ, or name one symbol.",
        )
    return Source(kind, symbol, path.replace("{symbol}", symbol), spec)


def read_bytes(path: Path, symbol: str) -> bytes:
    """The bytes of a symbol's file.

    Raises:
        DataError: ``SOURCE_MISSING`` or ``SOURCE_UNREADABLE``.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            ReasonCode.SOURCE_MISSING,
            f"{symbol}: no file {path}.",
            remedy="Check market.source; {symbol} in it is replaced by the symbol, and a relative path starts where "
            "the command runs.",
        ) from error
    except OSError as error:
        raise DataError(
            ReasonCode.SOURCE_UNREADABLE,
            f"{symbol}: {path} cannot be read: {error.strerror or error}.",
            remedy="Name a file that this user may read.",
        ) from error


def identity(source: Source) -> str:
    """SHA-256 of the file's bytes, or of symbol and parameters of the embedded market."""
    if source.path is None:
        from trading.market.sources.simulated import parse_simulated

        return digest_of({"market": asdict(parse_simulated(source.target)), "symbol": source.symbol})
    return sha256(read_bytes(source.path, source.symbol))


def last_moment(source: Source, now_ms: int | None = None) -> int | None:
    """The moment a night is run as of when none is given, UTC milliseconds.

    For a file the close of its last bar, or the time of its last trade; None if no time can be read from it: the load
    then says why, and keeps the file in quarantine. For the embedded market the last midnight.

    Args:
        source: an open source.
        now_ms: the clock, for the embedded market only; None reads it.

    Raises:
        DataError: if the file is missing or may not be read.
    """
    if source.path is None:
        return last_midnight(now_ms)
    data = read_bytes(source.path, source.symbol)
    try:
        return end_of(source, read_columns(source, data))
    except DataError as error:
        if error.code in FILE_FAULTS:
            return None
        raise


def last_midnight(now_ms: int | None = None) -> int:
    """The last midnight UTC, in milliseconds; None reads the clock."""
    now = int(time.time() * 1000) if now_ms is None else now_ms
    return now // DAY_MS * DAY_MS


def end_of(source: Source, columns: Columns) -> int | None:
    """The end of a file: where its last bar closes, or its last trade; None without any readable time.

    Rows that could not be read count too: a broken last row must not slip behind the moment of the night.
    """
    times = [problem.ts for problem in columns.problems if problem.ts is not None]
    if len(columns.ts):
        times.append(int(columns.ts.max()))
    if not times:
        return None
    return max(times) + (0 if source.kind == "ticks" else common_step(columns.ts) or interval_ms(source.spec.interval))


def read_columns(source: Source, data: bytes) -> Columns:
    """The columns in a file's bytes, bars or trades.

    Raises:
        DataError: if they are no file of the source's kind, or a column is missing.
    """
    layout: Layout = TRADES if source.kind == "ticks" else BARS
    parquet = source.kind == "parquet" or (source.kind == "ticks" and source.target.lower().endswith(_PARQUET))
    return (read_parquet if parquet else read_csv)(data, layout, source.name)


def read_raw(source: Source, as_of_ms: int | None = None, columns: Columns | None = None) -> RawBars:
    """Bars of a source that had closed at a moment, in file order, neither repaired nor checked.

    Args:
        source: an open source.
        as_of_ms: UTC milliseconds; None is the source's end.
        columns: the file's columns if they have been read already.

    Raises:
        DataError: if the file cannot be read.
    """
    if source.path is None:
        return _simulated(source, as_of_ms)
    if columns is None:
        columns = read_columns(source, read_bytes(source.path, source.symbol))
    until_ms = END_MS if as_of_ms is None else as_of_ms
    if source.kind == "ticks":
        step = interval_ms(source.spec.interval)
        return bars_from_trades(columns, step, source.symbol, source.name, source.spec, until_ms)
    # The interval too is told from what is visible: a longer file must not change an earlier night.
    step = common_step(columns.ts[columns.ts < until_ms]) or interval_ms(source.spec.interval)
    return RawBars(source.symbol, source.name, step, columns.before(until_ms - step + 1))


def check_interval(raw: RawBars, spec: MarketSpec) -> None:
    """Refuse a source whose bars cannot be joined into the traded ones.

    Raises:
        DataError: ``BARS_INTERVAL``.
    """
    wanted = interval_ms(spec.interval)
    if wanted % raw.interval:
        raise DataError(
            ReasonCode.BARS_INTERVAL,
            f"{raw.symbol}: {raw.source} has bars of {raw.interval // 1000} s, which cannot make bars of "
            f"{spec.interval} ({wanted // 1000} s).",
            remedy="Set market.interval to a multiple of the source's interval.",
        )


def _simulated(source: Source, as_of_ms: int | None) -> RawBars:
    from trading.market.sources.simulated import parse_simulated, simulate

    until = last_midnight() if as_of_ms is None else as_of_ms
    path = simulate(parse_simulated(source.target), until, symbol=source.symbol)
    return raw_from_bars(path.bars, source.name)


def _at_traded_interval(parameters: str, interval: str) -> str:
    """The embedded market makes bars of the traded interval itself, unless its parameters say otherwise."""
    if "interval=" in parameters or DAY_MS % interval_ms(interval):
        return parameters
    return ",".join(filter(None, (parameters, f"interval={interval}")))


def _kind_by_ending(path: str) -> Kind:
    lower = path.lower()
    if lower.endswith(_PARQUET):
        return "parquet"
    if lower.endswith(_CSV):
        return "csv"
    raise _unknown(path)


def _unknown(text: str) -> DataError:
    return DataError(
        ReasonCode.SOURCE_UNKNOWN,
        f"market.source {text!r} names no kind of source.",
        remedy="Write csv:PATH, parquet:PATH, ticks:PATH, sim:PARAMETERS, or a path that ends in .csv or .parquet.",
    )
