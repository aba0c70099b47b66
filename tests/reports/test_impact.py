"""The page of impact carries the numbers of the command, and is written only where its marks stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.market.impact.samples import lawful_market
from trading.errors import ConfigError
from trading.market.impact.calibrate import Calibration, calibrate
from trading.market.impact.records import read_book, read_trades
from trading.reports.impact import BEGIN, END, impact_figure, impact_section, settings_lines, tables, write_impact


@pytest.fixture(scope="module")
def found() -> Calibration:
    return calibrate(*lawful_market(0.7, 0.5, noise=0.3))


def test_the_settings_lines_carry_both_values(found: Calibration) -> None:
    book, moves = settings_lines(found)
    assert book.startswith(f"costs.impact = {found.y.value:.3g}  # the standing book, walked by orders of up to 39.81%")
    ten = next(fit for fit in found.realised if fit.window_s == 10)
    assert moves.startswith(f"costs.impact = {ten.cost.value:.3g}  #")


def test_without_a_realised_fit_there_is_one_line(found: Calibration) -> None:
    assert len(settings_lines(found.model_copy(update={"realised": ()}))) == 1


def test_every_size_has_a_row_and_a_size_that_is_not_fitted_no_ratio(found: Calibration) -> None:
    unfitted = found.sizes[-1].model_copy(update={"error": None, "root_ratio": None, "free_ratio": None})
    changed = found.model_copy(update={"sizes": (*found.sizes[:-1], unfitted)})
    rows = tables(changed)[2].rows
    assert len(rows) == len(found.sizes)
    assert all(" ± " in (row[4] or "") for row in rows[:-1])
    assert rows[-1][-2:] == (None, None)
    assert "±" not in (rows[-1][4] or "")


def test_only_what_stands_between_the_marks_is_written(found: Calibration, tmp_path: Path) -> None:
    page = tmp_path / "impact.md"
    page.write_text(f"before\n\n{BEGIN}\nold\n{END}\n\nafter\n")
    written, image = write_impact(page, found)
    text = written.read_text()
    assert text == f"before\n\n{BEGIN}\n\n{impact_section(found)}\n\n{END}\n\nafter\n"
    assert image.read_bytes().startswith(b"\x89PNG")
    write_impact(page, found)
    assert page.read_text() == text


@pytest.mark.parametrize("text", [None, "", f"{BEGIN}\n", f"{END}\n{BEGIN}\n"])
def test_a_page_without_its_marks_is_refused_and_left_alone(
    found: Calibration, tmp_path: Path, text: str | None
) -> None:
    page = tmp_path / "impact.md"
    if text is not None:
        page.write_text(text)
    with pytest.raises(ConfigError, match="CONFIG_INVALID"):
        write_impact(page, found)
    assert [path.name for path in tmp_path.iterdir()] == ([] if text is None else ["impact.md"])
    assert text is None or page.read_text() == text


def test_the_figure_shows_both_laws_over_the_sizes(found: Calibration) -> None:
    axes = impact_figure(found).axes[0]
    legend = axes.get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert f"square root, Y = {found.y.value:.3g}" in labels
    assert f"exponent {found.exponent.value:.2f}" in labels
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_the_numbers_of_the_page_are_those_of_the_command(root: Path, market_data: Path) -> None:
    trades = read_trades(market_data / "BTCUSDT-trades-2024-08-08.parquet")
    book = read_book(market_data / "BTCUSDT-book-top20-1s-2024-08-08.parquet", 20)
    page = (root / "docs/impact.md").read_text()
    assert f"{BEGIN}\n\n{impact_section(calibrate(trades, book))}\n\n{END}" in page
