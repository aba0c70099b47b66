"""The example of docs/examples/source: a kind of source from another package is opened, judged and refused as ours."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.market.samples import HOUR_MS, START_MS, clean_bars, spec_for
from tests.support.plugins import installed
from trading.codes import ReasonCode
from trading.errors import ConfigError, DataError
from trading.live.feeds.replay import open_replay
from trading.market.bars import Bars
from trading.market.load import load_bars
from trading.market.sources.table import GROUP, open_source
from trading.night.plan import plan_night
from trading.settings.models import SevengatesSettings

BARS_600 = clean_bars(600)
AS_OF = START_MS + 550 * HOUR_MS


def database_of(path: Path, bars: Bars) -> Path:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE bars (symbol TEXT, ts INTEGER, open, high, low, close, volume)")
        rows = [(bars.symbol, *bars.row(index)[:6]) for index in range(len(bars))]
        database.executemany("INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return path


@pytest.fixture
def packages(root: Path, tmp_path: Path) -> Path:
    """A folder with the example installed in it."""
    example = root / "docs" / "examples" / "source"
    project = tomllib.loads((example / "pyproject.toml").read_text())["project"]
    folder = installed(tmp_path / "packages", project["name"], project["entry-points"], project["version"])
    shutil.copy(example / "sevengates_sqlite.py", folder)
    return folder


@pytest.fixture
def sqlite(packages: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where this process now finds the example."""
    monkeypatch.syspath_prepend(packages)
    monkeypatch.setitem(sys.modules, "sevengates_sqlite", None)
    monkeypatch.delitem(sys.modules, "sevengates_sqlite")
    return packages


@pytest.mark.usefixtures("sqlite")
def test_its_bars_are_loaded_as_of_a_moment_with_their_evidence(tmp_path: Path) -> None:
    database = database_of(tmp_path / "bars.db", BARS_600)
    loaded = load_bars(spec_for(f"sqlite:{database}"), "TEST", AS_OF, tmp_path)
    assert loaded.bars.digest() == BARS_600.slice(0, 550).digest()
    assert loaded.report.source == "sqlite:bars.db"
    whole = load_bars(spec_for(f"sqlite:{database}"), "TEST", None, tmp_path)
    assert whole.bars.digest() == BARS_600.digest()
    assert whole.raw_digest == loaded.raw_digest


@pytest.mark.usefixtures("sqlite")
def test_a_night_of_it_is_known_by_its_data_and_its_lineage_names_no_path(tmp_path: Path) -> None:
    def plan(folder: str) -> tuple[str, str, int]:
        (tmp_path / folder).mkdir(exist_ok=True)
        path = tmp_path / folder / "bars.db"
        market = {"source": f"sqlite:{path if path.exists() else database_of(path, BARS_600)}", "symbols": ("TEST",)}
        night = plan_night(SevengatesSettings.model_validate({"market": market}), "TEST")
        return night.key, night.source_label, night.as_of_ms

    key, label, as_of_ms = plan("one")
    assert plan("two") == (key, label, as_of_ms)
    assert str(tmp_path) not in label
    assert as_of_ms == int(BARS_600.ts[-1]) + HOUR_MS


@pytest.mark.usefixtures("sqlite")
def test_a_replay_of_it_sends_its_bars_to_the_runner(tmp_path: Path) -> None:
    database = database_of(tmp_path / "bars.db", BARS_600)
    rows = [row.values for row in open_replay(spec_for(f"sqlite:{database}"), "TEST", AS_OF).rows()]
    assert rows == [BARS_600.row(index)[:6] for index in range(550)]


@pytest.mark.usefixtures("sqlite")
def test_bars_of_it_that_breach_the_contract_leave_a_report_and_no_file(tmp_path: Path) -> None:
    bars = clean_bars(600)
    bars.close[40] = -5.0
    database = database_of(tmp_path / "bars.db", bars)
    with pytest.raises(DataError) as caught:
        load_bars(spec_for(f"sqlite:{database}"), "TEST", None, tmp_path / "quarantine")
    assert caught.value.code == ReasonCode.BARS_NOT_POSITIVE
    assert "bar 41 2024-01-02 16:00 UTC close -5.0" in caught.value.message
    assert "a report is in quarantine" in caught.value.message
    folder = Path(str(caught.value.fields["quarantine"]))
    assert {item.name for item in folder.iterdir()} == {"report.json", "report.md"}


