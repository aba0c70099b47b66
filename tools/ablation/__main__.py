"""Trains the fresh markets that are not kept yet, and writes the tables of ``docs/training.md``.

Run by ``make campaign-training``. Each night is kept as a file of its own under ``var/ablation``, in a folder of the
code that made it, so a run that was stopped goes on, and one of other code begins anew.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from tools.ablation.report import write_report
from tools.ablation.variants import AS_IT_IS, AS_OF, MARKETS, SYMBOL, VARIANTS, settings_of
from tools.isolation import isolate
from tools.kept import run_missing

ROOT = Path(__file__).resolve().parents[2]
SEEDS = 16


def main(arguments: list[str] | None = None) -> int:
    """Run what is missing, then write the report of what is there.

    Args:
        arguments: of the command line; None takes those of this process.

    Returns:
        0.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.ablation", description=__doc__)
    parser.add_argument("--workers", type=int, default=2, help="nights at a time")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no night after so many")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="fresh seeds of each market")
    parser.add_argument(
        "--variants", type=int, default=len(VARIANTS), help="so many of them; the first changes nothing"
    )
    parser.add_argument("--report", action="store_true", help="run nothing, write the report of what is there")
    given = parser.parse_args(arguments)
    isolate()
    from trading.night.plan import code_version

    kept = ROOT / "var" / "ablation" / code_version()[:12]
    # What every other night is compared with comes first.
    wanted = [
        (market, variant, number)
        for variant in list(VARIANTS)[: given.variants]
        for market in MARKETS
        for number in range(given.seeds)
    ]
    if not given.report:
        nights = {_file(kept, *one): partial(_play, *one) for one in wanted}
        run_missing(nights, _line, workers=given.workers, minutes=given.minutes)
    write_report([json.loads(path.read_text()) for path in sorted(kept.glob("*.json"))], ROOT / "docs")
    return 0


def _file(kept: Path, market: str, variant: str, number: int) -> Path:
    return kept / f"{list(MARKETS).index(market)}-{list(VARIANTS).index(variant)}-{number}.json"


def _line(row: dict[str, Any]) -> str:
    sharpe = "no trade" if row["sharpe"] is None else f"{row['sharpe']:.2f}"
    changed = "" if row["variant"] == AS_IT_IS else f", {row['variant']}"
    return f"{row['decision']:8} {sharpe:>8} {row['seconds']:6.1f} s  {row['market']} {row['number']}{changed}"


def _play(market: str, variant: str, number: int) -> dict[str, Any]:
    # One core for each night: the other one has a night of its own.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from tests.support.nights import play_night
    from trading.checks.baselines import BaselinesEvidence
    from trading.night.artifacts import BACKTEST, EVIDENCE, VERDICT
    from trading.night.workspace import open_night
    from trading.settings.models import RuntimeSpec

    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        settings = settings_of(market, number, VARIANTS[variant])
        night = open_night(settings.model_copy(update={"runtime": RuntimeSpec(home=home)}), SYMBOL, AS_OF)
        made = play_night(night)
        verdict = night.store.get(VERDICT, made.judged.verdict_ref)
        metrics = night.store.get(BACKTEST, made.measured.backtest_ref).metrics
        evidence = night.store.get(EVIDENCE, made.judged.evidence_ref)
    found = evidence.section(BaselinesEvidence).results
    return {
        "market": market,
        "variant": variant,
        "number": number,
        "decision": verdict.decision,
        "sharpe": metrics["sharpe"] if metrics["trades"] > 0 else None,
        "trades": metrics["trades"],
        "baselines": {result.name: result.sharpe for result in found},
        "seconds": round(time.perf_counter() - began, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
