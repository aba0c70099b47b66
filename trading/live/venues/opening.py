"""The venues by name, the project's own and those that other packages offer by entry point, and how one is opened."""

from __future__ import annotations

from types import MappingProxyType
from typing import cast

from trading.codes import ReasonCode
from trading.errors import ConfigError, LiveError, SevengatesError
from trading.live.venues.base import OpenVenue, Venue, VenueKind
from trading.live.venues.paper import PaperVenue
from trading.plugins import load_plugin, plugin_error, plugin_names
from trading.simulation.accounts import Account

GROUP = "sevengates.venues"
"""Entry points of this group name a callable :data:`trading.live.venues.base.OpenVenue`, for example a class."""

VENUES: MappingProxyType[str, OpenVenue] = MappingProxyType({"paper": PaperVenue})
"""Name to what opens the venue; one row for each of the project's own."""

PAPER = VenueKind("paper", PaperVenue)
_MEMBERS = ("guarantees", "account", "on_bar", "submit", "cancel", "positions", "close")


def venue_names() -> tuple[str, ...]:
    """Every name that ``live.venue`` may have here, sorted; nothing is imported."""
    return tuple(sorted({*VENUES, *plugin_names(GROUP)}))


def find_venue(name: str) -> VenueKind:
    """The venue of a name; one from outside is imported now, and not before.

    Args:
        name: as ``live.venue`` gives it.

    Raises:
        ConfigError: ``VENUE_UNKNOWN``, naming those there are; ``PLUGIN_INVALID`` if what a package offers cannot be
            imported or called, or its name is taken.
    """
    if name in VENUES:
        if name in plugin_names(GROUP):
            raise plugin_error(GROUP, name, "has the name of a built-in venue", "Uninstall or rename it.")
        return VenueKind(name, VENUES[name])
    offered = load_plugin(GROUP, name)
    if offered is None:
        raise ConfigError(
            ReasonCode.VENUE_UNKNOWN,
            f"there is no venue {name!r}; venues here: {', '.join(venue_names())}.",
            remedy=f"Name one of them, or install the package that offers it by the entry point group {GROUP}.",
        )
    if not callable(offered):
        raise plugin_error(GROUP, name, "is nothing that can be called with an account", "Correct its package.")
    return VenueKind(name, cast("OpenVenue", offered))


def open_venue(kind: VenueKind, account: Account) -> Venue:
    """Open a venue on an account, and see that it promises what the runner needs.

    Args:
        kind: from :func:`find_venue`.
        account: new, or as the journal stored it; it is the venue's from now on.

    Raises:
        LiveError: ``VENUE_INVALID``.
    """
    try:
        venue = kind.open(account)
    except SevengatesError:
        raise
    # Somebody else's constructor can end in anything.
    except Exception as error:
        raise _invalid(kind, f"cannot be opened: {type(error).__name__}: {error}") from error
    missing = [name for name in _MEMBERS if not hasattr(venue, name)]
    if missing:
        raise _invalid(kind, f"is no venue: it has no {', '.join(missing)}")
    if not venue.guarantees.idempotent_submit:
        venue.close()
        raise _invalid(kind, "does not promise that the same intent twice is one order, which a restart relies on")
    return venue


def _invalid(kind: VenueKind, what: str) -> LiveError:
    return LiveError(
        ReasonCode.VENUE_INVALID,
        f"venue {kind.name!r} {what}.",
        remedy="Correct the package that offers it, or choose another live.venue.",
    )
