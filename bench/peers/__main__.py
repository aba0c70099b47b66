"""Run one peer in its own Python: ``python -m bench.peers NAME asked.npz found.json ROUNDS``."""

from __future__ import annotations

import json
import statistics
import sys
import time
from importlib import import_module
from pathlib import Path

from bench.peers.asked import read_asked


def main(name: str, asked_file: str, found_file: str, rounds: int) -> None:
    """Ask a peer for its trades, so many times.

    Args:
        name: of the adapter, a module of this package.
        asked_file: what is asked.
        found_file: where the version, the trades, and the seconds of the simulation alone are written as JSON.
        rounds: how many times it is timed; the first run, which may compile, is not.
    """
    peer = import_module(f"bench.peers.{name}")
    asked = read_asked(Path(asked_file))
    found = peer.trades(asked, peer.simulate(peer.prepare(asked)))
    seconds = []
    for _ in range(rounds):
        prepared = peer.prepare(asked)
        began = time.perf_counter()
        peer.simulate(prepared)
        seconds.append(time.perf_counter() - began)
    content = {
        "package": peer.PACKAGE,
        "version": peer.version(),
        "seconds": statistics.median(seconds) if seconds else None,
        "trades": found,
    }
    Path(found_file).write_text(json.dumps(content))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
