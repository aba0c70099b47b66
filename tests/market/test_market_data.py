"""Real files of the market data folder, each to its end: bars, or a refusal that says why."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.market.samples import HOUR_MS, market_file, needs_market_data, spec_for
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.load import LoadedBars, load_bars
from trading.market.sources.funding_file import open_funding
from trading.market.sources.table import open_source
from trading.moments import moment_text

pytestmark = needs_market_data

DUPLICATES = "faults/BTCUSDT-1m-duplicates-and-unfinished-bars.csv.gz"
HOLES = "faults/LTCUSDT-1m-pagination-holes.csv.gz"
SMALL_GAPS = "faults/BTC-1m-irregular-gaps.csv.gz"


def load(name: str, folder: Path, **settings: object) -> LoadedBars:
    return load_bars(spec_for(market_file(name), **settings), "TEST", None, folder)


def refusal(name: str, folder: Path, **settings: object) -> DataError:
    with pytest.raises(DataError) as caught:
        load(name, folder, **settings)
    return caught.value


@pytest.mark.parametrize(
    ("name", "interval", "bars"),
    [
        ("BTCUSDT-1h-2017-2022.parquet", "1h", 46_981),
        ("BTCUSDT-1m-2022.parquet", "15m", 35_040),
        ("ETHUSDT-1m-2022Q4.csv.gz", "15m", 8_832),
        ("SOLUSDT-30m-2023-2024.csv.gz", "30m", 35_088),
        ("XRPUSDT-30m-2023-2024.csv.gz", "30m", 35_088),
        ("DOGEUSDT-30m-2023-2024.csv.gz", "30m", 35_088),
        ("SOLUSDT-1m-2025.parquet", "15m", 4_876),
    ],
)
def test_clean_files_pass_with_the_defaults(name: str, interval: str, bars: int, tmp_path: Path) -> None:
    loaded = load(name, tmp_path, interval=interval, history_bars=100_000)
    assert len(loaded.bars) == bars
    assert loaded.report.repairs == ()
    assert all(check.passed for check in loaded.report.checks)


def test_real_outages_are_told_and_pass(tmp_path: Path) -> None:
    report = load("BTCUSDT-1h-2017-2022.parquet", tmp_path).report
    gaps = next(check for check in report.checks if check.name == "gaps")
    assert gaps.passed
    assert gaps.evidence["gaps"][0]["missing"] == 33


def test_exchange_hours_pass_as_an_exchange_and_are_refused_as_a_continuous_market(tmp_path: Path) -> None:
    name = "SPY-1h-1998-2021.parquet"
    assert len(load(name, tmp_path, session="exchange", history_bars=100_000).bars) == 40_832
    error = refusal(name, tmp_path)
    assert error.code == ReasonCode.BARS_GAPS
    assert 'market.session = "exchange"' in error.remedy


def test_repeated_times_are_refused_and_keep_last_takes_the_finished_bars(tmp_path: Path) -> None:
    error = refusal(DUPLICATES, tmp_path, interval="15m")
    assert error.code == ReasonCode.BARS_NOT_INCREASING
    assert "54 of 30954 bars: line 1002 ts 2024-03-01 16:39 UTC repeats line 1001" in error.message
    assert "keep-last" in error.remedy
    last = load(DUPLICATES, tmp_path, interval="1m", on_duplicate="keep-last")
    first = load(DUPLICATES, tmp_path, interval="1m", on_duplicate="keep-first")
    assert last.report.repairs[0]["count"] == 54
    assert "24 of them differ" in last.report.repairs[0]["message"]
    changed = last.bars.volume != first.bars.volume
    assert int(changed.sum()) == 24
    assert (last.bars.volume[changed] > first.bars.volume[changed]).all()


def test_pages_missing_from_a_download_are_refused_and_the_longest_stretch_is_too_short(tmp_path: Path) -> None:
    error = refusal(HOLES, tmp_path, interval="1m")
    assert error.code == ReasonCode.BARS_GAPS
    assert "801 before line 202" in error.message
    assert refusal(HOLES, tmp_path, interval="1m", session="exchange").code == ReasonCode.BARS_GAPS
    error = refusal(HOLES, tmp_path, interval="1m", on_gap="keep-longest")
    assert error.code == ReasonCode.BARS_TOO_FEW
    assert "Kept 276 of 105076 bars" in error.message


def test_many_small_gaps_are_decided_by_their_share(tmp_path: Path) -> None:
    assert refusal(SMALL_GAPS, tmp_path, interval="1m").code == ReasonCode.BARS_GAPS
    assert len(load(SMALL_GAPS, tmp_path, interval="1m", max_gap_share=0.05).bars) == 13_681
    kept = load(SMALL_GAPS, tmp_path, interval="1m", on_gap="keep-longest")
    assert len(kept.bars) == 7_155
    allowed = load(SMALL_GAPS, tmp_path, interval="1m", on_gap="allow")
    assert [check.name for check in allowed.report.checks if not check.passed] == ["gaps"]


def test_trades_of_an_exchange_become_bars() -> None:
    spec = spec_for(f"ticks:{market_file('BTCUSDT-trades-2024-08-08.parquet')}", interval="1m")
    raw = open_source(spec, "TEST").read(None)
    assert len(raw) == 5
    assert all(check.passed for check in raw.checks)
    assert (raw.column("high") >= raw.column("low")).all()
    assert np.diff(raw.ts).tolist() == [60_000] * 4


def test_files_of_another_kind_are_refused_with_their_columns(tmp_path: Path) -> None:
    for name in ("BTCUSDT-book-top20-1s-2024-08-08.parquet", "SOLUSDT-funding-8h-2025.parquet"):
        error = refusal(name, tmp_path)
        assert error.code == ReasonCode.BARS_SCHEMA
        assert "column open, high, low, close, volume not found" in error.message


def test_a_real_night_sees_the_same_from_a_longer_file(tmp_path: Path) -> None:
    spec = spec_for(market_file("BTCUSDT-1h-2017-2022.parquet"))
    whole = load_bars(spec, "TEST", None, tmp_path)
    as_of = int(whole.bars.ts[-1]) + HOUR_MS - 1_000 * HOUR_MS
    early = load_bars(spec, "TEST", as_of, tmp_path)
    common = int(np.searchsorted(early.bars.ts, whole.bars.ts[0]))
    np.testing.assert_array_equal(early.bars.close[common:], whole.bars.until(as_of).close)


def test_a_perpetual_future_owes_its_real_funding(tmp_path: Path) -> None:
    funding = market_file("SOLUSDT-funding-8h-2025.parquet")
    loaded = load("SOLUSDT-1m-2025.parquet", tmp_path, interval="1h", funding=funding)
    owed = loaded.bars.funding
    assert owed is not None
    # The file of bars begins on 4 May at 15:33: the first event in it is that of 16:00.
    first, last = int(loaded.bars.ts[0]), int(loaded.bars.ts[-1])
    assert moment_text(first) == "2025-05-04 15:00 UTC"
    events = open_funding(spec_for("x", funding=funding), "TEST")
    assert events is not None
    columns = events.read(None)
    inside = (columns.ts >= first) & (columns.ts < last + HOUR_MS)
    assert int(inside.sum()) == 152
    at = np.searchsorted(loaded.bars.ts, columns.ts[inside] // HOUR_MS * HOUR_MS)
    np.testing.assert_array_equal(owed[at], columns.values["funding_rate"][inside])
    assert set(loaded.bars.ts[owed != 0] // HOUR_MS % 24) == {0, 8, 16}
    checks = {check.name: check for check in loaded.report.checks}
    # It ends ten hours before the bars, which is less than two periods.
    assert checks["funding_coverage"].passed
    assert "152 events, one every 8 h" in checks["funding_coverage"].message


def test_a_night_of_the_past_sees_the_real_funding_of_then_and_warns_of_what_it_does_not_cover(tmp_path: Path) -> None:
    settings = {"interval": "1h", "funding": market_file("SOLUSDT-funding-8h-2025.parquet")}
    spec = spec_for(market_file("SOLUSDT-1m-2025.parquet"), **settings)
    whole = load_bars(spec, "TEST", None, tmp_path)
    as_of = int(whole.bars.ts[800]) + HOUR_MS
    assert load_bars(spec, "TEST", as_of, tmp_path).bars.digest() == whole.bars.until(as_of).digest()
    earlier = load("SOLUSDT-30m-2023-2024.csv.gz", tmp_path, **settings)
    assert earlier.bars.columns().funding.tolist() == [0.0] * len(earlier.bars)
    (found,) = [check for check in earlier.report.checks if check.code == ReasonCode.FUNDING_GAPS]
    assert "2023-01-01 00:00 UTC to 2024-12-31 23:00 UTC" in found.message


def test_hours_of_new_york_drop_the_half_hour_before_the_bell_and_keep_daylight_saving(tmp_path: Path) -> None:
    hours = "Mon-Fri 09:30-16:00 America/New_York"
    loaded = load("SPY-1h-1998-2021.parquet", tmp_path, hours=hours, history_bars=100_000, max_gap_share=0.05)
    # The bar of the first half hour opens at 09:00 on the grid, half an hour before the market.
    assert (loaded.report.rows_visible, loaded.report.rows_used) == (40_832, 34_984)
    local = [datetime.fromtimestamp(ts / 1000, ZoneInfo("America/New_York")) for ts in loaded.bars.ts.tolist()]
    assert {time.hour for time in local} == {10, 11, 12, 13, 14, 15}
    gaps = next(check for check in loaded.report.checks if check.name == "gaps")
    assert loaded.bars.bars_per_year == pytest.approx(252 * 6, rel=0.01)
    # Without its holidays the market misses about nine days a year, and most of them are whole days.
    assert gaps.observed == pytest.approx(0.0387, abs=0.0005)
    whole = load("SPY-1h-1998-2021.parquet", tmp_path, hours=hours.replace("09:30", "09:00"), max_gap_share=0.05)
    assert whole.report.repairs == ()
    assert whole.report.rows_used == 40_832


def test_with_its_holidays_a_real_exchange_misses_its_early_closes_alone(tmp_path: Path) -> None:
    ts = open_source(spec_for(market_file("SPY-1h-1998-2021.parquet")), "TEST").read(None).ts
    zone = ZoneInfo("America/New_York")
    traded = {datetime.fromtimestamp(moment / 1000, zone).date() for moment in ts.tolist()}
    span = (min(traded) + timedelta(days=at) for at in range((max(traded) - min(traded)).days))
    holidays = [day for day in span if day.weekday() < 5 and day not in traded]
    (tmp_path / "days.csv").write_text("".join(f"{day}\n" for day in holidays))
    settings = {"hours": "Mon-Fri 09:00-16:00 America/New_York", "holidays": str(tmp_path / "days.csv")}
    loaded = load("SPY-1h-1998-2021.parquet", tmp_path, **settings)
    gaps = next(check for check in loaded.report.checks if check.name == "gaps")
    assert 200 <= len(holidays) <= 240
    assert gaps.passed
    assert {gap["missing"] for gap in gaps.evidence["gaps"]} <= {1, 2, 3, 4}
    assert gaps.observed == (5_849 * 7 - 40_832) / (5_849 * 7)
