"""Plants every leak of the corpus, looks for each by the checks of a night, and writes what was found.

Run as ``python -m tools.leakage``; it writes the tables of ``docs/leakage.md``. Honest candidates on real markets need
the market data folder.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tools.isolation import MARKET_DATA, ROOT, isolate
from trading.canonical import write_atomic
from trading.markdown import table

if TYPE_CHECKING:
    from tests.support.leaks import Case

PAGE = ROOT / "docs" / "leakage.md"
BEGIN, END = "<!-- leakage: begin -->", "<!-- leakage: end -->"

Found = list[tuple[str, list[str]]]
"""What refused each case, by the case's name."""


def measure(cases: Iterable[Case]) -> Found:
    """Look at every case and say how it goes.

    Args:
        cases: of the corpus.
    """
    from tests.support.leaks import found_in

    found: Found = []
    for case in cases:
        found.append((case.name, found_in(case)))
        print(f"{case.name}: {', '.join(found[-1][1]) or 'nothing found'}", flush=True)
    return found


def section(leaks: Found, honest: Found) -> str:
    """The tables of the page.

    Args:
        leaks: of the planted leaks.
        honest: of the honest candidates.
    """
    caught, alarms = sum(bool(rules) for _, rules in leaks), sum(bool(rules) for _, rules in honest)
    return "\n\n".join(
        [
            f"**{caught} of {len(leaks)} planted leaks are found; {alarms} of {len(honest)} honest candidates are "
            "refused.**",
            table(("planted leak", "refused by"), ((name, _rules(rules)) for name, rules in leaks)),
            table(("honest candidate", "refused by"), ((name, _rules(rules)) for name, rules in honest)),
        ]
    )


def main() -> int:
    """Measure and write the page; 1 if a leak was missed or an honest candidate refused, 2 without market data."""
    isolate()
    warnings.simplefilter("ignore")
    from tests.support.leaks import HONEST, LEAKS, honest_on_real_bars

    data = os.environ.get(MARKET_DATA)
    if not data:
        print(f"Set {MARKET_DATA} to the market data folder: honest candidates are looked at on real bars too.")
        return 2
    leaks, honest = measure(LEAKS), measure((*HONEST, *honest_on_real_bars(Path(data))))
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{PAGE} lacks the lines {BEGIN} and {END}.")
    write_atomic(PAGE, f"{before}{BEGIN}\n\n{section(leaks, honest)}\n\n{END}{after}".encode())
    return 0 if all(rules for _, rules in leaks) and not any(rules for _, rules in honest) else 1


def _rules(rules: list[str]) -> str:
    return ", ".join(f"`{rule}`" for rule in rules) or "-"


if __name__ == "__main__":
    raise SystemExit(main())
