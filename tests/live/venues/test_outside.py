"""A venue from outside the package: the example of the documentation, as its installer would leave it."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Run, run  # noqa: F401
from tests.live.support import bundle_of, fixed, trade, trades_of
from tests.support import small_bars
from tests.support.plugins import installed
from trading.live.venues.opening import GROUP, find_venue, venue_names

# ruff: noqa: F811  # pytest hands fixtures over by name
MODULE = "spot_venue"
REPLAY = ("--source", "sim:edge=1", "--from", "2021-01-05", "--venue", "spot", "--json")


@pytest.fixture
def spot(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example, installed for one test."""
    example, site = root / "docs" / "examples" / "venue", tmp_path / "site"
    project = tomllib.loads((example / "pyproject.toml").read_text())["project"]
    site.mkdir()
    shutil.copy(example / f"{MODULE}.py", site)
    installed(site, project["name"], project["entry-points"], project["version"])
    monkeypatch.syspath_prepend(site)
    yield
    sys.modules.pop(MODULE, None)


def rows(path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def test_the_example_is_found_by_its_entry_point_and_imported_when_it_is_named(spot: None) -> None:
    assert venue_names() == ("paper", "spot")
    assert MODULE not in sys.modules


def test_a_replay_on_the_example_has_its_intents_fills_and_refusals_in_the_journal(
    run: Run, folder: Path, spot: None
) -> None:
    bundle = bundle_of(folder, 2)
    printed = run("live", "--bundle", str(bundle.folder), *REPLAY, "--to", "2021-02-10").json
    assert (printed["venue"], printed["quarantined"]) == ("spot", 0)
    journal = Path(printed["journal"])
    assert (journal.parent.name, journal.name) == ("sevengates-sim-3600s-spot", f"bundle-{bundle.digest[:12]}.db")

    shorts = rows(journal, "SELECT id FROM intents WHERE quantity < 0 ORDER BY ts")
    longs = rows(journal, "SELECT id FROM intents WHERE quantity > 0 ORDER BY ts")
    assert len(shorts) > 10
    assert len(longs) > 10
    assert rows(journal, "SELECT subject FROM refusals ORDER BY number") == shorts
    assert set(rows(journal, "SELECT code, message FROM refusals")) == {
        ("ORDER_REFUSED", "nothing is held that could be sold")
    }

    closes = dict(zip(small_bars(40).ts.tolist(), small_bars(40).close.tolist(), strict=True))
    fills = rows(journal, "SELECT ts, kind, quantity, price FROM fills ORDER BY ts")
    assert all(price == closes[ts] for ts, _, _, price in fills)
    trades = trades_of(journal)
    assert len(fills) == 2 * len(trades)
    assert {row["reason"] for row in trades} > {"time"}
    assert all(row["quantity"] > 0.0 for row in trades)
    assert printed["position"] == 0.0
    assert printed["equity"] == pytest.approx(100_000.0 + sum(row["pnl"] for row in trades))
    fee = 0.001 * trades[0]["quantity"] * (trades[0]["entry_price"] + trades[0]["exit_price"])
    assert trades[0]["fees"] == pytest.approx(fee, abs=1e-5)


def test_a_replay_on_the_example_stopped_after_every_bar_ends_with_the_same_journal(folder: Path, spot: None) -> None:
    models, venue, bars = fixed(bundle_of(folder, 2)), find_venue("spot"), small_bars(20)
    trade(folder / "whole.db", models, bars.slice(0, 360), 300, venue=venue)
    for stop in range(301, 361):
        trade(folder / "parts.db", models, bars.slice(0, stop), 300, venue=venue)
    for table in ("bars", "decisions", "intents", "fills", "trades"):
        query = f"SELECT * FROM {table}"
        assert rows(folder / "parts.db", query) == rows(folder / "whole.db", query)
    query = "SELECT ts, subject, code FROM refusals"
    assert rows(folder / "parts.db", query) == rows(folder / "whole.db", query)
    assert len(rows(folder / "whole.db", "SELECT * FROM fills")) > 3
    assert len(rows(folder / "whole.db", query)) > 1


def test_a_journal_belongs_to_one_venue(run: Run, folder: Path, spot: None) -> None:
    bundle = bundle_of(folder, 2)
    common = ("live", "--bundle", str(bundle.folder), "--journal", str(folder / "j.db"), "--to", "2021-01-07")
    assert run(*common, *REPLAY).code == 0
    paper = run(*common, "--source", "sim:edge=1")
    assert paper.code == 7
    assert "JOURNAL_MISMATCH" in paper.err
    assert "venue 'spot', not of 'paper'" in paper.err


def test_a_venue_that_is_not_there_is_named_with_those_that_are(run: Run, folder: Path, spot: None) -> None:
    printed = run("live", "--bundle", str(bundle_of(folder, 2).folder), "--venue", "moon")
    assert printed.code == 2
    assert "VENUE_UNKNOWN" in printed.err
    assert "venues here: paper, spot" in printed.err
    assert GROUP in printed.err
