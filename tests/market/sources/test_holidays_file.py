from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pytest

from tests.market.samples import spec_for
from trading.canonical import sha256
from trading.codes import ReasonCode
from trading.errors import ConfigError, DataError
from trading.market.sources.holidays_file import HolidaysFile, open_hours
from trading.settings.models import MarketSpec

HOURS = "Mon-Fri 09:30-16:00 America/New_York"
DATES = (date(2024, 7, 4), date(2024, 12, 25))


def spec_of(path: Path, **settings: object) -> MarketSpec:
    return spec_for("unused.csv", hours=HOURS, holidays=str(path), **settings)


@pytest.mark.parametrize(
    "text",
    [
        "2024-07-04\n2024-12-25\n",
        "2024-07-04\r\n\r\n2024-12-25",
        "\ufeffDate,name\n2024-07-04,Independence Day\n2024-12-25,Christmas\n",
        '"2024-07-04"\n"2024-12-25"\n',
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_date_begins_each_line(tmp_path: Path, text: str, packed: bool) -> None:
    path = tmp_path / "days.csv"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    file = HolidaysFile(spec_of(path), "TEST")
    assert file.dates() == DATES
    assert file.identity() == sha256(path.read_bytes())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"2024-07-04\n04.07.2025\n", r"days\.csv: line 2 '04\.07\.2025' is no date"),
        (b"2024-07-04\ndate\n", r"line 2 'date' is no date"),
        (b"2024-02-30\n", r"line 1 '2024-02-30' is no date"),
        (b"20240704\n", r"line 1 '20240704' is no date"),
        (b"2024-W27-4\n", r"is no date"),
        (b"date\n\n", r"holds no date"),
        (b"", r"holds no date"),
        (b"\xff\xfe", r"is no text"),
        (b"\x1f\x8bdamaged", r"damaged gzip"),
    ],
)
def test_a_file_of_anything_else_is_refused_by_its_line(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "days.csv").write_bytes(data)
    with pytest.raises(DataError, match=said) as caught:
        open_hours(spec_of(tmp_path / "days.csv"), "TEST")
    assert caught.value.code == ReasonCode.SOURCE_UNREADABLE


def test_a_file_that_is_not_there_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Check market\.holidays") as caught:
        open_hours(spec_of(tmp_path / "none.csv"), "TEST")
    assert caught.value.code == ReasonCode.SOURCE_MISSING


def test_symbols_share_a_file_or_have_one_each(tmp_path: Path) -> None:
    for name in ("AAA", "BBB", "shared"):
        (tmp_path / f"{name}.csv").write_text("2024-07-04\n2024-12-25\n")
    for name in ("shared", "{symbol}"):
        spec = spec_of(tmp_path / f"{name}.csv", symbols=("AAA", "BBB"))
        found = [open_hours(spec, symbol) for symbol in spec.symbols]
        assert [hours.holidays for hours in found if hours is not None] == [DATES, DATES]


def test_a_market_without_hours_trades_every_hour(tmp_path: Path) -> None:
    assert open_hours(MarketSpec(), "SIM") is None
    with pytest.raises(ConfigError, match=r"market\.hours 'whenever'"):
        open_hours(MarketSpec(hours="whenever"), "SIM")
