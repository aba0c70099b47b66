"""Opens a live session: the first model, the account, the venue, and the runner that goes on where the journal ends."""

from __future__ import annotations

from typing import NamedTuple

from trading.codes import ReasonCode
from trading.errors import LiveError, SevengatesError
from trading.live.decider import Decider, caught_up
from trading.live.eligibility import OfferedBundle, Refusal, load_offered, require_allowed
from trading.live.journal.file import Session
from trading.live.journal.journal import Journal
from trading.live.runner import Runner
from trading.live.venues.base import Guarantees, VenueKind
from trading.live.venues.opening import PAPER, open_venue
from trading.live.watch.pointer import ModelSource, Pointer
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

    It starts with the promoted model. If that cannot be loaded, opened, shown the journal's bars or trusted with the
    venue's money, the model that the journal ended with goes on, and the journal says why.

    Args:
        journal: opened, and perhaps never begun.
        models: says which bundle to trade.
        start_ms: bars that open before it only warm the model. None is, for a new journal, the moment the model's
            night was run as of: no bar after it has been seen by anybody.
        max_jump: largest ratio between an open and the close before it.
        venue: where orders go.

    Raises:
        LiveError: ``NO_MODEL``; ``JOURNAL_MISMATCH`` if the journal was begun for another market, start or venue;
            ``PAPER_ONLY`` if no model there is may trade the venue's real money; ``VENUE_INVALID`` if the venue
            promises too little.
        SevengatesError: if the only model there is cannot be used, likewise the errors of :func:`load_offered`.
    """
    first = _first_model(journal, models)
    session = _session_of(journal, first.offered, start_ms, venue.name)
    account = Account(
        symbol=session.symbol,
        interval=session.interval,
        initial_equity=session.initial_equity,
        parameters=first.decider.parameters,
    )
    snapshot = journal.snapshot()
    if snapshot is not None:
        account.restore(snapshot.account)
    opened = open_venue(venue, account)
    try:
        first = _allowed_model(journal, first, opened.guarantees)
        opened.account.use(first.decider.parameters)
        if journal.session() is None:
            journal.begin(session)
        return Runner(journal, first.offered, first.decider, opened, models, max_jump=max_jump, refusal=first.refusal)
    except BaseException:
        opened.close()
        raise


class _FirstModel(NamedTuple):
    """The model a runner starts with, and the promotion that it does not follow."""

    offered: OfferedBundle
    decider: Decider
    refusal: Refusal | None


def _first_model(journal: Journal, models: ModelSource) -> _FirstModel:
    """The promoted model, or, if there is none that can be traded here, the one the journal ended with."""
    wanted: Pointer | None = None
    try:
        wanted = models.current()
        if wanted is not None:
            return _ready_model(journal, wanted, None)
    except SevengatesError as error:
        # Somebody named the wrong journal; to go on would hide it.
        if error.code is ReasonCode.JOURNAL_MISMATCH:
            raise
        return _own_model(journal, Refusal(wanted, error))
    return _own_model(journal, None)


def _allowed_model(journal: Journal, first: _FirstModel, guarantees: Guarantees) -> _FirstModel:
    """The same model if the venue's money may be given to it, else the one the journal ended with, if that may."""
    try:
        require_allowed(first.offered, guarantees)
    except LiveError as error:
        own = _own_model(journal, Refusal(first.offered.pointer, error))
        require_allowed(own.offered, guarantees)
        return own
    return first


def _own_model(journal: Journal, refusal: Refusal | None) -> _FirstModel:
    """The model the journal ended with; if there is none, the refusal stops the start."""
    snapshot = journal.snapshot()
    kept = None if snapshot is None else journal.pointer(snapshot.bundle_digest)
    if kept is not None:
        return _ready_model(journal, kept, refusal)
    if refusal is not None:
        raise refusal.error
    raise LiveError(
        ReasonCode.NO_MODEL,
        "there is no promoted model to trade.",
        remedy="Run `sevengates nightly`, or name a bundle folder with --bundle.",
    )


def _ready_model(journal: Journal, pointer: Pointer, refusal: Refusal | None) -> _FirstModel:
    """A model at work; one that takes over from another is shown every bar, the journal's own is restored later."""
    offered, snapshot = load_offered(pointer, journal.session()), journal.snapshot()
    model = offered.bundle.model
    takes_over = snapshot is not None and snapshot.bundle_digest != pointer.digest
    return _FirstModel(offered, caught_up(model, journal.bars()) if takes_over else Decider(model), refusal)


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
