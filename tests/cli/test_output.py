from __future__ import annotations

import gc

import pytest

from trading.cli.context import without_collection
from trading.cli.output import MOST_WRAPPED_ROWS, print_branch, print_table


def test_a_long_table_has_one_line_a_row_and_loses_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(number, "a", "why\n" + "x" * 300) for number in range(MOST_WRAPPED_ROWS + 1)]
    print_table(("version", "tag", "reason"), rows, title="Versions")
    title, heading, *lines = capsys.readouterr().out.splitlines()
    assert (title, heading) == ("Versions", "version  tag  reason")
    assert lines[7] == f"7        a    why {'x' * 300}"
    assert len(lines) == len(rows)


def test_a_short_table_is_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("version", "reason"), [(1, "x" * 300)])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 140


def test_a_branch_hangs_each_item_on_the_one_before(capsys: pytest.CaptureFixture[str]) -> None:
    print_branch([("two", {"night": "b", "data": "c"}), ("one", {"night": "a"})])
    assert capsys.readouterr().out.splitlines() == [
        "two",
        "├── night: b",
        "├── data: c",
        "└── parent: one",
        "    └── night: a",
    ]


def test_garbage_is_collected_again_afterwards_even_after_an_error() -> None:
    def fail() -> None:
        assert not gc.isenabled()
        raise KeyError("why")

    with pytest.raises(KeyError, match="why"), without_collection():
        fail()
    assert gc.isenabled()
