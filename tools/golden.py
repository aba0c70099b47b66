"""Shows where behaviour differs from what was accepted, and accepts it if a reason is given.

Run as ``python -m tools.golden --reason "..."`` by ``make golden``; without a reason nothing is written. What is
compared are the golden nights, the golden scenarios, and what the bundles and journals of release 0.1 trade today.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tools.isolation import MARKET_DATA, isolate

if TYPE_CHECKING:
    from tests.support.accepted import Target

SHOWN = 8
"""Places that are listed of one target; its file in git shows all of them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare the targets, and accept what differs if there is a reason.

    Args:
        arguments: of the command line, without the program; None takes those of this process.

    Returns:
        0 if nothing differs or everything was accepted, 1 if something differs and there is no reason, 2 if a target
        cannot be compared.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.golden", description=__doc__)
    parser.add_argument("--reason", default="", help="why behaviour changed; empty accepts nothing")
    parser.add_argument("names", nargs="*", help="targets, all of them by default; nights, scenarios: those alone")
    given = parser.parse_args(arguments)
    isolate()
    # Libraries read their environment when they are imported.
    from tests.support.golden_targets import MarketDataError, chosen_targets

    folder = os.environ.get(MARKET_DATA)
    try:
        targets = chosen_targets(given.names, Path(folder) if folder else None)
    except (MarketDataError, KeyError) as error:
        print(error.args[0], file=sys.stderr)
        return 2
    return compare(targets, reason=given.reason)


def compare(targets: Mapping[str, Target], *, reason: str) -> int:
    """Print what differs, target after target, and accept it if there is a reason.

    Args:
        targets: by name.
        reason: why behaviour changed; blank accepts nothing.

    Returns:
        As :func:`main`.
    """
    from tests.support.accepted import accept, differences, newest_release, read_accepted, top_places

    differing = 0
    for name, target in targets.items():
        try:
            accepted = read_accepted(target.path).measured
        except ValueError as error:
            print(error, file=sys.stderr)
            return 2
        found = target.measure()
        changed = differences(accepted, found)
        if not changed:
            print(f"{name}: as accepted", flush=True)
            continue
        differing += 1
        counts = ", ".join(f"{place} {count}" for place, count in top_places(changed).items())
        print(f"{name}: {len(changed)} numbers differ: {counts}")
        for place, (before, now) in list(changed.items())[:SHOWN]:
            print(f"  {place}: {_decimal(before)} -> {_decimal(now)}")
        if reason.strip():
            accept(target.path, found, reason=reason, after_release=newest_release())
            print(f"  accepted in {target.path}", flush=True)
    if differing and not reason.strip():
        print('Nothing was accepted. If it is meant to differ: make golden REASON="why"', file=sys.stderr)
        return 1
    return 0


def _decimal(leaf: str) -> str:
    """A number as people read it; what is none stays as it is."""
    return repr(float.fromhex(leaf)) if leaf.startswith(("0x", "-0x")) else leaf


if __name__ == "__main__":
    sys.exit(main())
