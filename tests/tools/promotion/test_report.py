from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools.promotion import report
from tools.promotion.markets import EDGES, NULLS
from tools.promotion.report import share, tables, with_tables, write_report


def night(
    decision: str = "REJECTED", *, traded: bool = True, failed: tuple[str, ...] = ("performance",)
) -> dict[str, Any]:
    codes = [f"{name}.rule" for name in failed]
    return {"decision": decision, "traded": traded, "sharpe": 1.5, "failed": list(failed), "codes": codes}


def row(kind: str, number: int, *nights: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "number": number, "nights": list(nights), "seconds": 1.0}


def test_no_approval_in_299_nights_is_under_one_per_cent() -> None:
    assert share(0, 299).high < 0.01 < share(0, 298).high
    assert share(0, 0).high == 1.0
    assert share(7, 7).high == 1.0
    assert 0.5 < share(18, 20).low < 0.9


def test_false_approvals_are_counted_of_all_nights_and_of_those_that_traded() -> None:
    kind = next(iter(NULLS))
    rows = [row(kind, n, night(traded=n < 2)) for n in range(4)] + [row(kind, 4, night("APPROVED", failed=()))]
    lines = tables(rows)["false approvals"]
    assert any(line.startswith(f"| {kind} | 5 | 3 | 1 |") and "| 1 |" in line for line in lines)
    assert any(line.startswith("| **all** | 5 | 3 | 1 |") for line in lines)


def test_refusals_count_the_gates_of_nights_that_traded() -> None:
    kind = next(iter(NULLS))
    rows = [row(kind, 0, night(failed=("risk", "drift"))), row(kind, 1, night(traded=False, failed=("risk",)))]
    assert f"| {kind} (1) | 0 | 1 | 0 | 0 | 0 | 1 | 0 |" in tables(rows)["refusals"]


def test_power_counts_markets_approved_on_the_first_night_and_within_all() -> None:
    kind = list(EDGES)[-1]
    rows = [
        row(kind, 0, night("APPROVED", failed=())),
        row(kind, 1, night(), night("APPROVED", failed=())),
        row(kind, 2, *[night(failed=("risk",))] * 5),
    ]
    (line,) = [line for line in tables(rows)["power"] if line.startswith(f"| {kind} |")]
    assert line.startswith(f"| {kind} | 3 | 1 | 2 |")
    assert line.endswith("| 1.50 | risk.rule 1 |")


def test_the_page_keeps_its_words_and_gets_new_tables(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    page = Path(report.__file__).parents[2] / "docs" / report.PAGE
    (tmp_path / report.PAGE).write_text(page.read_text())
    rows = [row(kind, 0, night()) for kind in (*NULLS, *EDGES)]
    write_report(rows, tmp_path)
    first = (tmp_path / report.PAGE).read_text()
    assert "| **all** | 6 | 6 | 0 |" in first
    assert (tmp_path / report.FIGURE).read_bytes().startswith(b"<?xml")
    figure = (tmp_path / report.FIGURE).read_bytes()
    write_report(rows, tmp_path)
    assert (tmp_path / report.PAGE).read_text() == first
    assert (tmp_path / report.FIGURE).read_bytes() == figure


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the marks <!-- power -->"):
        with_tables("nothing here", {"power": []})
