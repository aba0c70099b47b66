"""Tables of rows that have a name: scenarios, checks and gates, one row each and no name twice."""

from __future__ import annotations

from typing import Protocol, TypeVar


class Named(Protocol):
    """A row of a table."""

    @property
    def name(self) -> str: ...


Row = TypeVar("Row", bound=Named)


def by_name(*rows: Row) -> dict[str, Row]:
    """The rows by name, in the order given.

    Args:
        rows: of one table.

    Raises:
        ValueError: if two rows have the same name.
    """
    table: dict[str, Row] = {}
    for row in rows:
        if row.name in table:
            raise ValueError(f"two rows of one table are called {row.name}; give one of them another name")
        table[row.name] = row
    return table
