"""Whole nights on real markets: each ends in a verdict, whatever it is; figures in ``docs/numbers.md``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.campaign

NIGHTS = {
    "BTCUSDT 1 h": ("BTCUSDT-1h-2017-2022.parquet", ["BTCUSDT"], "1h"),
    "BTCUSDT 1 m at 15 m": ("BTCUSDT-1m-2022.parquet", ["BTCUSDT"], "15m"),
    "three symbols at 30 m": ("{symbol}-30m-2023-2024.csv.gz", ["SOLUSDT", "XRPUSDT", "DOGEUSDT"], "30m"),
}


def _nightly(home: Path, source: str, symbols: list[str], interval: str) -> tuple[int, dict[str, Any]]:
    options = [option for symbol in symbols for option in ("--symbol", symbol)]
    command = [
        sys.executable,
        "-m",
        "flows.command_line",
        "nightly",
        "--source",
        source,
        "--interval",
        interval,
        "--json",
    ]
    done = subprocess.run(
        [*command, *options],
        env={**os.environ, "SEVENGATES_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=900,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("name", NIGHTS)
def test_a_night_on_a_real_market_ends_in_a_verdict(name: str, market_data: Path, tmp_path: Path) -> None:
    file, symbols, interval = NIGHTS[name]
    code, result = _nightly(tmp_path, str(market_data / file), symbols, interval)
    assert code == 0
    assert [night["symbol"] for night in result["nights"]] == symbols
    for night in result["nights"]:
        verdict = night["verdict"]
        failed = [gate["name"] for gate in verdict["gates"] if not gate["passed"]]
        print(f"\n{name}: {night['symbol']} {verdict['decision']}, {night['status']}, failed {failed}", end="")
        assert len(verdict["gates"]) == 7
        assert night["status"] in ("promoted", "staged", "rejected")
    print()
