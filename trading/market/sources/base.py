"""What a source of bars is, whichever kind: the protocol that every kind keeps, and how a kind is described."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from trading.codes import ReasonCode
from trading.market.raw import RawBars
from trading.settings.models import MarketSpec

DATA_FAULTS = (ReasonCode.BARS_SCHEMA, ReasonCode.SOURCE_UNREADABLE)
"""Codes by which :meth:`Source.read` says that the data are damaged; they go to quarantine, other errors do not."""


@runtime_checkable
class Source(Protocol):
    """The bars of one symbol, wherever they come from.

    A source is opened for one use, and opening reads nothing. What it has read once it keeps, so that its identity,
    its end and its bars are of the same data even if a file changes meanwhile.
    """

    @property
    def name(self) -> str:
        """What messages and reports call the source: a file's name, never its folder."""
        ...

    @property
    def path(self) -> Path | None:
        """The file that goes to quarantine if its bars breach the contract; None if there is no single file."""
        ...

    def identity(self) -> str:
        """SHA-256, as 64 hexadecimal digits, of everything that the bars follow from.

        The same identity and the same moment are the same night, which is run once.

        Raises:
            DataError: ``SOURCE_MISSING``, or ``SOURCE_UNREADABLE`` if it may not be read.
        """
        ...

    def label(self, identity: str) -> str:
        """The source as a model's lineage names it, without a path or anything else in which two machines differ.

        Args:
            identity: what :meth:`identity` gave for the data that the model was made from.
        """
        ...

    def end_ms(self) -> int | None:
        """The moment a night is run as of when none is given, UTC milliseconds: where the last bar closes.

        None if the data are damaged so that no time can be read; :meth:`read` then says what is wrong.

        Raises:
            DataError: as :meth:`identity`.
        """
        ...

    def replay_end_ms(self, start_ms: int) -> int | None:
        """Where a replay ends when no end is given, UTC milliseconds; None is the end of the data.

        Args:
            start_ms: where the replay starts to trade.
        """
        ...

    def read(self, until_ms: int | None) -> RawBars:
        """The bars that had closed at a moment, in the order of the source, neither repaired nor checked.

        What comes later must change nothing, so that a night of the past sees what it saw then.

        Args:
            until_ms: no bar closes later than this, UTC milliseconds; None is everything there is.

        Raises:
            DataError: with a code of :data:`DATA_FAULTS` if the data cannot be read.
        """
        ...


class OpenSource(Protocol):
    """Opens a source; a class whose constructor takes these arguments is one."""

    def __call__(self, target: str, *, symbol: str, spec: MarketSpec) -> Source:
        """A source that has read nothing yet.

        Args:
            target: what stands after ``kind:`` in ``market.source``, for example a path.
            symbol: the market; ``{symbol}`` in a path stands for it.
            spec: the traded interval, and how repairs are to be made.
        """
        ...


@dataclass(frozen=True)
class SourceKind:
    """A row of the table of kinds.

    Attributes:
        open: opens a source of this kind.
        target: what stands after ``kind:``, for people.
        endings: of file names, in lower case, that name the kind without a prefix.
    """

    open: OpenSource
    target: str = "PATH"
    endings: tuple[str, ...] = ()
