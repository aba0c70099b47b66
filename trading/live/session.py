"""Opens a live session: the first model, the account, the venue, and the runner that goes on where the journal ends."""

from __future__ import annotations

from trading.codes import ReasonCode
from trading.errors import LiveError
from trading.live.decider import Decider
from trading.live.eligibility import OfferedBundle, require_allowed, starting_bundle
from trading.live.journal.file import Session
from trading.live.journal.journal import Journal
from trading.live.runner import Runner
from trading.live.venues.base import VenueKind
from trading.live.venues.opening import PAPER, open_venue
from trading.live.watch.pointer import ModelSource
from trading.simulation.accounts import Account


def open_runner(
    journal: Journal,
    models: ModelSource,
    *,
    start_ms: int | None = None,
    max_jump: float | None = None,
    venue: VenueKind = PAPER,
) -> Runner:
    """The runner of a journal, new or old; whoever opens it closes it.

    Args:
        journal: opened, and perhaps never begun.
        models: says which bundle to trade.
        start_ms: bars that open before it only warm the model. None is, for a new journal, the moment the model's
            night was run as of: no bar after it has been seen by anybody.
        max_jump: largest ratio between an open and the close before it.
        venue: where orders go.

    Raises:
        LiveError: ``NO_MODEL``; ``JOURNAL_MISMATCH`` if the journal was begun for another market, start or venue;
            ``PAPER_ONLY`` if the model may not trade the venue's real money; ``VENUE_INVALID`` if the venue promises
            too little.
        RegistryError: if the only model there is does not verify.
    """
    offered = starting_bundle(journal, models)
    session = _session_of(journal, offered, start_ms, venue.name)
    decider = Decider(offered.bundle.model)
    account = Account(
        symbol=session.symbol,
        interval=session.interval,
        initial_equity=session.initial_equity,
        parameters=decider.parameters,
    )
    snapshot = journal.snapshot()
    if snapshot is not None:
        account.restore(snapshot.account)
    opened = open_venue(venue, account)
    try:
        require_allowed(offered.bundle, opened.guarantees)
        if journal.session() is None:
            journal.begin(session)
        return Runner(journal, offered, decider, opened, models, max_jump=max_jump)
    except BaseException:
        opened.close()
        raise


def _session_of(journal: Journal, offered: OfferedBundle, start_ms: int | None, venue: str) -> Session:
    """What the journal is about, or will be; refused if it is not what was asked for."""
    spec = offered.bundle.model.spec
    known = journal.session()
    if known is None:
        return Session(
            symbol=spec.symbol,
            interval=spec.interval,
            start_ms=offered.bundle.lineage.as_of_ms if start_ms is None else start_ms,
            initial_equity=spec.limits.initial_equity,
            venue=venue,
        )
    if start_ms is not None and known.start_ms != start_ms:
        raise LiveError(
            ReasonCode.JOURNAL_MISMATCH,
            f"{journal.path} was begun to trade from {known.start_ms}, not from {start_ms}.",
            remedy="Leave the start out to go on where the journal ends, or name another journal with --journal.",
        )
    if known.venue != venue:
        raise LiveError(
            ReasonCode.JOURNAL_MISMATCH,
            f"{journal.path} holds the account of venue {known.venue!r}, not of {venue!r}.",
            remedy="Set live.venue back, or name another journal with --journal.",
        )
    return known
