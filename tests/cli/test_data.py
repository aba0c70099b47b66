"""``sevengates data``: every symbol is looked at, a breach ends with its exit code, and markets are compared."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run
from tests.market.samples import clean_bars, csv_text, rows_of


def write_market(folder: Path, symbol: str, *, close: str | None = None) -> None:
    rows = rows_of(clean_bars(600))
    if close is not None:
        rows[40][4] = close
    (folder / f"{symbol}.csv").write_text(csv_text(rows))


def test_a_breach_of_one_symbol_ends_with_its_code_after_the_others_were_checked(run: Run, tmp_path: Path) -> None:
    write_market(tmp_path, "BAD", close="-5")
    write_market(tmp_path, "GOOD")
    command = ("data", "check", "--source", str(tmp_path / "{symbol}.csv"), "--symbol", "BAD", "--symbol", "GOOD")
    printed = run(*command, "--json")
    assert printed.code == 3
    bad, good = printed.json
    assert bad["error"]["code"] == "BARS_NOT_POSITIVE"
    assert good["traded_bars"] == 600
    shown = run(*command)
    assert shown.code == 3
    assert "BARS_NOT_POSITIVE: BAD: BAD.csv" in shown.err
    assert "GOOD: 600 bars of 1h" in shown.out


def test_an_unknown_kind_of_source_is_refused_with_the_nearest(run: Run) -> None:
    printed = run("data", "check", "--source", "cvs:bars.csv.old")
    assert printed.code == 3
    assert "SOURCE_UNKNOWN" in printed.err
    assert "Did you mean csv:?" in printed.err


def test_markets_are_compared_by_their_facts(run: Run, tmp_path: Path) -> None:
    write_market(tmp_path, "ONE")
    one = str(tmp_path / "ONE.csv")
    printed = run("data", "facts", one, "sim:edge=1,start=2024-01-01", "--json")
    assert printed.code == 0
    assert set(printed.json) == {one, "sim:edge=1,start=2024-01-01"}
    assert printed.json[one]["bars"] == 600
    assert "Stylised facts at 1h" in run("data", "facts", one, one).out
