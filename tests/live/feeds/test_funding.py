"""Funding on its way to the account: from the file to the rows of a replay, the traded bars and the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.live.support import bundle_of, fixed, replay_of, trade, write_model
from tests.support import HOUR_MS, random_model, small_bars
from trading.codes import ReasonCode
from trading.errors import ConfigError, DataError
from trading.live.feeds.base import FeedRow
from trading.live.feeds.joiner import BarJoiner
from trading.live.feeds.replay import ReplayFeed, open_replay
from trading.live.journal.journal import Journal
from trading.live.session import open_runner
from trading.market.bars import Bars, resample
from trading.market.funding import FundingEvents, with_funding
from trading.market.load import load_bars
from trading.settings.models import MarketSpec
from trading.steps.bar import Bar

BARS = small_bars(20)
RATES = np.where(np.arange(len(BARS)) % 8 == 0, 1e-4, 0.0)


def files_of(folder: Path, bars: Bars, events: FundingEvents, **options: object) -> MarketSpec:
    """A market whose bars and funding lie in two files."""
    rows = [",".join(map(repr, bars.row(index)[:6])) for index in range(len(bars))]
    (folder / "bars.csv").write_text("\n".join(["ts,open,high,low,close,volume", *rows]) + "\n")
    lines = [f"{ts},{rate!r}" for ts, rate in zip(events.ts.tolist(), events.rates.tolist(), strict=True)]
    (folder / "funding.csv").write_text("\n".join(["ts,funding_rate", *lines]) + "\n")
    return MarketSpec.model_validate(
        {
            "source": str(folder / "bars.csv"),
            "funding": str(folder / "funding.csv"),
            "symbols": ("SIM",),
            "interval": "1h",
            **options,
        }
    )


def eight_hourly(bars: Bars) -> FundingEvents:
    ts = bars.ts[::8] + 3
    return FundingEvents(ts, np.round(np.random.default_rng(3).normal(0.0, 1e-4, len(ts)), 8))


def joined(feed: ReplayFeed, interval: int) -> list[Bar]:
    joiner = BarJoiner(feed.interval, interval)
    return [bar for row in feed.rows() for bar in joiner.add(Bar(*row.values))]  # pyright: ignore[reportArgumentType]


def journal_bars(path: Path) -> list[tuple[int, float]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT ts, funding FROM bars ORDER BY ts").fetchall()


@given(
    kept=st.sets(st.integers(0, 299), min_size=1),
    hours=st.sampled_from([1, 2, 6, 24]),
    rates=st.lists(st.floats(-0.05, 0.05), min_size=300, max_size=300),
)
def test_joining_bar_by_bar_sums_funding_as_the_batch_does(kept: set[int], hours: int, rates: list[float]) -> None:
    rows = np.array(sorted(kept))
    short = replace(BARS, funding=np.array(rates * 2)[: len(BARS)])
    part = Bars(short.symbol, short.interval, short.ts[rows], *(column[rows] for column in short.columns()[2:]))
    joiner = BarJoiner(HOUR_MS, hours * HOUR_MS)
    found = [bar for bar in part.rows() for bar in joiner.add(bar)]
    assert found == list(resample(part, hours * HOUR_MS).rows())


@pytest.mark.parametrize("interval", ["1h", "2h", "6h", "1d"])
def test_a_replay_gives_the_very_bars_of_a_night_whatever_is_missing(tmp_path: Path, interval: str) -> None:
    bars = small_bars(40)
    events = FundingEvents(bars.ts[::3] + 1, np.round(np.random.default_rng(4).normal(0.0, 1e-3, len(bars.ts[::3])), 8))
    kept = np.delete(np.arange(len(bars)), [*range(100, 109), *range(300, 331), 700])
    part = Bars("SIM", HOUR_MS, bars.ts[kept], *(column[kept] for column in bars.columns()[2:7]))
    spec = files_of(tmp_path, part, events, interval=interval, on_gap="allow")
    night = load_bars(spec, "SIM", None, tmp_path / "quarantine", min_bars=10).bars
    length = {"1h": 1, "2h": 2, "6h": 6, "1d": 24}[interval] * HOUR_MS
    assert joined(open_replay(spec, "SIM", None), length)[: len(night)] == list(night.rows())
    assert np.count_nonzero(night.columns().funding) > 30
    owed = events.rates[events.ts < night.ts[-1] + length].sum()
    assert night.columns().funding.sum() == pytest.approx(owed, abs=1e-12)


def test_a_market_without_funding_sends_rows_of_six_values(tmp_path: Path) -> None:
    spec = files_of(tmp_path, BARS, eight_hourly(BARS))
    plain = open_replay(spec.model_copy(update={"funding": ""}), "SIM", None)
    assert {len(row.values) for row in plain.rows()} == {6}
    charged = [row.values for row in open_replay(spec, "SIM", None).rows()]
    assert charged == [with_funding(BARS, eight_hourly(BARS)).row(at) for at in range(len(BARS))]


def test_events_after_the_end_of_a_replay_are_not_seen(tmp_path: Path) -> None:
    events = eight_hourly(BARS)
    until = int(BARS.ts[100])
    late = FundingEvents(events.ts, np.where(events.ts > until, 0.9, events.rates))
    rows = [row.values for row in open_replay(files_of(tmp_path, BARS, late), "SIM", until).rows()]
    assert rows == [with_funding(BARS, events).row(at) for at in range(100)]


def test_damaged_funding_stops_a_replay_before_it_starts(tmp_path: Path) -> None:
    events = eight_hourly(BARS)
    spec = files_of(tmp_path, BARS, FundingEvents(events.ts, np.where(np.arange(len(events.ts)) == 5, 0.9, 0.0)))
    with pytest.raises(DataError, match=r"FUNDING_RATE: SIM: funding\.csv: .* line 7 "):
        open_replay(spec, "SIM", None)


def test_a_replay_that_the_file_does_not_cover_says_so(tmp_path: Path) -> None:
    events = eight_hourly(BARS)
    spec = files_of(tmp_path, BARS, FundingEvents(events.ts[:30], events.rates[:30]))
    (found,) = [check for check in open_replay(spec, "SIM", None).raw.checks if not check.passed]
    assert (found.code, found.severity) == (ReasonCode.FUNDING_GAPS, "warn")


def test_two_fundings_of_one_market_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trading.live.feeds import replay

    spec = files_of(tmp_path, BARS, eight_hourly(BARS))
    own = replay_of(replace(BARS, funding=RATES)).raw
    monkeypatch.setattr(replay, "repair", lambda raw, spec: own)
    with pytest.raises(ConfigError, match="has a funding of its own"):
        open_replay(spec, "SIM", None)


def test_the_journal_keeps_what_each_bar_owed(folder: Path) -> None:
    charged = replace(BARS, funding=RATES)
    bundle = bundle_of(folder, 4)
    for stop in (150, 200, len(BARS)):
        trade(folder / "j.db", fixed(bundle), charged.slice(0, stop), 100)
    assert journal_bars(folder / "j.db") == list(zip(BARS.ts.tolist(), RATES.tolist(), strict=True))
    with closing(Journal(folder / "j.db")) as journal:
        assert list(journal.bars()) == list(charged.rows())
        assert journal.bar(int(BARS.ts[8])) == list(charged.rows())[8]


def test_a_funding_that_became_known_after_its_bar_does_not_make_it_another_market(folder: Path) -> None:
    bundle = bundle_of(folder, 4)
    trade(folder / "j.db", fixed(bundle), BARS.slice(0, 201), 100)
    trade(folder / "j.db", fixed(bundle), replace(BARS, funding=RATES), 100)
    known = np.where(np.arange(len(BARS)) > 200, RATES, 0.0)
    assert journal_bars(folder / "j.db") == list(zip(BARS.ts.tolist(), known.tolist(), strict=True))


@dataclass
class BrokenRows:
    """A replay some of whose rows break the contract, and one of whose rows is sent twice."""

    feed: ReplayFeed
    broken: tuple[int, ...]
    repeated: int

    @property
    def symbol(self) -> str:
        return self.feed.symbol

    @property
    def interval(self) -> int:
        return self.feed.interval

    def rows(self) -> Iterator[FeedRow]:
        """The rows; one of those that are good is sent twice."""
        for at, row in enumerate(self.feed.rows()):
            ts, *prices, funding = row.values
            if at == self.repeated:
                yield row
            yield FeedRow(row.place, (ts, *(float("nan") for _ in prices), funding)) if at in self.broken else row


def test_what_a_refused_bar_owed_is_owed_by_the_next_one(folder: Path) -> None:
    bundle = write_model(folder / "b", random_model(4))
    feed = BrokenRows(replay_of(replace(BARS, funding=RATES)), (128, 160, 161), 200)
    with (
        closing(Journal(folder / "j.db")) as journal,
        closing(open_runner(journal, fixed(bundle), start_ms=int(BARS.ts[100]))) as runner,
    ):
        runner.run(feed)
    expected = dict(zip(BARS.ts.tolist(), RATES.tolist(), strict=True))
    for broken, taker in ((128, 129), (160, 162)):
        expected[int(BARS.ts[taker])] += expected.pop(int(BARS.ts[broken]))
    del expected[int(BARS.ts[161])]
    assert dict(journal_bars(folder / "j.db")) == expected
