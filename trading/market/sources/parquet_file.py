"""Bars in a Parquet file, plain or gzip: ``parquet:PATH``. It needs pyarrow, and says so if that is missing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats, Ints
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.raw import Columns, Problem
from trading.market.sources.cells import (
    ISO,
    UNREADABLE,
    epoch_times,
    number_trouble,
    parse_numbers,
    parse_times,
)
from trading.market.sources.files import BarsFile
from trading.market.sources.layout import BARS, Layout, find_columns, no_rows, schema_error
from trading.market.sources.reading import SHOWN, Reading, unpacked, unreadable
from trading.moments import EARLIEST_MS, END_MS

PARQUET_ENDINGS = (".parquet", ".pq", ".parquet.gz", ".pq.gz")


class ParquetSource(BarsFile):
    """A Parquet file of bars; see :class:`trading.market.sources.files.FileSource`."""

    def parse(self, data: bytes) -> Columns:
        """The columns of the bars."""
        return read_parquet(data, BARS, self.name)


def read_parquet(data: bytes, layout: Layout, name: str) -> Columns:
    """Columns of a Parquet file, plain or gzip; times may be integers, timestamps, dates or text.

    Args:
        data: the file's bytes.
        layout: the columns wanted.
        name: what messages call the file.

    Raises:
        DataError: ``SOURCE_NEEDS_EXTRA`` without pyarrow, ``SOURCE_UNREADABLE`` if the bytes are no Parquet file,
            ``BARS_SCHEMA`` if it has no rows, lacks a column, or one has a type that is no number.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise DataError(
            ReasonCode.SOURCE_NEEDS_EXTRA,
            f"{name} is a Parquet file and pyarrow is not installed.",
            remedy="Install pyarrow, or convert the file to CSV.",
        ) from error
    try:
        file = pq.ParquetFile(pa.BufferReader(unpacked(data, name)))
        header = file.schema_arrow.names
        positions = find_columns(header, layout, name)
        table = file.read(columns=[header[position] for position in positions])
    except (pa.ArrowException, OSError) as error:
        raise unreadable(f"{name} is no readable Parquet file: {error}", "Write or download the file again.") from error
    if table.num_rows == 0:
        raise no_rows(name)
    reading = Reading(layout, "row")
    rows = np.arange(1, table.num_rows + 1, dtype=np.int64)
    time_column = table.column(header[positions[0]])
    ts, units = _times(time_column, pa, name)
    values = [
        _numbers(reading, table.column(header[at]), rows, ts, units, column, pa, name)
        for at, column in zip(positions[1:], layout.columns[1:], strict=True)
    ]
    reading.block(rows, ts, units, values, lambda at: _shown(time_column[at].as_py()))
    return reading.finish()


def _times(column: Any, pa: Any, name: str) -> tuple[Ints, Ints]:
    kind = column.type
    missing = _nulls(column, pa)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        in_ms = column.cast(pa.timestamp("ms", tz=getattr(kind, "tz", None)), safe=False)
        ts = _plain(in_ms.cast(pa.int64()), np.dtype(np.int64))
        units = np.where((ts >= EARLIEST_MS) & (ts < END_MS), ISO, UNREADABLE)
    elif pa.types.is_integer(kind):
        ts, units = epoch_times(_plain(column.cast(pa.int64()), np.dtype(np.int64)))
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        ts, units = epoch_times(_plain(column.cast(pa.float64()), np.dtype(np.float64)))
    elif _is_text(kind, pa):
        ts, units = parse_times(_texts(column, pa))
    else:
        raise _wrong_type(name, "ts", kind)
    return ts, np.where(missing, UNREADABLE, units)


def _numbers(
    reading: Reading, column: Any, rows: Ints, ts: Ints, units: Ints, column_name: str, pa: Any, name: str
) -> Floats:
    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        missing = _nulls(column, pa)
        bad = np.flatnonzero(missing).tolist()
        numbers = np.where(missing, np.nan, _plain(column.cast(pa.float64(), safe=False), np.dtype(np.float64)))
    elif _is_text(kind, pa):
        numbers, bad = parse_numbers(_texts(column, pa))
    else:
        raise _wrong_type(name, column_name, kind)
    for at in bad:
        text = _shown(column[at].as_py())
        when = int(ts[at]) if units[at] != UNREADABLE else None
        reading.add(Problem(int(rows[at]), column_name, text[:SHOWN], number_trouble(text), when))
    return numbers


def _plain(column: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """A column's numbers straight from its buffers; pyarrow's own conversion would import pandas.

    What stands in the place of a null is arbitrary.
    """
    parts = [
        np.frombuffer(chunk.buffers()[1], dtype=dtype, count=chunk.offset + len(chunk))[chunk.offset :]
        for chunk in column.chunks
        if len(chunk)
    ]
    return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)


def _nulls(column: Any, pa: Any) -> NDArray[np.bool_]:
    return _plain(column.is_null().cast(pa.uint8()), np.dtype(np.uint8)).astype(np.bool_)


def _is_text(kind: Any, pa: Any) -> bool:
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner))


def _texts(column: Any, pa: Any) -> list[str]:
    return [text if text is not None else "" for text in column.cast(pa.string()).to_pylist()]


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def _wrong_type(name: str, column: str, kind: Any) -> DataError:
    return schema_error(f"{name}: column {column} has type {kind}, not a number.", "Write prices as 64-bit floats.")
