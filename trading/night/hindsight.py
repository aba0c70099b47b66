"""What was in Production at the moment of a night, told from the ledger as it is now."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trading.registry.entries import ENTRY_ACTIONS, Entry


def production_as_of(history: Sequence[Entry], as_of_ms: int, moment_of: Callable[[Entry], int]) -> Entry | None:
    """The entry that had put a version into Production before any version of a later moment was known.

    A ledger says in which order entries were written, and a night of the past may be run when there are later ones. A
    version that was made as of a later moment is passed over with everything that was done to it, so the night meets
    the champion that it would have met then.

    Args:
        history: entries of one model, oldest first.
        as_of_ms: moment of the night, UTC milliseconds.
        moment_of: moment of the night that made an entry's version, UTC milliseconds.
    """
    entries = [entry for entry in history if entry.changes_production]
    while entries:
        last = entries[-1]
        if moment_of(last) <= as_of_ms:
            return last if last.action in ENTRY_ACTIONS else None
        entries = [entry for entry in entries if entry.version != last.version]
    return None
