"""Files of funding events: what they may not hold, and the stretches of bars that they leave open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.market.samples import HOUR_MS, START_MS, clean_bars
from trading.codes import ReasonCode
from trading.errors import ConfigError, DataError
from trading.market.contract.funding import SLACK_MS, check_coverage, read_events, require_one_funding
from trading.market.funding import FundingEvents
from trading.market.raw import raw_from_bars
from trading.market.sources.funding_file import FundingFile, open_funding
from trading.results import CheckResult, blocking_failures
from trading.settings.models import MarketSpec

PERIOD_MS = 8 * HOUR_MS
GOOD = [(START_MS + PERIOD_MS * at, "0.0001") for at in range(10)]


def file_of(folder: Path, rows: Sequence[tuple[object, object]], header: str = "ts,funding_rate") -> FundingFile:
    path = folder / "funding.csv"
    path.write_text("\n".join([header, *(f"{ts},{rate}" for ts, rate in rows)]) + "\n")
    file = open_funding(MarketSpec(symbols=("TEST",), funding=str(path)), "TEST")
    assert file is not None
    return file


def failures(file: FundingFile, until_ms: int | None = None) -> list[CheckResult]:
    return blocking_failures(read_events(file, until_ms)[1])


def test_good_events_are_read_as_they_stand(tmp_path: Path) -> None:
    events, checks = read_events(file_of(tmp_path, GOOD), None)
    assert events.ts.tolist() == [ts for ts, _ in GOOD]
    assert events.rates.tolist() == [0.0001] * 10
    assert [(check.name, check.passed) for check in checks] == [
        ("funding_schema", True),
        ("funding_rate", True),
        ("funding_increasing", True),
    ]


@pytest.mark.parametrize(
    ("rate", "code"),
    [
        ("nan", ReasonCode.FUNDING_RATE),
        ("-inf", ReasonCode.FUNDING_RATE),
        ("0.0500001", ReasonCode.FUNDING_RATE),
        ("-1", ReasonCode.FUNDING_RATE),
        ("", ReasonCode.BARS_SCHEMA),
        ("0.01%", ReasonCode.BARS_SCHEMA),
    ],
)
def test_a_rate_that_cannot_be_is_named_by_its_line(tmp_path: Path, rate: str, code: ReasonCode) -> None:
    (found,) = failures(file_of(tmp_path, [*GOOD[:4], (GOOD[4][0], rate), *GOOD[5:]]))
    assert found.code == code
    assert "funding.csv: " in found.message
    assert "line 6 " in found.message
    assert found.remedy
    assert found.evidence["rows"][0]["row"] == 6


@pytest.mark.parametrize("rate", ["0.05", "-0.05", "0"])
def test_a_rate_at_its_limit_may_be(tmp_path: Path, rate: str) -> None:
    assert failures(file_of(tmp_path, [*GOOD[:4], (GOOD[4][0], rate), *GOOD[5:]])) == []


@pytest.mark.parametrize("rows", [[*GOOD[:5], GOOD[4], *GOOD[5:]], [*GOOD[:4], GOOD[5], GOOD[4], *GOOD[6:]]])
def test_times_that_repeat_or_go_back_are_named_by_their_line(
    tmp_path: Path, rows: Sequence[tuple[object, object]]
) -> None:
    (found,) = failures(file_of(tmp_path, rows))
    assert found.code == ReasonCode.FUNDING_NOT_INCREASING
    assert "in 1 of " in found.message
    assert "line 7 " in found.message
    assert "Sort the file" in found.remedy


def test_columns_that_are_not_there_are_told_from_those_that_are(tmp_path: Path) -> None:
    (found,) = failures(file_of(tmp_path, GOOD, header="ts,carry"))
    assert found.code == ReasonCode.BARS_SCHEMA
    assert "column funding_rate not found; the file has 'ts', 'carry'" in found.message


def test_the_columns_of_an_exchange_are_known(tmp_path: Path) -> None:
    assert failures(file_of(tmp_path, GOOD, header="fundingTime,fundingRate")) == []


def test_what_happens_after_the_moment_is_neither_seen_nor_judged(tmp_path: Path) -> None:
    whole = file_of(tmp_path, [*GOOD, (GOOD[-1][0] + 1, "9"), (GOOD[0][0], "nan")])
    assert failures(whole) != []
    # A repeated time that lies in the past is seen; a file is in order of time.
    spoilt = file_of(tmp_path, [*GOOD, (GOOD[-1][0] + 1, "9")])
    events, checks = read_events(spoilt, GOOD[-1][0])
    assert blocking_failures(checks) == []
    assert events.ts.tolist() == [ts for ts, _ in GOOD]
    assert read_events(spoilt, GOOD[3][0] - 1)[0].ts.tolist() == [ts for ts, _ in GOOD[:3]]


def test_a_file_of_another_kind_and_one_that_is_missing_are_refused(tmp_path: Path) -> None:
    spec = MarketSpec(symbols=("TEST",), funding=str(tmp_path / "funding.json"))
    with pytest.raises(DataError, match=r"SOURCE_UNKNOWN: market\.funding"):
        open_funding(spec, "TEST")
    missing = open_funding(spec.model_copy(update={"funding": str(tmp_path / "none.csv")}), "TEST")
    assert missing is not None
    with pytest.raises(DataError, match=r"SOURCE_MISSING: TEST: no file .*none\.csv\. Check market\.funding; {symbol}"):
        missing.identity()
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1")
    damaged = open_funding(spec.model_copy(update={"funding": str(tmp_path / "damaged.parquet")}), "TEST")
    assert damaged is not None
    assert [check.code for check in failures(damaged)] == [ReasonCode.SOURCE_UNREADABLE]


def test_several_symbols_need_a_file_each() -> None:
    with pytest.raises(ConfigError, match=r"market.funding 'x.csv' is one file for 2 symbols"):
        open_funding(MarketSpec(symbols=("A", "B"), funding="x.csv"), "A")
    file = open_funding(MarketSpec(symbols=("A", "B"), funding="f/{symbol}.csv"), "B")
    assert file is not None
    assert file.path == Path("f/B.csv")
    assert open_funding(MarketSpec(), "SIM") is None


def test_bars_with_a_funding_of_their_own_take_no_file_beside() -> None:
    bars = clean_bars(10)
    require_one_funding(raw_from_bars(bars, "memory"))
    with pytest.raises(ConfigError, match="memory has a funding of its own"):
        require_one_funding(raw_from_bars(replace(bars, funding=np.zeros(10)), "memory"))


def coverage(folder: Path, events: list[int], first: int, last: int) -> CheckResult:
    """The check of hourly bars between two hours after the start, and events at such hours."""
    ts = np.arange(START_MS + first * HOUR_MS, START_MS + last * HOUR_MS + 1, HOUR_MS)
    times = np.array([START_MS + hour * HOUR_MS + 3 for hour in events], dtype=np.int64)
    known = FundingEvents(times, np.full(len(times), 0.0001))
    return check_coverage(known, ts, file_of(folder, GOOD))


@pytest.mark.parametrize(
    ("events", "first", "last", "silent"),
    [
        (range(0, 81, 8), 0, 80, []),
        (range(8, 81, 8), 0, 80, []),
        (range(16, 81, 8), 0, 80, [(0, 16)]),
        (range(0, 65, 8), 0, 80, []),
        (range(0, 57, 8), 0, 80, [(56, 80)]),
        ([0, 8, 16, 32, 40], 0, 48, []),
        ([0, 8, 16, 48, 56], 0, 60, [(16, 48)]),
        (range(0, 81, 8), 800, 900, [(800, 900)]),
        ([], 0, 80, [(0, 80)]),
        ([4], 0, 10, []),
        ([4], 0, 40, [(4, 40)]),
        ([*range(0, 81, 8), *range(1000, 1081, 8)], 1000, 1080, []),
    ],
)
def test_stretches_without_events_are_a_warning_with_their_dates(
    tmp_path: Path, events: list[int], first: int, last: int, silent: list[tuple[int, int]]
) -> None:
    found = coverage(tmp_path, list(events), first, last)
    assert (found.severity, found.passed, found.observed) == ("warn", not silent, len(silent))
    assert found.code == (ReasonCode.FUNDING_GAPS if silent else ReasonCode.OK)
    start = np.datetime64(START_MS, "ms")

    def text(hour: int) -> str:
        return str((start + np.timedelta64(hour, "h")).astype("datetime64[m]")).replace("T", " ")

    for gap, (begin, end) in zip(found.evidence["gaps"], silent, strict=True):
        # Events are stamped some milliseconds late, and dates are shown to the minute.
        assert gap == {"from": f"{text(begin)} UTC", "until": f"{text(end)} UTC"}
        assert f"{gap['from']} to {gap['until']}" in found.message
    assert bool(found.remedy) == bool(silent)


def test_the_stamp_of_an_event_may_be_late(tmp_path: Path) -> None:
    ts = START_MS + HOUR_MS * np.arange(100)
    late = START_MS + PERIOD_MS * np.arange(1, 13) + SLACK_MS
    events = FundingEvents(late, np.full(len(late), 0.0001))
    assert check_coverage(events, ts, file_of(tmp_path, GOOD)).passed
