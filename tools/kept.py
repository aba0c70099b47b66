"""Long runs of many independent parts, each kept as a file when it ends, so that a run that was stopped goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import Any

from trading.canonical import write_atomic

Row = dict[str, Any]


def run_missing(
    parts: Mapping[Path, Callable[[], Row]], line: Callable[[Row], str], *, workers: int, minutes: float = float("inf")
) -> None:
    """Run the parts whose files are not there, print a line of each that ends, and keep it.

    Args:
        parts: what to run, which a process can be sent, by the file of its row; begun in this order.
        line: what is printed of a row.
        workers: processes.
        minutes: no part begins after so many.
    """
    missing = {path: play for path, play in parts.items() if not path.exists()}
    print(f"{len(parts) - len(missing)} of {len(parts)} are kept, {len(missing)} to run", flush=True)
    end, done, waiting = time.monotonic() + 60.0 * minutes, 0, iter(missing.items())
    with ProcessPoolExecutor(workers) as pool:
        running = {pool.submit(play): path for path, play in islice(waiting, workers)}
        while running:
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                path, row = running.pop(future), future.result()
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(path, json.dumps(row, indent=1).encode())
                done += 1
                print(f"{done:4} of {len(missing)}  {line(row)}", flush=True)
            if time.monotonic() < end:
                running |= {pool.submit(play): path for path, play in islice(waiting, len(ended))}
