"""A backfill runs the nights of a period in order, and each ends as it would have ended then."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import SMALL
from trading.market.sources.simulated import SimulatedMarket, simulate
from trading.night.backfill import BackfilledNight
from trading.night.report import NightReport
from trading.registry.adapter import open_registry
from trading.registry.ledger import Ledger
from trading.settings.models import EngineSpec, MarketSpec, RuntimeSpec

RunNight = Callable[..., tuple[str, list[NightReport]]]
Options = Callable[[Path], list[str]]
Backfill = Callable[..., tuple[str, list[BackfilledNight]]]

DAYS = [datetime(2021, 12, day, tzinfo=UTC) for day in (1, 2, 3)]
QUICK: dict[str, Any] = {
    "engine": EngineSpec(name="moving_average"),
    "policy": SMALL["policy"].model_copy(update={"kind": "fixed"}),
    "market": MarketSpec(history_bars=3_000),
}
"""Nights that train nothing, so that many of them fit in a test."""


@pytest.fixture(scope="module")
def backfill(prefect_server: None, small_parameters: dict[str, Any]) -> Backfill:
    def run(home: Path, start: datetime, stop: datetime, **changes: Any) -> tuple[str, list[BackfilledNight]]:
        from flows.backfill import backfill as flow

        tables = {name: value for name, value in small_parameters.items() if name != "as_of"}
        given = {**tables, **QUICK, "runtime": RuntimeSpec(home=str(home)), **changes}
        state: Any = flow(**given, start=start, stop=stop, return_state=True)
        return str(state.name), state.result(raise_on_failure=False)

    return run


@pytest.fixture(scope="module")
def then(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home in which the nights were run in time."""
    return tmp_path_factory.mktemp("then")


@pytest.fixture(scope="module")
def in_time(backfill: Backfill, then: Path) -> list[BackfilledNight]:
    name, nights = backfill(then, DAYS[0], DAYS[2])
    assert name == "Promoted"
    return nights


def digests(nights: list[BackfilledNight]) -> list[str]:
    return [report.bundle_digest for night in nights for report in night.reports]


def test_a_night_that_was_missed_ends_with_the_bundle_it_would_have_ended_with(
    backfill: Backfill, run_night: RunNight, then: Path, in_time: list[BackfilledNight], tmp_path: Path
) -> None:
    assert [night.as_of_ms for night in in_time] == [int(day.timestamp()) * 1_000 for day in DAYS]
    expected = digests(in_time)
    assert len(set(expected)) == 3
    # The same three nights, but the second is run when the third is over and its version is in Production.
    missed = tmp_path / "missed"
    for day in (DAYS[0], DAYS[2]):
        run_night(missed, **QUICK, as_of=day)
    model = in_time[0].reports[0].outcome.model_name if in_time[0].reports[0].outcome else ""
    registry, ledger = open_registry(RuntimeSpec(home=str(missed))), Ledger(missed / "ledger.db")
    registry_then = open_registry(RuntimeSpec(home=str(then)))
    bundle = registry.bundle(model, 1)
    # A later version enters Production, as an approved candidate with a live record would.
    ledger.append(entry_of(model, 2, registry.bundle(model, 2).digest), expected_epoch=1)
    _, later = backfill(missed, DAYS[0], DAYS[2])
    assert [report.repeated for night in later for report in night.reports] == [True, False, True]
    assert digests(later)[:2] == expected[:2]
    second = registry.bundle(model, 3)
    assert second.digest == expected[1]
    assert second.lineage.parent_digest == bundle.digest == registry_then.bundle(model, 2).lineage.parent_digest
    current = ledger.current(model)
    assert current is not None
    assert current.version == 2


def test_finished_nights_are_not_repeated_and_a_failing_one_stops_or_is_passed(
    backfill: Backfill, tmp_path: Path
) -> None:
    path, home = tmp_path / "bars.csv", tmp_path / "home"
    bars = simulate(SimulatedMarket(), int(DAYS[2].timestamp()) * 1_000, "SIM").bars
    rows = [",".join(map(repr, bars.row(index)[:6])) for index in range(len(bars))]
    # Within the last day of the data a row is there twice, so only nights after it meet it.
    rows.insert(len(rows) - 30, rows[-31])
    path.write_text("ts,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    market = MarketSpec(source=f"csv:{path}", history_bars=3_000)
    name, nights = backfill(home, DAYS[0], DAYS[2], every="12h", market=market)
    assert name == "Failed"
    assert [night.failed for night in nights] == [False, False, True]
    name, nights = backfill(home, DAYS[0], DAYS[2], every="12h", market=market, on_failure="go-on")
    assert [night.failed for night in nights] == [False, False, True, True, True]
    assert [night.reports[0].repeated for night in nights] == [True, True, False, False, False]
    assert nights[2].reports[0].failure is not None
    assert nights[2].reports[0].failure.code == "BARS_NOT_INCREASING"


def test_the_command_runs_a_period_and_says_where_it_is(
    then: Path, in_time: list[BackfilledNight], small_options: Options
) -> None:
    options = small_options(then)
    for setting in ("engine.name=moving_average", "policy.kind=fixed", "market.history_bars=3000"):
        options += ["--set", setting]
    words = ["backfill", "--from", "2021-12-01", "--to", "2021-12-03", "--every", "2d", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "flows.command_line", *options, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["not_run"], len(found["nights"])) == (0, 2)
    assert [night["nights"][0]["bundle_digest"] for night in found["nights"]] == digests(in_time)[::2]
    assert [night["result"] for night in found["nights"]] == ["Nothing to do"] * 2
    assert "Night 1 of 2, as of 2021-12-01 00:00 UTC" in done.stderr
    assert "Night 2 of 2" in done.stderr


def entry_of(model: str, version: int, digest: str) -> Any:
    from trading.registry.entries import Transition

    return Transition(model_name=model, version=version, bundle_digest=digest, action="promote", actor="test")
