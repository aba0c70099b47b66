from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from tests.market.samples import HOUR_MS, clean_bars, csv_text, rows_of, spec_for
from trading.codes import ReasonCode
from trading.errors import ConfigError, DataError
from trading.market.sources.files import FileSource
from trading.market.sources.table import open_source
from trading.settings.models import MarketSpec

BARS_100 = clean_bars(100)


@pytest.fixture
def bars_file(tmp_path: Path) -> Path:
    path = tmp_path / "TEST.csv"
    path.write_text(csv_text(rows_of(BARS_100)))
    return path


def opened(path: Path | str) -> FileSource:
    source = open_source(spec_for(path), "TEST")
    assert isinstance(source, FileSource)
    return source


def test_several_symbols_need_a_place_for_the_symbol_in_the_path() -> None:
    spec = MarketSpec(symbols=("A", "B"), source="csv:prices.csv")
    with pytest.raises(ConfigError, match=r"one file for 2 symbols: A, B"):
        open_source(spec, "A")
    spec = MarketSpec(symbols=("A", "B"), source="csv:data/{symbol}/{symbol}.csv")
    assert open_source(spec, "B").path == Path("data/B/B.csv")
    assert open_source(MarketSpec(symbols=("A", "B")), "B").path is None


def test_a_missing_file_and_a_folder_are_refused_whatever_is_asked_first(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "x.csv", ReasonCode.SOURCE_MISSING), (tmp_path, ReasonCode.SOURCE_UNREADABLE)):
        for ask in (FileSource.identity, FileSource.end_ms, lambda source: source.read(None)):
            with pytest.raises(DataError) as caught:
                ask(opened(f"csv:{path}"))
            assert caught.value.code == code


def test_the_identity_of_a_file_is_its_bytes_and_its_label_is_no_path(bars_file: Path) -> None:
    digest = opened(bars_file).identity()
    assert digest == hashlib.sha256(bars_file.read_bytes()).hexdigest()
    assert opened(bars_file).label(digest) == f"file:{digest}"
    bars_file.write_bytes(bars_file.read_bytes() + b"\n")
    assert opened(bars_file).identity() == hashlib.sha256(bars_file.read_bytes()).hexdigest() != digest


def test_identity_end_and_bars_are_of_the_same_bytes_even_if_the_file_changes_meanwhile(bars_file: Path) -> None:
    source = opened(bars_file)
    before = source.identity()
    bars_file.write_text(csv_text(rows_of(BARS_100.slice(0, 50))))
    assert source.identity() == before
    assert source.end_ms() == int(BARS_100.ts[-1]) + HOUR_MS
    assert len(source.read(None)) == 100


def test_a_file_ends_at_the_close_of_its_last_bar_in_a_night_and_by_itself_in_a_replay(bars_file: Path) -> None:
    assert opened(bars_file).end_ms() == int(BARS_100.ts[-1]) + HOUR_MS
    assert opened(bars_file).replay_end_ms(int(BARS_100.ts[0])) is None


def test_the_end_of_a_file_without_a_readable_time_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(csv_text([["soon", "1", "1", "1", "1", "1"]]))
    assert opened(path).end_ms() is None
    path.write_text("")
    assert opened(path).end_ms() is None


def test_trades_end_with_the_last_trade(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b"ts,price,volume\n1704067200000,1,1\n1704067200777,1,1\n"))
    assert opened(f"ticks:{path}").end_ms() == 1704067200777


def test_the_interval_is_the_most_common_step_whatever_is_missing(tmp_path: Path) -> None:
    rows = [row for index, row in enumerate(rows_of(BARS_100)) if index % 7]
    path = tmp_path / "x.csv"
    path.write_text(csv_text(rows))
    assert opened(path).read(None).interval == HOUR_MS


@pytest.mark.parametrize("hours", [0, 1, 2, 50, 99, 100, 1000])
def test_a_moment_hides_every_bar_that_had_not_closed(bars_file: Path, hours: int) -> None:
    as_of = int(BARS_100.ts[0]) + hours * HOUR_MS
    for moment, count in ((as_of, hours), (as_of + 1, hours), (as_of - 1, max(hours - 1, 0))):
        assert len(opened(bars_file).read(moment)) == min(count, 100)


def test_a_broken_row_later_than_the_moment_is_not_seen(tmp_path: Path) -> None:
    rows = rows_of(BARS_100)
    rows[60][4] = "broken"
    rows[61] = rows[61][:3]
    path = tmp_path / "x.csv"
    path.write_text(csv_text(rows))
    source = opened(path)
    assert source.read(int(BARS_100.ts[60])).data.problem_count == 0
    assert source.read(int(BARS_100.ts[61])).data.problem_count == 1
    assert source.read(None).data.problem_count == 2
