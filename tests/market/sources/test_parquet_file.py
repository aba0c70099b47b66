from __future__ import annotations

import gzip
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.market.samples import clean_bars
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import COLUMNS, Bars
from trading.market.sources.layout import BARS
from trading.market.sources.parquet_file import ParquetSource, read_parquet
from trading.market.sources.table import open_source
from trading.settings.models import MarketSpec

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


AS_OF = 1_706_745_600_000  # 2024-02-01


def table_of(bars: Bars) -> dict[str, object]:
    return {"ts": bars.ts, **{name: getattr(bars, name) for name in COLUMNS}}


def packed(columns: dict[str, object], row_group_size: int | None = None) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, row_group_size=row_group_size)
    return out.getvalue()


BARS_200 = clean_bars(200)


def test_a_gzip_file_reads_like_the_plain_one_and_a_damaged_one_is_named() -> None:
    plain = packed(table_of(BARS_200))
    squeezed = gzip.compress(plain)
    np.testing.assert_array_equal(read_parquet(squeezed, BARS, "a.gz").ts, read_parquet(plain, BARS, "a").ts)
    assert isinstance(open_source(MarketSpec(source="bars.parquet.gz"), "X"), ParquetSource)
    with pytest.raises(DataError, match=r"a\.gz is a damaged gzip file"):
        read_parquet(squeezed[:-20], BARS, "a.gz")


TIMES = {
    "milliseconds": pa.array(BARS_200.ts),
    "seconds": pa.array(BARS_200.ts // 1000),
    "nanoseconds": pa.array(BARS_200.ts * 1_000_000),
    "float seconds": pa.array(BARS_200.ts / 1000),
    "timestamp": pa.array(BARS_200.ts, type=pa.timestamp("ms")),
    "timestamp ns with zone": pa.array(BARS_200.ts * 1_000_000, type=pa.timestamp("ns", tz="Europe/Berlin")),
    "text": pa.array([np.datetime64(int(ts), "ms").astype(str) for ts in BARS_200.ts]),
}


@pytest.mark.parametrize("kind", sorted(TIMES))
def test_every_kind_of_time_column_reads_back_as_the_same_bars(kind: str) -> None:
    columns = read_parquet(packed({**table_of(BARS_200), "ts": TIMES[kind]}, row_group_size=64), BARS, "x.parquet")
    assert columns.problem_count == 0
    np.testing.assert_array_equal(columns.ts, BARS_200.ts)
    for name in COLUMNS:
        np.testing.assert_array_equal(columns.values[name], getattr(BARS_200, name))
    assert columns.rows.tolist() == list(range(1, 201))


@pytest.mark.parametrize("kind", ["float", "decimal", "text"])
def test_a_missing_value_is_a_problem_and_not_a_silent_nan(kind: str) -> None:
    prices: list[float | None] = BARS_200.close.tolist()
    prices[41] = None
    if kind == "float":
        column = pa.array(prices)
    elif kind == "decimal":
        column = pa.array(prices).cast(pa.decimal128(20, 4), safe=False)
    else:
        column = pa.array([None if price is None else str(price) for price in prices])
    columns = read_parquet(packed({**table_of(BARS_200), "close": column}), BARS, "x.parquet")
    assert [(problem.row, problem.column) for problem in columns.problems] == [(42, "close")]
    assert int(np.isnan(columns.values["close"]).sum()) == 1


def test_a_missing_time_drops_the_row_into_the_problems() -> None:
    times: list[int | None] = BARS_200.ts.tolist()
    times[7] = None
    columns = read_parquet(packed({**table_of(BARS_200), "ts": pa.array(times)}), BARS, "x.parquet")
    assert [(problem.row, problem.column) for problem in columns.problems] == [(8, "ts")]
    assert len(columns.ts) == 199


def test_integer_prices_are_numbers_and_true_or_false_is_not() -> None:
    whole = read_parquet(packed({**table_of(BARS_200), "volume": pa.array(range(200))}), BARS, "x.parquet")
    assert whole.values["volume"].tolist() == [float(number) for number in range(200)]
    with pytest.raises(DataError, match="type bool"):
        read_parquet(packed({**table_of(BARS_200), "volume": pa.array([True] * 200)}), BARS, "x.parquet")


@pytest.mark.parametrize("data", [b"", b"PAR1 not really", packed(table_of(BARS_200))[:-200]])
def test_damaged_bytes_are_refused_as_unreadable(data: bytes) -> None:
    with pytest.raises(DataError) as caught:
        read_parquet(data, BARS, "x.parquet")
    assert caught.value.code == ReasonCode.SOURCE_UNREADABLE


def test_a_table_without_rows_or_with_other_columns_breaks_the_schema() -> None:
    for data in (packed(table_of(BARS_200.slice(0, 0))), packed({"ts": BARS_200.ts, "funding_rate": BARS_200.close})):
        with pytest.raises(DataError) as caught:
            read_parquet(data, BARS, "x.parquet")
        assert caught.value.code == ReasonCode.BARS_SCHEMA


def test_without_pyarrow_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError) as caught:
        read_parquet(b"", BARS, "x.parquet")
    assert caught.value.code == ReasonCode.SOURCE_NEEDS_EXTRA
    assert "pyarrow" in caught.value.remedy


def test_reading_and_repairing_a_source_loads_no_heavy_library(tmp_path: Path) -> None:
    (tmp_path / "bars.parquet").write_bytes(packed(table_of(BARS_200)))
    code = f"""
import sys
from trading.settings.models import MarketSpec
from trading.market.contract.repair import repair
from trading.market.sources.table import open_source
for source, as_of, count in (({str(tmp_path / "bars.parquet")!r}, None, 200), ("sim:start=2024-01-01", {AS_OF}, 744)):
    spec = MarketSpec(source=source)
    assert len(repair(open_source(spec, "TEST").read(as_of), spec)) == count
heavy = {{"pandas", "great_expectations", "torch", "mlflow", "prefect", "numba", "scipy", "evidently"}}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
