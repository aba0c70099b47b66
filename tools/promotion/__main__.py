"""Runs the nights of the campaign that are not there yet, and writes ``docs/promotion.md`` with its figure.

Run by ``make campaign-promotion``. Each night is kept as a file of its own under ``var/promotion``, in a folder of
the code that made it, so a campaign that was stopped goes on, and one of other code begins anew.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from tools.isolation import MARKET_DATA, isolate
from tools.kept import run_missing
from tools.promotion.report import write_report

ROOT = Path(__file__).resolve().parents[2]
REAL = "BTCUSDT-1h-2017-2022.parquet"
NULL_NIGHTS, EDGE_MARKETS = 50, 10


def main(arguments: list[str] | None = None) -> int:
    """Run what is missing, then write the report of what is there.

    Args:
        arguments: of the command line; None takes those of this process.

    Returns:
        0; 2 if the market data folder is not named.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.promotion", description=__doc__)
    parser.add_argument("--workers", type=int, default=2, help="nights at a time")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no night after so many")
    parser.add_argument("--nulls", type=int, default=NULL_NIGHTS, help="nights of each kind without an edge")
    parser.add_argument("--edges", type=int, default=EDGE_MARKETS, help="markets of each edge")
    parser.add_argument("--report", action="store_true", help="run nothing, write the report of what is there")
    given = parser.parse_args(arguments)
    isolate()
    folder = os.environ.get(MARKET_DATA)
    if not folder:
        print(f"Nothing says where the market data lies. Set {MARKET_DATA} to the folder with {REAL}.", file=sys.stderr)
        return 2
    from tools.promotion.markets import EDGES, NULLS
    from trading.night.plan import code_version

    kept = ROOT / "var" / "promotion" / code_version()[:12]
    wanted = [(kind, number) for number in range(given.nulls) for kind in NULLS]
    wanted += [(kind, number) for number in range(given.edges) for kind in EDGES]
    if not given.report:
        nights = {_file(kept, *one): partial(_play, *one, Path(folder) / REAL) for one in wanted}
        run_missing(nights, _line, workers=given.workers, minutes=given.minutes)
    rows = [json.loads(path.read_text()) for path in sorted(kept.glob("*.json"))]
    write_report(rows, ROOT / "docs")
    return 0


def _line(row: dict[str, Any]) -> str:
    last = row["nights"][-1]
    traded = "traded" if last["traded"] else "no trade"
    return (
        f"{row['kind']:22} {row['number']:3}  {last['decision']:8} {traded:8} {row['seconds']:6.1f} s  "
        f"{', '.join(last['failed'])}"
    )


def _file(kept: Path, kind: str, number: int) -> Path:
    return kept / f"{kind.replace(' ', '-').replace(',', '').replace('(', '').replace(')', '')}-{number}.json"


def _play(kind: str, number: int, real: Path) -> dict[str, Any]:
    # One core for each night: the other one has a night of its own.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from tools.promotion.nights import played
    from trading.market.load import load_bars
    from trading.settings.models import MarketSpec

    with tempfile.TemporaryDirectory() as quarantine:
        spec = MarketSpec(source=str(real), symbols=("BTCUSDT",), history_bars=200_000)
        bars = load_bars(spec, "BTCUSDT", 4_102_444_800_000, Path(quarantine)).bars
    return played(kind, number, bars)


if __name__ == "__main__":
    sys.exit(main())
