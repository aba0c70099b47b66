from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from tests.market.samples import HOUR_MS, clean_bars, csv_text, rows_of, spec_for
from trading.codes import ReasonCode
from trading.errors import ConfigError, DataError
from trading.market.sources.opening import identity, last_moment, open_source, read_raw
from trading.moments import DAY_MS
from trading.settings.models import MarketSpec

BARS_100 = clean_bars(100)


@pytest.fixture
def bars_file(tmp_path: Path) -> Path:
    path = tmp_path / "TEST.csv"
    path.write_text(csv_text(rows_of(BARS_100)))
    return path


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("csv:x.dat", "csv"),
        ("parquet:x.dat", "parquet"),
        ("ticks:x.csv", "ticks"),
        ("sim:edge=1", "sim"),
        ("sim:", "sim"),
        ("x.csv", "csv"),
        ("x.CSV.GZ", "csv"),
        ("folder/x.parquet", "parquet"),
        ("x.pq", "parquet"),
    ],
)
def test_one_string_names_the_kind_of_a_source(text: str, kind: str) -> None:
    assert open_source(spec_for(text), "TEST").kind == kind


@pytest.mark.parametrize("text", ["x", "x.xlsx", "exchange:binance", "http://host/x.json", "csv:", ""])
def test_a_string_that_names_no_source_is_refused_with_the_kinds_there_are(text: str) -> None:
    with pytest.raises(DataError) as caught:
        open_source(spec_for(text), "TEST")
    assert caught.value.code == ReasonCode.SOURCE_UNKNOWN
    assert "csv:PATH" in caught.value.remedy


def test_several_symbols_need_a_place_for_the_symbol_in_the_path() -> None:
    spec = MarketSpec(symbols=("A", "B"), source="csv:prices.csv")
    with pytest.raises(ConfigError, match=r"one file for 2 symbols: A, B"):
        open_source(spec, "A")
    spec = MarketSpec(symbols=("A", "B"), source="csv:data/{symbol}/{symbol}.csv")
    assert open_source(spec, "B").path == Path("data/B/B.csv")
    assert open_source(MarketSpec(symbols=("A", "B")), "B").kind == "sim"


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "x.csv", ReasonCode.SOURCE_MISSING), (tmp_path, ReasonCode.SOURCE_UNREADABLE)):
        with pytest.raises(DataError) as caught:
            read_raw(open_source(spec_for(f"csv:{path}"), "TEST"))
        assert caught.value.code == code


def test_the_identity_of_a_file_is_its_bytes(bars_file: Path) -> None:
    source = open_source(spec_for(bars_file), "TEST")
    assert identity(source) == hashlib.sha256(bars_file.read_bytes()).hexdigest()
    bars_file.write_bytes(bars_file.read_bytes() + b"\n")
    assert identity(source) == hashlib.sha256(bars_file.read_bytes()).hexdigest()


def test_the_identity_of_the_embedded_market_is_its_parameters_and_symbol() -> None:
    def of(text: str, symbol: str = "TEST") -> str:
        return identity(open_source(spec_for(text), symbol))

    assert of("sim:edge=1,seed=7") == of("sim:seed=7, edge=1.0") == of("sim:")
    assert len({of("sim:"), of("sim:seed=8"), of("sim:edge=0"), of("sim:", "OTHER")}) == 4


def test_the_last_moment_of_a_file_is_the_close_of_its_last_bar(bars_file: Path) -> None:
    assert last_moment(open_source(spec_for(bars_file), "TEST")) == int(BARS_100.ts[-1]) + HOUR_MS


def test_the_last_moment_of_a_file_without_a_readable_time_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(csv_text([["soon", "1", "1", "1", "1", "1"]]))
    assert last_moment(open_source(spec_for(path), "TEST")) is None
    path.write_text("")
    assert last_moment(open_source(spec_for(path), "TEST")) is None


def test_the_last_moment_of_trades_is_the_last_trade(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b"ts,price,volume\n1704067200000,1,1\n1704067200777,1,1\n"))
    assert last_moment(open_source(spec_for(f"ticks:{path}"), "TEST")) == 1704067200777


def test_the_last_moment_of_the_embedded_market_is_the_last_midnight() -> None:
    source = open_source(spec_for("sim:"), "TEST")
    assert last_moment(source, now_ms=20_000 * DAY_MS + 5) == 20_000 * DAY_MS
    moment = last_moment(source)
    assert moment is not None
    assert moment % DAY_MS == 0


def test_the_interval_is_the_most_common_step_whatever_is_missing(tmp_path: Path) -> None:
    rows = [row for index, row in enumerate(rows_of(BARS_100)) if index % 7]
    path = tmp_path / "x.csv"
    path.write_text(csv_text(rows))
    assert read_raw(open_source(spec_for(path), "TEST")).interval == HOUR_MS


@pytest.mark.parametrize("hours", [0, 1, 2, 50, 99, 100, 1000])
def test_a_moment_hides_every_bar_that_had_not_closed(bars_file: Path, hours: int) -> None:
    as_of = int(BARS_100.ts[0]) + hours * HOUR_MS
    for moment, count in ((as_of, hours), (as_of + 1, hours), (as_of - 1, max(hours - 1, 0))):
        raw = read_raw(open_source(spec_for(bars_file), "TEST"), moment)
        assert len(raw) == min(count, 100)


def test_a_broken_row_later_than_the_moment_is_not_seen(tmp_path: Path) -> None:
    rows = rows_of(BARS_100)
    rows[60][4] = "broken"
    rows[61] = rows[61][:3]
    path = tmp_path / "x.csv"
    path.write_text(csv_text(rows))
    source = open_source(spec_for(path), "TEST")
    assert read_raw(source, int(BARS_100.ts[60])).data.problem_count == 0
    assert read_raw(source, int(BARS_100.ts[61])).data.problem_count == 1
    assert read_raw(source).data.problem_count == 2
