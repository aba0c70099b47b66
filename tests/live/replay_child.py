"""A runner in a process of its own, to be killed: ``python -m tests.live.replay_child JOURNAL BUNDLE START DAYS``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.live.support import pointer_to, trade
from tests.support import small_bars
from trading.live.runner import Tick
from trading.live.watch.pointer import FixedModel
from trading.model.bundle import load_bundle


def main(journal: str, bundle: str, start: str, days: str) -> None:
    def tell(tick: Tick) -> None:
        if not tick.warming:
            print(tick.ts, flush=True)

    trade(Path(journal), FixedModel(pointer_to(load_bundle(Path(bundle)))), small_bars(int(days)), int(start), tell)


if __name__ == "__main__":
    main(*sys.argv[1:])
