"""What one player of a path says otherwise than another."""

from __future__ import annotations

import math
from dataclasses import asdict

from tests.support.price_paths import Played, summed


def differences(found: Played, expected: Played) -> list[str]:
    """What differs, each as a sentence; none if every number agrees.

    Exits of one bar are compared as one, since not every player tells them apart.

    Args:
        found: by one player.
        expected: by the other.
    """
    said: list[str] = []
    if found.taken != expected.taken:
        said.append(f"orders of bars {found.taken} were taken, not {expected.taken}")
    one, other = summed(found.fills), summed(expected.fills)
    if [fill[3] for fill in one] != [fill[3] for fill in other]:
        said.append(f"fills {one}, not {other}")
    for fill, wanted in zip(one, other, strict=False):
        if not (fill[0] in (wanted[0], "exit") and _near(fill[1:3], wanted[1:3])):
            said.append(f"fill {fill}, not {wanted}")
    for index, (fields, wanted_fields) in enumerate(zip(found.after, expected.after, strict=True)):
        if not _near(fields, wanted_fields):
            said.append(f"cash, position, equity {fields} after bar {index}, not {wanted_fields}")
    for index, (costs, wanted_costs) in enumerate(zip(found.paid, expected.paid, strict=True)):
        if not _near(costs, wanted_costs):
            said.append(f"fees, funding, spread, slippage {costs} after bar {index}, not {wanted_costs}")
    if len(found.trades) != len(expected.trades):
        said.append(f"{len(found.trades)} trades, not {len(expected.trades)}")
    for trade, wanted_trade in zip(found.trades, expected.trades, strict=False):
        numbers, wanted_numbers = asdict(trade), asdict(wanted_trade)
        if numbers.pop("reason") != wanted_numbers.pop("reason") or not _near(
            tuple(numbers.values()), tuple(wanted_numbers.values())
        ):
            said.append(f"{trade}, not {wanted_trade}")
    if found.halted != expected.halted:
        said.append(f"halted {found.halted}, not {expected.halted}")
    return said


def _near(found: tuple[float, ...], wanted: tuple[float, ...]) -> bool:
    return all(math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6) for one, other in zip(found, wanted, strict=True))
