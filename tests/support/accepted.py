"""Accepted behaviour: files of numbers that tests compare with, which change with the reason why or not at all.

A file says what is run, what was measured, and in ``changes`` every time the numbers were accepted: after which
release, for which reason, and how many numbers of each top-level place were others than before. The newest change names
the numbers by their digest, so a number that is edited without a reason is refused.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from trading.canonical import digest_of

ROOT = Path(__file__).resolve().parents[2]
CHANGES, MEASURED = "changes", "measured"

Difference = dict[str, tuple[str, str]]
"""Places of numbers, each with what was accepted and what was found."""


class Target(NamedTuple):
    """Something whose behaviour is accepted.

    Attributes:
        path: of its file.
        measure: measures it now.
    """

    path: Path
    measure: Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Accepted:
    """A file of accepted behaviour.

    Attributes:
        about: what is run, in the words of whoever runs it.
        changes: every acceptance, the oldest first; empty before the first.
        measured: what was accepted last.
    """

    about: dict[str, Any]
    changes: tuple[dict[str, Any], ...]
    measured: dict[str, Any]


def read_accepted(path: Path) -> Accepted:
    """Read a file of accepted behaviour.

    Args:
        path: of the file.

    Raises:
        ValueError: if its numbers are not those that the newest change accepted, or a change has no reason.
    """
    content = json.loads(path.read_text())
    changes, measured = tuple(content.pop(CHANGES, ())), content.pop(MEASURED, {})
    for number, change in enumerate(changes, start=1):
        if not str(change.get("reason", "")).strip():
            raise ValueError(f"{path.name}: change {number} has no reason")
    accepted = changes[-1].get("digest") if changes else None
    if accepted != (digest_of(measured) if measured else None):
        raise ValueError(
            f"{path.name}: its numbers were changed without a reason. Put them back; "
            'make golden REASON="why they change" accepts new ones'
        )
    return Accepted(content, changes, measured)


def differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Difference:
    """Every number that differs to the last bit, by its place.

    Args:
        expected: what was accepted.
        found: what was measured now.
    """
    before, now = dict(leaves(expected)), dict(leaves(found))
    places = [*before, *(place for place in now if place not in before)]
    pairs = {place: (before.get(place, "nothing"), now.get(place, "nothing")) for place in places}
    return {place: pair for place, pair in pairs.items() if pair[0] != pair[1]}


def accept(path: Path, found: Mapping[str, Any], *, reason: str, after_release: str) -> bool:
    """Accept what was measured now; a file whose numbers are the same is not touched.

    Args:
        path: of the file, which says at least what is run.
        found: what was measured now.
        reason: why the numbers changed.
        after_release: the newest release at this time.

    Returns:
        Whether a number had changed.

    Raises:
        ValueError: if there is no reason, or the file is not in order as it is.
    """
    if not reason.strip():
        raise ValueError(f"{path.name}: a change of behaviour needs a reason")
    before = read_accepted(path)
    changed = differences(before.measured, found)
    if not changed:
        return False
    change = {
        "after_release": after_release,
        "reason": reason.strip(),
        "what": top_places(changed),
        "digest": digest_of(dict(found)),
    }
    content = {**before.about, CHANGES: [*before.changes, change], MEASURED: found}
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    return True


def top_places(changed: Difference) -> dict[str, int]:
    """How many numbers differ under each top-level place.

    Args:
        changed: see :func:`differences`.
    """
    return dict(sorted(Counter(place.split("/")[1] for place in changed).items()))


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every value under its place; numbers in hexadecimal, so that equal means equal to the last bit.

    Args:
        value: of mappings, sequences, numbers and text.
        place: of the value itself.
    """
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from leaves(item, f"{place}/{name}")
    elif isinstance(value, list | tuple):
        yield f"{place}/length", str(len(value))
        for number, item in enumerate(value):
            yield from leaves(item, f"{place}/{number}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place, float(value).hex()
    else:
        yield place, repr(value)


def newest_release() -> str:
    """The version that ``pyproject.toml`` names."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
