from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trading.markdown import bullets, table, table_row


def test_a_table_has_headings_marks_and_one_line_a_row() -> None:
    drawn = table(("gate", "observed"), [("risk", 0.5), ("drift", None)], right=("observed",))
    assert drawn.splitlines() == ["| gate | observed |", "|---|---:|", "| risk | 0.5 |", "| drift |  |"]


@given(st.lists(st.text(alphabet=st.sampled_from("ab|\\\n ")), min_size=1, max_size=4))
def test_no_cell_can_break_its_row(cells: list[str]) -> None:
    row = table_row(cells)
    assert "\n" not in row
    assert row.replace("\\|", "").count("|") == len(cells) + 1


def test_a_list_has_one_line_a_sentence() -> None:
    assert bullets(["One.", "Two."]) == "- One.\n- Two."
