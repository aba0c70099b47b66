from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.market.samples import HOUR_MS, clean_bars, csv_text, raw_of, rows_of, spec_for
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import FUNDING, Bars, resample
from trading.market.closed_hours import within_hours
from trading.market.contract.gaps import missing_before
from trading.market.hours import is_open, parse_hours
from trading.market.load import LoadedBars, load_bars
from trading.market.raw import Problem
from trading.settings.models import MarketSpec

TEXT = "Mon-Fri 09:30-16:00 America/New_York"
HOURS = parse_hours(TEXT)
QUARTER_MS = 15 * 60_000
MARKET = clean_bars(16_000, QUARTER_MS)
OPEN = is_open(HOURS, MARKET.ts)
HOLIDAYS = "2024-01-01\n2024-01-15\n2024-02-19\n2024-03-29\n2024-05-27\n2024-06-19\n"


def part(bars: Bars, chosen: np.ndarray) -> Bars:
    columns = (column[chosen] for column in bars.columns()[2:7])
    return Bars(bars.symbol, bars.interval, bars.ts[chosen], *columns)


def load(folder: Path, bars: Bars, as_of_ms: int | None = None, **settings: object) -> LoadedBars:
    path = folder / "market.csv"
    path.write_text(csv_text(rows_of(bars)))
    spec = spec_for(path, **{"interval": "15m", "hours": TEXT, **settings})
    return load_bars(spec, "TEST", as_of_ms, folder / "quarantine")


def test_without_hours_nothing_is_looked_at() -> None:
    raw = raw_of(MARKET)
    assert within_hours(raw, None) is raw


def test_a_night_sees_the_open_bars_and_says_how_many_it_left_out(tmp_path: Path) -> None:
    loaded = load(tmp_path, MARKET)
    assert loaded.bars.digest() == part(MARKET, OPEN).digest()
    report = loaded.report
    assert (report.rows_visible, report.rows_used) == (16_000, int(OPEN.sum()))
    (step,) = report.repairs
    assert (step["option"], step["count"]) == (f"hours={TEXT}", int((~OPEN).sum()))
    assert step["message"] == f"{(~OPEN).sum()} of 16000 bars open outside market.hours {TEXT} and were left out"
    assert step["rows"] == list(range(2, 22))
    checks = {check.name: check for check in report.checks}
    assert checks["gaps"].observed == 0.0
    assert checks["freshness"].observed == 0


def test_a_file_of_open_hours_alone_is_whole(tmp_path: Path) -> None:
    loaded = load(tmp_path, part(MARKET, OPEN))
    assert loaded.report.repairs == ()
    assert loaded.bars.digest() == part(MARKET, OPEN).digest()
    with pytest.raises(DataError, match="BARS_GAPS"):
        load(tmp_path, part(MARKET, OPEN), hours="")


def test_holidays_are_neither_traded_nor_missing(tmp_path: Path) -> None:
    (tmp_path / "days.txt").write_text(HOLIDAYS)
    loaded = load(tmp_path, MARKET, holidays=str(tmp_path / "days.txt"))
    local_days = {str(day) for day in loaded.bars.ts.astype("datetime64[ms]").astype("datetime64[D]")}
    assert local_days.isdisjoint(HOLIDAYS.split())
    assert "America/New_York or on a holiday (6 are known) and were left out" in loaded.report.repairs[0]["message"]
    assert next(check for check in loaded.report.checks if check.name == "gaps").observed == 0.0


def test_whole_days_and_first_bars_that_are_missing_are_gaps(tmp_path: Path) -> None:
    day = MARKET.ts // 86_400_000
    opening = OPEN & np.r_[False, ~OPEN[:-1]]
    gone = (day == day[0] + 8) | (opening & (day == day[0] + 15))
    report = load(tmp_path, part(MARKET, ~gone), max_gap_share=0.5).report
    gaps = next(check for check in report.checks if check.name == "gaps")
    assert [gap["missing"] for gap in gaps.evidence["gaps"]] == [26, 1]
    with pytest.raises(DataError, match=r"BARS_GAPS.* bars of 15 m are missing .* market\.hours and market\.holidays"):
        load(tmp_path, part(MARKET, ~gone), max_gap_share=0.0)


@given(st.sets(st.integers(0, 2_999)))
def test_what_is_missing_is_every_open_bar_that_is_not_there(dropped: set[int]) -> None:
    opened = MARKET.ts[:3_000][OPEN[:3_000]]
    kept = np.delete(MARKET.ts[:3_000], sorted(dropped))
    kept = kept[is_open(HOURS, kept)]
    missing = missing_before(kept, QUARTER_MS, MarketSpec(), HOURS)
    between = (opened > kept[0]) & (opened < kept[-1]) if len(kept) else np.zeros(len(opened), dtype=np.bool_)
    assert int(missing.sum()) == int(between.sum()) - max(len(kept) - 2, 0)


def test_the_longest_stretch_is_told_by_the_hours(tmp_path: Path) -> None:
    whole = part(MARKET, OPEN)
    rows = np.r_[0:1_000, 1_400 : len(whole)]
    loaded = load(tmp_path, part(whole, rows), on_gap="keep-longest")
    assert loaded.bars.digest() == whole.slice(1_400).digest()


