"""Everything whose behaviour is accepted by hand, by name: what ``make golden`` compares and records."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.support import golden, release_0_1, release_0_1_now, scenarios
from tests.support.accepted import Target

RELEASE = "release-0.1"
GROUPS = {"nights": golden.NIGHTS, "scenarios": scenarios.SCENARIOS, RELEASE: (RELEASE,)}


class MarketDataError(Exception):
    """A night trades a file of the market data folder, and nothing says where that is."""


def chosen_targets(names: Sequence[str], market_data: Path | None) -> dict[str, Target]:
    """The targets of some names, quick ones first.

    Args:
        names: of targets or groups of them; none are all.
        market_data: the market data folder, or None.

    Raises:
        KeyError: if a name is of neither.
        MarketDataError: if a night needs the folder.
    """
    known = {member: [member] for members in GROUPS.values() for member in members}
    known |= {group: list(members) for group, members in GROUPS.items()}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise KeyError(f"No target {', '.join(unknown)}. There are: {', '.join(known)}")
    wanted = {member for name in (names or GROUPS) for member in known[name]}
    targets = {RELEASE: Target(release_0_1.CHANGES, release_0_1_now.measured)}
    targets |= {
        name: Target(scenarios.file_of(name), partial(scenarios.measured_scenario, name))
        for name in scenarios.SCENARIOS
    }
    targets |= {name: Target(golden.file_of(name), partial(_night, name, market_data)) for name in golden.NIGHTS}
    missing = [name for name in golden.NIGHTS if name in wanted and market_data is None and golden.of_market_data(name)]
    if missing:
        raise MarketDataError(
            f"{', '.join(missing)}: nothing says where the market data lies. Set SEVENGATES_MARKET_DATA, or name what "
            f"to compare with ONLY=, for example ONLY='{RELEASE} scenarios sim-small'"
        )
    return {name: target for name, target in targets.items() if name in wanted}


def _night(name: str, market_data: Path | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as home:
        folder = market_data if golden.of_market_data(name) else None
        return golden.measured_night(name, Path(home), folder)
