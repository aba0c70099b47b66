"""``sevengates costs calibrate``: the fit, the line for the settings, the page, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.market.impact.samples import lawful_market, write_market
from trading.reports.impact import BEGIN, END


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, ...]:
    trades, book = write_market(tmp_path, *lawful_market(0.7, 0.5, noise=0.2))
    return ("costs", "calibrate", "--trades", str(trades), "--book", str(book))


def test_the_fit_is_printed_with_its_error_and_the_line_for_the_settings(run: Run, command: tuple[str, ...]) -> None:
    shown = run(*command)
    assert shown.code == 0
    found = run(*command, "--json").json
    assert found["y"]["value"] == pytest.approx(0.71, rel=0.05)
    assert f"{found['y']['value']:.3g} ± {found['y']['error']:.2g}" in shown.out
    assert found["settings"][0].startswith(f"costs.impact = {found['y']['value']:.3g}  #")
    assert all(line in shown.out for line in found["settings"])


def test_the_seed_is_that_of_the_bootstrap(run: Run, command: tuple[str, ...]) -> None:
    first, again, other = (run(*command, "--json", "--seed", seed).json for seed in ("1", "1", "2"))
    assert first == again
    assert first["y"]["error"] != other["y"]["error"]


def test_a_page_is_written_with_its_picture(run: Run, command: tuple[str, ...], tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n")
    shown = run(*command, "--page", str(page))
    assert shown.code == 0
    assert f"written: {page}" in shown.out
    assert "| square root |" in page.read_text()
    assert (tmp_path / "images/impact.png").is_file()


def test_more_levels_than_the_book_has_are_a_missing_column(run: Run, command: tuple[str, ...]) -> None:
    refused = run(*command, "--levels", "21")
    assert refused.code == 3
    assert "BARS_SCHEMA: book.csv: column b20p" in refused.err
    assert "--levels" in refused.err


def test_a_crossed_book_is_refused_by_code(run: Run, tmp_path: Path) -> None:
    trades, book = lawful_market(0.7, 0.5)
    crossed = replace(book, bid_price=book.ask_price + 1.0)
    paths = write_market(tmp_path, trades, crossed)
    refused = run("costs", "calibrate", "--trades", str(paths[0]), "--book", str(paths[1]), "--json")
    assert refused.code == 3
    assert refused.json["error"]["code"] == "BOOK_CROSSED"


def test_both_files_must_be_named(run: Run) -> None:
    assert run("costs", "calibrate").code == 2
