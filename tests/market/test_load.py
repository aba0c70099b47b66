from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.market.samples import HEADER, HOUR_MS, clean_bars, csv_text, rows_of, spec_for
from trading.canonical import sha256
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import COLUMNS, resample
from trading.market.load import LoadedBars, load_bars
from trading.market.sources.table import open_source
from trading.results import blocking_failures

MARKET = clean_bars(4_000, 15 * 60_000)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "market.csv"
    path.write_text(csv_text(rows_of(MARKET)))
    return path


def load(path: Path | str, as_of_ms: int | None = None, **settings: object) -> LoadedBars:
    folder = path.parent / "quarantine" if isinstance(path, Path) else Path("unused")
    return load_bars(spec_for(path, **settings), "TEST", as_of_ms, folder)


def test_bars_arrive_joined_to_the_traded_interval_with_their_evidence(good: Path) -> None:
    loaded = load(good)
    expected = resample(MARKET, HOUR_MS)
    for name in ("ts", *COLUMNS):
        np.testing.assert_array_equal(getattr(loaded.bars, name), getattr(expected, name))
    assert loaded.bars.symbol == "TEST"
    assert loaded.raw_digest == sha256(good.read_bytes()) == open_source(spec_for(good), "TEST").identity()
    assert loaded.report.rows_visible == loaded.report.rows_used == 4_000
    assert loaded.report.traded_bars == 1_000
    assert loaded.report.source_interval_ms == 15 * 60_000
    assert blocking_failures(list(loaded.report.checks)) == []
    assert {"schema", "gaps", "return_kurtosis", "freshness"} <= {check.name for check in loaded.report.checks}
    assert type(loaded.report).model_validate(json.loads(json.dumps(loaded.report.model_dump(mode="json"))))
    assert not (good.parent / "quarantine").exists()


@pytest.mark.parametrize("minutes", [0, 1, 14, 15, 30, 59, 60])
def test_nothing_that_closes_after_the_moment_is_seen(good: Path, minutes: int) -> None:
    as_of = int(MARKET.ts[0]) + 700 * HOUR_MS + minutes * 60_000
    loaded = load(good, as_of)
    assert int(loaded.bars.ts[-1]) + HOUR_MS <= as_of
    assert len(loaded.bars) == 700 + (minutes == 60)


def test_what_a_night_sees_does_not_depend_on_what_the_file_holds_later(good: Path, tmp_path: Path) -> None:
    as_of = int(MARKET.ts[2_400])
    short = tmp_path / "short.csv"
    short.write_text(csv_text(rows_of(MARKET.slice(0, 2_400))))
    spoilt = rows_of(MARKET)
    spoilt[3_000][4] = "-1"
    spoilt[3_001][0] = spoilt[3_000][0]
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(csv_text(spoilt[:3_500]))
    assert load(good, as_of).bars.digest() == load(short, as_of).bars.digest() == load(wrong, as_of).bars.digest()


def test_only_the_history_asked_for_is_kept(tmp_path: Path) -> None:
    bars = clean_bars(2_500)
    path = tmp_path / "x.csv"
    path.write_text(csv_text(rows_of(bars)))
    loaded = load(path, history_bars=2_000)
    np.testing.assert_array_equal(loaded.bars.ts, bars.ts[-2_000:])


def test_a_breach_leaves_file_and_report_in_quarantine_and_imports_nothing(tmp_path: Path) -> None:
    rows = rows_of(clean_bars(600))
    rows[41][4] = "-5"
    rows[99][0] = rows[98][0]
    path = tmp_path / "spoilt.csv"
    path.write_text(csv_text(rows))
    with pytest.raises(DataError) as caught:
        load(path)
    error = caught.value
    assert error.code == ReasonCode.BARS_NOT_POSITIVE
    assert "line 43 2024-01-02 17:00 UTC close -5.0" in error.message
    assert "Also BARS_HIGH_LOW, BARS_NOT_INCREASING." in error.message
    folder = Path(str(error.fields["quarantine"]))
    assert str(folder) in error.message
    assert folder == tmp_path / "quarantine" / "TEST" / sha256(path.read_bytes())[:12]
    assert (folder / "spoilt.csv").read_bytes() == path.read_bytes()
    report = json.loads((folder / "report.json").read_bytes())
    wrong = {check["name"]: check for check in report["checks"] if not check["passed"]}
    assert wrong["positive"]["evidence"]["rows"][0]["row"] == 43
    assert wrong["increasing"]["evidence"]["rows"][0]["row"] == 101
    page = (folder / "report.md").read_text()
    assert "BARS_NOT_POSITIVE" in page
    assert "| 43 | 2024-01-02 17:00 UTC |" in page
    before = {item.name: item.read_bytes() for item in folder.iterdir()}
    with pytest.raises(DataError):
        load(path)
    assert {item.name: item.read_bytes() for item in folder.iterdir()} == before


