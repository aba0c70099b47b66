"""Opens a live session: the first model, the journal, and the runner that goes on where the journal ends."""

from __future__ import annotations

from trading.codes import ReasonCode
from trading.errors import LiveError, RegistryError
from trading.live.journal.file import Session
from trading.live.journal.journal import Journal
from trading.live.runner import Runner, verified
from trading.live.venues.paper import Venue
from trading.live.watch.pointer import ModelSource, Pointer
from trading.model.bundle import Bundle


def open_runner(
    journal: Journal,
    models: ModelSource,
    *,
    start_ms: int | None = None,
    max_jump: float | None = None,
    venue: Venue | None = None,
) -> Runner:
    """The runner of a journal, new or old.

    Args:
        journal: opened, and perhaps never begun.
        models: says which bundle to trade.
        start_ms: bars that open before it only warm the model. None is, for a new journal, the moment the model's
            night was run as of: no bar after it has been seen by anybody.
        max_jump: largest ratio between an open and the close before it.
        venue: where orders go; None is paper.

    Raises:
        LiveError: ``NO_MODEL``, or ``JOURNAL_MISMATCH`` if the journal was begun for another market or start.
        RegistryError: if the only model there is does not verify.
    """
    pointer, bundle = starting_model(journal, models)
    spec = bundle.model.spec
    begin = bundle.lineage.as_of_ms if start_ms is None else start_ms
    journal.begin(Session(spec.symbol, spec.interval, begin, spec.limits.initial_equity))
    session = journal.session()
    assert session is not None
    if start_ms is not None and session.start_ms != start_ms:
        raise LiveError(
            ReasonCode.JOURNAL_MISMATCH,
            f"{journal.path} was begun to trade from {session.start_ms}, not from {start_ms}.",
            remedy="Leave the start out to go on where the journal ends, or name another journal with --journal.",
        )
    return Runner(journal, pointer, bundle, models, venue=venue, max_jump=max_jump)


def starting_model(journal: Journal, models: ModelSource) -> tuple[Pointer, Bundle]:
    """The model that is promoted now, or, if there is none that verifies, the one the journal ended with.

    Raises:
        LiveError: ``NO_MODEL`` if there is neither; ``JOURNAL_MISMATCH`` if it trades another market.
        RegistryError: if the promoted one does not verify and the journal knows no other.
    """
    session, snapshot = journal.session(), journal.snapshot()
    kept = None if snapshot is None else journal.pointer(snapshot.bundle)
    try:
        offered = models.current()
        if offered is not None:
            return offered, verified(offered, session)
    except RegistryError:
        # The runner asks again before its first bar and writes this refusal down.
        if kept is None:
            raise
    if kept is None:
        raise LiveError(
            ReasonCode.NO_MODEL,
            "there is no promoted model to trade.",
            remedy="Run `sevengates nightly`, or name a bundle folder with --bundle.",
        )
    return kept, verified(kept, session)
