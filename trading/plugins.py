"""Finds what other packages add to the platform by entry point; nothing of theirs is imported before it is named."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from trading.codes import ReasonCode
from trading.errors import ConfigError


def plugin_names(group: str) -> tuple[str, ...]:
    """The names that installed packages offer in a group of entry points, sorted; none of them is imported.

    Args:
        group: for example ``sevengates.sources``.
    """
    return tuple(sorted(entry_points(group=group).names))


def load_plugin(group: str, name: str) -> Any:
    """What an installed package offers under a name, imported now.

    Args:
        group: of entry points, for example ``sevengates.sources``.
        name: of one entry point.

    Returns:
        The object that the entry point names, or None if no package offers the name.

    Raises:
        ConfigError: ``PLUGIN_INVALID`` if two packages offer the name, or it cannot be imported.
    """
    points = tuple(entry_points(group=group, name=name))
    if len(points) > 1:
        raise plugin_error(
            group,
            name,
            f"is offered by {len(points)} packages: {', '.join(sorted(map(_package, points)))}",
            "Uninstall all but one of them.",
        )
    if not points:
        return None
    try:
        return points[0].load()
    except Exception as error:
        raise plugin_error(
            group,
            name,
            f"of {_package(points[0])} cannot be imported from {points[0].value}: {type(error).__name__}: {error}",
            "Correct the package or its entry point, or uninstall it.",
        ) from error


def plugin_error(group: str, name: str, what: str, remedy: str) -> ConfigError:
    """An error about what another package added.

    Args:
        group: of the entry point.
        name: of the entry point.
        what: is wrong with it, to be read after its name.
        remedy: what the user can do.
    """
    return ConfigError(
        ReasonCode.PLUGIN_INVALID, f"entry point {name!r} in {group} {what}.", remedy=remedy, group=group, plugin=name
    )


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "a package without a name"