@pytest.mark.parametrize("symbol", ["BTC/USDT", "../../etc", "..", "a b"])
def test_a_symbol_cannot_lead_the_quarantine_out_of_its_folder(tmp_path: Path, symbol: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"{HEADER}\n")
    folder = tmp_path / "quarantine"
    with pytest.raises(DataError) as caught:
        load_bars(spec_for(path), symbol, None, folder)
    assert Path(str(caught.value.fields["quarantine"])).resolve().is_relative_to(folder.resolve())
    assert Path(str(caught.value.fields["quarantine"])).parent.parent == folder


def test_too_few_bars_are_refused_with_what_was_kept_and_without_quarantine(tmp_path: Path) -> None:
    bars = clean_bars(1_000)
    rows = rows_of(bars)
    path = tmp_path / "x.csv"
    path.write_text(csv_text(rows[:300] + rows[400:]))
    with pytest.raises(DataError, match=r"BARS_GAPS"):
        load(path)
    assert len(load(path, on_gap="keep-longest").bars) == 600
    assert len(load(path, on_gap="allow").bars) == 900
    path.write_text(csv_text(rows[:300] + rows[400:600]))
    with pytest.raises(DataError) as caught:
        load(path, on_gap="keep-longest")
    assert caught.value.code == ReasonCode.BARS_TOO_FEW
    assert "Kept 300 of 500 bars" in caught.value.message


def test_a_moment_before_the_file_begins_gives_too_few_bars_and_no_quarantine(good: Path) -> None:
    with pytest.raises(DataError) as caught:
        load(good, int(MARKET.ts[0]))
    assert caught.value.code == ReasonCode.BARS_TOO_FEW
    assert not (good.parent / "quarantine").exists()


def test_an_interval_that_the_source_cannot_make_is_refused(good: Path) -> None:
    for interval in ("5m", "20m"):
        with pytest.raises(DataError) as caught:
            load(good, interval=interval)
        assert caught.value.code == ReasonCode.BARS_INTERVAL


def test_the_embedded_market_keeps_the_contract_and_its_past(tmp_path: Path) -> None:
    day = 86_400_000
    as_of = int(np.datetime64("2021-06-01", "ms").astype(np.int64))
    early = load_bars(spec_for("sim:edge=1"), "TEST", as_of, tmp_path)
    later = load_bars(spec_for("sim:edge=1"), "TEST", as_of + day, tmp_path)
    assert later.raw_digest == early.raw_digest
    assert len(later.bars) == len(early.bars) + 24
    assert later.bars.until(as_of).digest() == early.bars.digest()


def test_trades_become_traded_bars(tmp_path: Path) -> None:
    start = int(MARKET.ts[0])
    lines = [f"{start + second * 500},{100 + second % 7},{1 + second % 3}" for second in range(72_000)]
    path = tmp_path / "trades.csv"
    path.write_text("ts,price,volume\n" + "\n".join(lines) + "\n")
    loaded = load_bars(spec_for(f"ticks:{path}", interval="1m"), "TEST", None, tmp_path)
    # The last minute is not known to be over: no trade came after it.
    assert len(loaded.bars) == 599
    assert loaded.bars.volume[0] == sum(1 + second % 3 for second in range(120))
    assert loaded.report.source_interval_ms == 60_000


def write_funding(path: Path, ts: list[int], rates: list[float]) -> Path:
    lines = [f"{when},{rate!r}" for when, rate in zip(ts, rates, strict=True)]
    path.write_text("\n".join(["ts,funding_rate", *lines]) + "\n")
    return path