def test_bars_are_joined_after_closed_ones_are_left_out(tmp_path: Path) -> None:
    loaded = load(tmp_path, MARKET, interval="1h")
    expected = resample(part(MARKET, OPEN), HOUR_MS)
    assert loaded.bars.digest() == expected.digest()
    # The bar of 09:00 holds the half hour after the opening.
    first = int(np.flatnonzero(OPEN)[0])
    assert loaded.bars.ts[0] == MARKET.ts[first] - 2 * QUARTER_MS
    assert loaded.bars.open[0] == MARKET.open[first]


@pytest.mark.parametrize("rows", [9_000, 9_011, 9_048])
def test_what_a_night_sees_does_not_depend_on_what_comes_later(tmp_path: Path, rows: int) -> None:
    as_of = int(MARKET.ts[rows])
    whole, short = load(tmp_path, MARKET, as_of), load(tmp_path, MARKET.slice(0, rows))
    assert whole.bars.digest() == short.bars.digest() == load(tmp_path, MARKET).bars.until(as_of).digest()
    assert whole.report.repairs == short.report.repairs


def test_freshness_counts_the_bars_that_could_have_been(tmp_path: Path) -> None:
    friday = int(np.datetime64("2024-05-10T20:00", "ms").astype(np.int64))
    until_friday = MARKET.until(friday)
    for days, behind in ((0, 0), (2, 0), (3, 22)):
        # On Monday it is 19:00 UTC: 22 quarters of an hour have closed since 13:30.
        report = load(tmp_path, until_friday, friday + days * 86_400_000 - (days == 3) * HOUR_MS).report
        assert next(check for check in report.checks if check.name == "freshness").observed == behind


def test_what_is_wrong_with_a_closed_bar_is_not_there_either(tmp_path: Path) -> None:
    rows = rows_of(MARKET)
    closed, opened = int(np.flatnonzero(~OPEN)[-1]), int(np.flatnonzero(OPEN)[-1])
    spoilt = [list(row) for row in rows]
    spoilt[closed][4], spoilt[closed - 1][3] = "-5", "many"
    path = tmp_path / "market.csv"
    path.write_text(csv_text(spoilt))
    spec = spec_for(path, interval="15m", hours=TEXT)
    assert load_bars(spec, "TEST", None, tmp_path / "q").bars.digest() == part(MARKET, OPEN).digest()
    for cell in ("many", "-5"):
        worse = [list(row) for row in rows]
        worse[opened][3] = cell
        path.write_text(csv_text(worse))
        with pytest.raises(DataError, match=f"line {opened + 2} "):
            load_bars(spec, "TEST", None, tmp_path / "q")


def test_a_row_without_a_time_belongs_nowhere_and_stays_a_problem() -> None:
    raw = raw_of(MARKET)
    problems = (
        Problem(7, "ts", "soon", "is no time"),
        Problem(2, "open", "x", "is not a number", int(MARKET.ts[~OPEN][0])),
        Problem(99, "open", "y", "is not a number", int(MARKET.ts[OPEN][0])),
    )
    kept = within_hours(replace(raw, data=replace(raw.data, problems=problems, problem_count=5)), HOURS).data
    assert kept.problems == (problems[0], problems[2])
    # Two were not listed; nobody knows where they stand.
    assert kept.problem_count == 4


def test_hours_in_which_no_bar_opens_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none of the 700 bars of market\.csv opens within market\.hours") as caught:
        load(tmp_path, clean_bars(700, 86_400_000), interval="1d")
    assert caught.value.code == ReasonCode.BARS_TOO_FEW
    assert "UTC time of its open" in caught.value.remedy


@given(st.permutations(range(40)), st.lists(st.floats(-0.05, 0.05), min_size=40, max_size=40))
def test_what_a_closed_bar_owed_is_owed_by_the_next_open_one(order: list[int], rates: list[float]) -> None:
    bars = clean_bars(40, HOUR_MS)
    raw = raw_of(bars)
    raw = replace(raw, data=replace(raw.data, values={**raw.data.values, FUNDING: np.array(rates)}))
    hours = parse_hours("Mon,Tue 03:00-05:00 UTC; Tue 09:00-10:00 UTC")
    kept = within_hours(raw.take(np.array(order)), hours)
    found = dict(zip(kept.ts.tolist(), kept.column(FUNDING).tolist(), strict=True))
    opened = np.flatnonzero(is_open(hours, bars.ts)).tolist()
    assert sorted(found) == bars.ts[opened].tolist()
    for before, at in zip([-1, *opened[:-1]], opened, strict=True):
        assert found[int(bars.ts[at])] == pytest.approx(sum(rates[before + 1 : at + 1]), abs=1e-15)


def test_events_in_closed_hours_are_owed_by_the_next_bar(tmp_path: Path) -> None:
    day = 86_400_000
    midnights = np.arange(int(MARKET.ts[0]) // day * day, int(MARKET.ts[-1]), day)
    lines = [f"{ts},0.0001" for ts in midnights.tolist()]
    (tmp_path / "funding.csv").write_text("\n".join(["ts,funding_rate", *lines]) + "\n")
    loaded = load(tmp_path, MARKET, funding=str(tmp_path / "funding.csv"))
    funding = loaded.bars.columns().funding
    opening = np.r_[True, np.diff(loaded.bars.ts) > QUARTER_MS]
    assert (funding[~opening] == 0.0).all()
    days_before = np.round(funding[opening][1:] / 0.0001)
    # A weekend's three midnights fall due on Monday.
    assert set(days_before.tolist()) == {1.0, 3.0}
