"""Markdown as every page, card and report writes it: one way to draw a table, a row of it, and a list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Iterable[object]], *, right: Collection[str] = ()) -> str:
    """A table, without a line break at its end.

    Args:
        columns: the headings.
        rows: the cells of each row in the order of the columns; None is an empty cell.
        right: columns whose cells stand to the right, as numbers do.

    >>> print(table(("metric", "value"), [("sharpe", 1.5)], right=["value"]))
    | metric | value |
    |---|---:|
    | sharpe | 1.5 |
    """
    marks = "".join("---:|" if column in right else "---|" for column in columns)
    return "\n".join([table_row(columns), f"|{marks}", *map(table_row, rows)])


def table_row(cells: Iterable[object]) -> str:
    """One row of a table.

    Args:
        cells: what stands in it; a line break or a bar inside a cell cannot break the table.
    """
    return f"| {' | '.join(map(_cell, cells))} |"


def bullets(sentences: Iterable[str]) -> str:
    """A list of sentences.

    Args:
        sentences: one an entry.
    """
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")