PERIOD_MS = 8 * HOUR_MS
EVENTS = [int(MARKET.ts[0]) + PERIOD_MS * at + 3 for at in range(130)]
RATES = [1e-4 * (at % 7 - 3) for at in range(130)]


def test_bars_arrive_with_what_each_of_them_owes(good: Path, tmp_path: Path) -> None:
    funding = write_funding(tmp_path / "funding.csv", EVENTS, RATES)
    loaded, plain = load(good, funding=str(funding)), load(good)
    assert loaded.bars.funding is not None
    assert plain.bars.funding is None
    np.testing.assert_array_equal(loaded.bars.funding[::8], RATES[: len(loaded.bars.funding[::8])])
    assert np.count_nonzero(loaded.bars.funding) == np.count_nonzero(RATES[:125])
    assert loaded.bars.digest() != plain.bars.digest() == replace(loaded.bars, funding=None).digest()
    checks = {check.name: check for check in loaded.report.checks}
    assert checks["funding_coverage"].passed
    assert checks["funding_coverage"].evidence["sha256"] == sha256(funding.read_bytes())
    assert set(checks) - {check.name for check in plain.report.checks} == {
        "funding_schema",
        "funding_rate",
        "funding_increasing",
        "funding_coverage",
    }


def test_the_history_that_is_kept_owes_what_it_owed_in_the_whole(tmp_path: Path) -> None:
    bars = clean_bars(2_500)
    rows = rows_of(bars)
    # A gap just before the history that is kept: who holds over it owes the event in it.
    del rows[496:500]
    path = tmp_path / "x.csv"
    path.write_text(csv_text(rows))
    funding = write_funding(tmp_path / "funding.csv", [int(bars.ts[at]) for at in range(0, 2_500, 8)], [0.001] * 313)
    loaded = load(path, history_bars=2_000, funding=str(funding))
    assert loaded.bars.ts[0] == bars.ts[500]
    assert loaded.bars.columns().funding[0] == 0.001


@pytest.mark.parametrize("minutes", [0, 1, 480])
def test_no_event_after_the_moment_is_seen(good: Path, tmp_path: Path, minutes: int) -> None:
    as_of = int(MARKET.ts[0]) + 600 * HOUR_MS + minutes * 60_000
    whole = write_funding(tmp_path / "whole.csv", EVENTS, RATES)
    past = [(ts, rate) for ts, rate in zip(EVENTS, RATES, strict=True) if ts <= as_of]
    short = write_funding(tmp_path / "short.csv", *map(list, zip(*past, strict=True)))
    wrong = write_funding(tmp_path / "wrong.csv", [*(ts for ts, _ in past), as_of + 1], [*(r for _, r in past), 77.0])
    digests = {load(good, as_of, funding=str(path)).bars.digest() for path in (whole, short, wrong)}
    assert len(digests) == 1


def test_funding_that_breaches_its_contract_goes_to_quarantine(good: Path, tmp_path: Path) -> None:
    funding = write_funding(tmp_path / "funding.csv", EVENTS, [*RATES[:40], 0.9, *RATES[41:]])
    with pytest.raises(DataError, match=r"FUNDING_RATE: TEST: funding\.csv: .* line 42 ") as caught:
        load(good, funding=str(funding))
    folder = Path(str(caught.value.fields["quarantine"]))
    assert (folder / "funding.csv").read_bytes() == funding.read_bytes()
    assert "FUNDING_RATE" in (folder / "report.md").read_text()


def test_bars_that_no_event_covers_are_a_warning_with_dates(good: Path, tmp_path: Path) -> None:
    funding = write_funding(tmp_path / "funding.csv", EVENTS[10:100], RATES[10:100])
    report = load(good, funding=str(funding)).report
    assert blocking_failures(list(report.checks)) == []
    found = next(check for check in report.checks if check.name == "funding_coverage")
    assert (found.passed, found.severity, found.code) == (False, "warn", ReasonCode.FUNDING_GAPS)
    assert "2024-01-01 00:00 UTC to 2024-01-04 08:00 UTC; 2024-02-03 00:00 UTC to 2024-02-11 15:00 UTC" in found.message
