"""A feed: where the runner's bars come from, one row at a time and not checked yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol


class FeedRow(NamedTuple):
    """One bar as it came, not checked.

    Attributes:
        place: where it stood in its source, for people.
        values: ``ts, open, high, low, close, volume`` if the row is whole, and the funding if it is known: the share
            of notional that longs owe at this bar, or, where bars are joined, at the joined bar it is the first of.
            What is owed stands in one row; one that repeats the row before is not charged again.
    """

    place: str
    values: tuple[object, ...]


class Feed(Protocol):
    """Where bars come from. Asked again after a crash it may send bars that the journal has; they are skipped.

    Attributes:
        symbol: the market.
        interval: milliseconds of the bars it sends.
    """

    @property
    def symbol(self) -> str: ...
    @property
    def interval(self) -> int: ...
    def rows(self) -> Iterator[FeedRow]:
        """The bars, oldest first."""
        ...