@pytest.mark.usefixtures("sqlite")
def test_damaged_data_of_it_go_to_quarantine_and_a_missing_database_does_not(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_bars(spec_for(f"sqlite:{tmp_path / 'none.db'}"), "TEST", None, tmp_path / "quarantine")
    assert caught.value.code == ReasonCode.SOURCE_MISSING
    assert not (tmp_path / "quarantine").exists()
    (tmp_path / "x.db").write_text("no database at all")
    with pytest.raises(DataError, match="SOURCE_UNREADABLE"):
        load_bars(spec_for(f"sqlite:{tmp_path / 'x.db'}"), "TEST", None, tmp_path / "quarantine")


def test_the_command_checks_it_in_a_process_of_its_own(root: Path, packages: Path, tmp_path: Path) -> None:
    database = database_of(tmp_path / "bars.db", BARS_600)
    command = ["data", "check", "--source", f"sqlite:{database}", "--symbol", "TEST", "--as-of", str(AS_OF), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", f"from trading.cli.main import main; main({command!r})"],
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{packages}", "SEVENGATES_HOME": str(tmp_path / "var")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (report,) = json.loads(done.stdout)
    assert (report["symbol"], report["source"], report["traded_bars"]) == ("TEST", "sqlite:bars.db", 550)
    assert all(check["passed"] for check in report["checks"])


def test_without_the_package_its_prefix_is_unknown() -> None:
    with pytest.raises(DataError) as caught:
        open_source(spec_for("sqlite:bars.db"), "TEST")
    assert caught.value.code == ReasonCode.SOURCE_UNKNOWN


@pytest.mark.usefixtures("sqlite")
def test_with_the_package_an_unknown_kind_is_refused_with_its_prefix_too() -> None:
    with pytest.raises(DataError, match=r"Did you mean sqlite:\? Write .*sqlite:"):
        open_source(spec_for("sqlight:bars.db"), "TEST")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def opened(target, *, symbol, spec):\n    return 7\n", "opens a int, which lacks name, path, identity"),
        ("def opened(target):\n    return 7\n", "cannot open 'odd:x': TypeError"),
        ("def opened(target, *, symbol, spec):\n    return {}[target]\n", "cannot open 'odd:x': KeyError: 'x'"),
        ("opened = 7\n", "cannot open 'odd:x': TypeError"),
    ],
)
def test_an_entry_point_that_opens_no_source_is_refused_by_its_name(
    body: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd_source.py").write_text(body)
    monkeypatch.syspath_prepend(installed(tmp_path, "odd", {GROUP: {"odd": "odd_source:opened"}}))
    with pytest.raises(ConfigError) as caught:
        open_source(spec_for("odd:x"), "TEST")
    sys.modules.pop("odd_source")
    assert caught.value.code == ReasonCode.PLUGIN_INVALID
    assert said in caught.value.message


def test_no_package_can_take_the_name_of_a_kind_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = type(open_source(spec_for("csv:x"), "TEST"))
    monkeypatch.syspath_prepend(installed(tmp_path, "odd", {GROUP: {"csv": "not_there:opened"}}))
    assert type(open_source(spec_for("csv:x"), "TEST")) is before


@pytest.mark.usefixtures("sqlite")
def test_a_source_that_shows_what_had_not_closed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = database_of(tmp_path / "bars.db", BARS_600)
    kind = type(open_source(spec_for(f"sqlite:{database}"), "TEST"))
    read = kind.read
    monkeypatch.setattr(kind, "read", lambda source, until_ms: read(source, until_ms + HOUR_MS))
    with pytest.raises(DataError, match="closes at 2024-01-23 23:00 UTC") as caught:
        load_bars(spec_for(f"sqlite:{database}"), "TEST", AS_OF, tmp_path)
    assert caught.value.code == ReasonCode.SOURCE_UNREADABLE
    np.testing.assert_array_equal(
        read(open_source(spec_for(f"sqlite:{database}"), "TEST"), AS_OF).ts, BARS_600.ts[:550]
    )
