"""How often the drift gate calls an unchanged market changed, and how often it finds what was changed.

``pytest -m campaign tests/campaigns/test_drift.py -s`` prints the table of ``docs/gates.md``. The markets have default
length, 40,000 hourly bars; what a candidate makes of them is left out, and judged in ``tests/checks/drift``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.drift import RECENT, WHOLE, market_verdict, recent, whole
from tests.support.null_markets import embedded, garch, resampled
from tests.support.real_bars import real_bars
from trading.gates.gate import GateResult
from trading.market.bars import Bars
from trading.settings.models import FeatureSpec
from trading.steps.features import FEATURE_NAMES

pytestmark = pytest.mark.campaign

MARKETS = 12
FIRST_SEED = 900
SYMMETRIC = ("embedded, edge 0", "GARCH", "BTCUSDT 1 h, resampled")
"""Markets that are what they were when they are mirrored."""
FALSE_ALARMS = 3
"""Of 48 unchanged markets."""
MANY, FIRST_OF_MANY, MOST_OF_MANY = 200, 20_000, 14
"""Embedded markets with an edge that never change, and of how many the gate may say that they did."""


def kinds(market_data: Path) -> dict[str, Callable[[int], Bars]]:
    btc = real_bars(market_data, "BTCUSDT-1h-2017-2022.parquet")
    return {
        "embedded, edge 0": lambda seed: embedded(0.0, seed),
        "embedded, edge 1": lambda seed: embedded(1.0, seed),
        "GARCH": garch,
        "BTCUSDT 1 h, resampled": lambda seed: resampled(btc, seed),
    }


def failed_rules(results: list[GateResult]) -> str:
    counted = Counter(rule.name for result in results for rule in result.rules if not rule.passed)
    return ", ".join(f"{name} {times}" for name, times in counted.items())


def test_markets_that_never_change_rarely_fail_and_twice_as_often_with_slow_features(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept, failed = FeatureSpec().names, Counter[tuple[str, ...]]()
    for number in range(MANY):
        bars = embedded(1.0, FIRST_OF_MANY + number)
        for names in (kept, FEATURE_NAMES):
            failed[names] += not market_verdict(bars, names=names).passed
    with capsys.disabled():
        print(f"of {MANY} embedded markets fail {failed[kept]}, and {failed[FEATURE_NAMES]} with all features")
    assert failed[kept] <= MOST_OF_MANY
    assert failed[FEATURE_NAMES] > 1.5 * failed[kept]


def test_unchanged_markets_pass_and_changed_ones_fail(market_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alarms = 0
    for kind, make in kinds(market_data).items():
        markets = [make(FIRST_SEED + number) for number in range(MARKETS)]
        changes: dict[str, Callable[[Bars], Bars]] = {"nothing": lambda bars: bars}
        changes |= {name: lambda bars, name=name: whole(name, bars) for name in WHOLE}
        changes |= {name: lambda bars, name=name: recent(name, bars) for name in RECENT}
        for change, make_change in changes.items():
            if change == "mirrored" and kind in SYMMETRIC:
                continue
            results = [market_verdict(make_change(bars)) for bars in markets]
            found = sum(not result.passed for result in results)
            with capsys.disabled():
                print(f"| {kind} | {change} | {found} of {MARKETS} | {failed_rules(results)} |", flush=True)
            if change == "nothing":
                alarms += found
            elif change == "volatility and volume x3, 30 days":
                assert found >= MARKETS // 4
            else:
                assert found >= MARKETS - 3
    assert alarms <= FALSE_ALARMS
