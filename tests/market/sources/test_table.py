from __future__ import annotations

from pathlib import Path

import pytest

from tests.market.samples import spec_for
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.sources.base import Source
from trading.market.sources.table import SOURCES, open_source


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
        ("C:/folder/x.csv", "csv"),
    ],
)
def test_one_string_names_the_kind_of_a_source(text: str, kind: str) -> None:
    source = open_source(spec_for(text), "TEST")
    assert type(source) is SOURCES[kind].open
    assert isinstance(source, Source)


@pytest.mark.parametrize(
    "text", ["x", "x.xlsx", "exchange:binance", "http://host/x.json", "csv:", "csv: ", "parquet:", "ticks:", ""]
)
def test_a_string_that_names_no_source_is_refused_with_the_kinds_there_are(text: str) -> None:
    with pytest.raises(DataError) as caught:
        open_source(spec_for(text), "TEST")
    assert caught.value.code == ReasonCode.SOURCE_UNKNOWN
    assert repr(text) in caught.value.message
    assert "csv:PATH" in caught.value.remedy


def test_a_misspelt_kind_is_refused_with_the_nearest_one() -> None:
    for text, nearest in (("cvs:x", "csv"), ("Parket:x", "parquet"), ("tick:x", "ticks")):
        with pytest.raises(DataError) as caught:
            open_source(spec_for(text), "TEST")
        assert caught.value.remedy.startswith(
            f"Did you mean {nearest}:? Write csv:PATH, parquet:PATH, ticks:PATH, sim:"
        )


def test_every_kind_has_a_row_and_no_ending_names_two() -> None:
    endings = [ending for kind in SOURCES.values() for ending in kind.endings]
    assert len(set(endings)) == len(endings)
    assert all(ending == ending.lower() for ending in endings)
    assert set(SOURCES) == {"csv", "parquet", "ticks", "sim"}


def test_opening_a_source_reads_nothing(tmp_path: Path) -> None:
    for kind in ("csv", "parquet", "ticks"):
        assert open_source(spec_for(f"{kind}:{tmp_path / 'not-there'}"), "TEST").path == tmp_path / "not-there"
