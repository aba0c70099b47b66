"""A file of funding events, CSV or Parquet, beside the source of a symbol's bars: ``market.funding``."""

from __future__ import annotations

from functools import cached_property

from trading.canonical import sha256
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.raw import Columns
from trading.market.sources.csv_file import CSV_ENDINGS, read_csv
from trading.market.sources.files import file_bytes, file_path, path_remedy
from trading.market.sources.layout import FUNDING_EVENTS
from trading.market.sources.parquet_file import PARQUET_ENDINGS, read_parquet
from trading.settings.models import MarketSpec

RATE = FUNDING_EVENTS.columns[1]


class FundingFile:
    """One symbol's file; it is read once, so that identity and events are of the same bytes.

    Attributes:
        path: the file.
        name: its name without the folder.

    Args:
        spec: the market settings that name the file.
        symbol: the market.

    Raises:
        DataError: ``SOURCE_UNKNOWN`` if the file's name ends like neither kind.
        ConfigError: if several symbols would read the same file.
    """

    def __init__(self, spec: MarketSpec, symbol: str) -> None:
        self.path = file_path(spec.funding, symbol=symbol, spec=spec, setting="funding")
        self.name = self.path.name
        self._symbol = symbol
        if not self.name.lower().endswith((*CSV_ENDINGS, *PARQUET_ENDINGS)):
            raise DataError(
                ReasonCode.SOURCE_UNKNOWN,
                f"market.funding {spec.funding!r} is neither a CSV nor a Parquet file by its name.",
                remedy=f"Name a file that ends in {CSV_ENDINGS[0]} or {PARQUET_ENDINGS[0]}.",
            )

    def identity(self) -> str:
        """SHA-256 of the file's bytes.

        Raises:
            DataError: ``SOURCE_MISSING``, or ``SOURCE_UNREADABLE`` if it may not be read.
        """
        return sha256(self._data)

    def read(self, until_ms: int | None) -> Columns:
        """The events that had happened at a moment, in file order and not checked yet.

        Args:
            until_ms: the last moment that is seen, UTC milliseconds; None is everything there is.

        Raises:
            DataError: as :meth:`identity`, or a code of :data:`trading.market.sources.base.DATA_FAULTS` if the bytes
                are no such file.
        """
        read = read_parquet if self.name.lower().endswith(PARQUET_ENDINGS) else read_csv
        columns = read(self._data, FUNDING_EVENTS, self.name)
        return columns if until_ms is None else columns.before(until_ms + 1)

    @cached_property
    def _data(self) -> bytes:
        return file_bytes(self.path, subject=self._symbol, remedy=path_remedy("funding"))


def open_funding(spec: MarketSpec, symbol: str) -> FundingFile | None:
    """The file of a symbol's funding, or None if no funding is charged; nothing is read yet.

    Args:
        spec: may name the file.
        symbol: one of the symbols.

    Raises:
        DataError: as :class:`FundingFile`.
        ConfigError: as :class:`FundingFile`.
    """
    return FundingFile(spec, symbol) if spec.funding else None
