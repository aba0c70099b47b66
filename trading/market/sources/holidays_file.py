"""The file of a market's holidays, and with it the market's hours: ``market.holidays`` and ``market.hours``."""

from __future__ import annotations

import re
from datetime import date
from functools import cached_property
from pathlib import Path

from trading.canonical import sha256
from trading.market.hours import Hours, parse_hours
from trading.market.sources.files import file_bytes, path_remedy
from trading.market.sources.reading import SHOWN, unpacked, unreadable
from trading.settings.models import MarketSpec

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_HEADER = "date"


class HolidaysFile:
    """A file of dates, one in the first column of each line; it is read once.

    Attributes:
        path: the file; ``{symbol}`` in its name stands for the symbol, and several symbols may share one.

    Args:
        spec: the market settings that name the file.
        symbol: the market.
    """

    def __init__(self, spec: MarketSpec, symbol: str) -> None:
        self.path = Path(spec.holidays.replace("{symbol}", symbol)).expanduser()
        self._symbol = symbol

    def identity(self) -> str:
        """SHA-256 of the file's bytes.

        Raises:
            DataError: ``SOURCE_MISSING``, or ``SOURCE_UNREADABLE`` if it may not be read.
        """
        return sha256(self._data)

    def dates(self) -> tuple[date, ...]:
        """The holidays in the order of the file.

        Raises:
            DataError: as :meth:`identity`, or ``SOURCE_UNREADABLE`` if a line begins with no date, or there is none.
        """
        remedy = "Write one ISO date in each line, for example 2024-12-25; what follows a comma is not read."
        try:
            lines = unpacked(self._data, self.path.name).decode("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise unreadable(f"{self.path.name} is no text: {error}", remedy) from error
        found: list[date] = []
        for number, line in enumerate(lines, start=1):
            cell = line.partition(",")[0].strip().strip('"')
            if not line.strip() or (not found and cell.lower() == _HEADER):
                continue
            day = _date(cell)
            if day is None:
                raise unreadable(f"{self.path.name}: line {number} {cell[:SHOWN]!r} is no date", remedy)
            found.append(day)
        if not found:
            raise unreadable(f"{self.path.name} holds no date", remedy)
        return tuple(found)

    @cached_property
    def _data(self) -> bytes:
        return file_bytes(self.path, subject=self._symbol, remedy=path_remedy("holidays"))


def open_holidays(spec: MarketSpec, symbol: str) -> HolidaysFile | None:
    """The file of a market's holidays, or None if the settings name none; nothing is read yet.

    Args:
        spec: may name the file.
        symbol: one of the symbols.
    """
    return HolidaysFile(spec, symbol) if spec.holidays else None


def open_hours(spec: MarketSpec, symbol: str) -> Hours | None:
    """The hours of a market, with its holidays, or None if it trades every hour.

    Args:
        spec: may tell the hours, and name the file of holidays.
        symbol: one of the symbols.

    Raises:
        ConfigError: if the hours cannot be read.
        DataError: as :class:`HolidaysFile`.
    """
    if not spec.hours:
        return None
    holidays = open_holidays(spec, symbol)
    return parse_hours(spec.hours, () if holidays is None else holidays.dates())


def _date(cell: str) -> date | None:
    # The same form everywhere: date.fromisoformat alone reads week dates too.
    try:
        return date.fromisoformat(cell) if _DATE.fullmatch(cell) else None
    except ValueError:
        return None
