"""Which bundle may trade a session: verified, of its market, approved, and allowed on its venue."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from trading.codes import ReasonCode
from trading.engines.table import open_engine
from trading.errors import LiveError, RegistryError, SevengatesError
from trading.live.journal.file import Session
from trading.live.venues.base import Guarantees
from trading.live.watch.pointer import Pointer
from trading.model.bundle import Bundle, load_bundle


class OfferedBundle(NamedTuple):
    """A verified bundle, and what named it."""

    pointer: Pointer
    bundle: Bundle


class Refusal(NamedTuple):
    """A promotion that is not followed here.

    Attributes:
        wanted: what was promoted; None if what should name it is damaged.
        error: why not.
    """

    wanted: Pointer | None
    error: SevengatesError


def load_offered(pointer: Pointer, session: Session | None) -> OfferedBundle:
    """Load a bundle, checking every byte, that it trades the session's market, was approved, and has its engine here.

    A bundle without a version was named for study on paper; then its verdict is only shown. A version that was not
    approved trades if an operator's override put it into Production despite its gates.

    Args:
        pointer: names the bundle.
        session: of the journal; None if it was never begun.

    Raises:
        RegistryError: if it does not verify, is a registered version that was not approved, or its engine is not
            installed or other code.
        ConfigError: if the package of its engine cannot be imported.
        EngineError: if its engine cannot be opened.
        LiveError: ``JOURNAL_MISMATCH`` if it trades another market.
    """
    bundle = load_bundle(Path(pointer.folder), expected_digest=pointer.digest)
    spec = bundle.model.spec
    if session is not None and (spec.symbol, spec.interval) != (session.symbol, session.interval):
        raise LiveError(
            ReasonCode.JOURNAL_MISMATCH,
            f"bundle {pointer.digest[:12]} trades {spec.symbol} at {spec.interval // 1000} s, the journal belongs to "
            f"{session.symbol} at {session.interval // 1000} s.",
            remedy="Name another journal with --journal.",
        )
    if pointer.version is not None and not bundle.approved and not pointer.despite_gates:
        raise RegistryError(
            ReasonCode.MODEL_NOT_APPROVED,
            f"version {pointer.version} has the verdict {bundle.decision}.",
            remedy="Promote an approved version.",
        )
    open_engine(bundle.model)
    return OfferedBundle(pointer, bundle)


def require_allowed(offered: OfferedBundle, guarantees: Guarantees) -> None:
    """Refuse real money to a bundle whose verdict does not allow it, or that an override put into Production.

    Args:
        offered: verified, and what named it.
        guarantees: of the venue.

    Raises:
        LiveError: ``PAPER_ONLY``.
    """
    pointer, bundle = offered
    why = "" if bundle.approved else f"has the verdict {bundle.decision}"
    if bundle.approved and bundle.paper_only:
        why = "was approved for paper trading only"
    elif pointer.override:
        why = f"is {pointer.override}"
    if guarantees.money == "paper" or not why:
        return
    raise LiveError(
        ReasonCode.PAPER_ONLY,
        f"bundle {bundle.digest[:12]} {why}, and the venue trades real money.",
        remedy="Trade it with live.venue = 'paper', or promote a version that is approved for real money.",
    )
