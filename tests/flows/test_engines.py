"""A night of two engines through Prefect: a version of each, one of them meets the champion."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trading.night.report import NightReport
from trading.registry.adapter import MlflowRegistry, open_registry
from trading.registry.ledger import Ledger
from trading.settings.models import EngineSpec, PolicySpec, RuntimeSpec

RunNight = Callable[..., tuple[str, list[NightReport]]]
Options = Callable[[Path], list[str]]
TWO = EngineSpec(names=("regimes", "moving_average"), options={"moving_average": {"fast": 6, "slow": 48}})
FIXED = PolicySpec(kind="fixed", action=(0.0, 0.0, 0.0, 0.0))
"""Nothing is trained but the engines, so that two of them take seconds."""
TAGS = {"regimes": "hmm_v1", "moving_average": "ma_v1"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def report(run_night: RunNight, home: Path) -> NightReport:
    """A night of two engines, whose gates pass any honest candidate."""
    name, (report,) = run_night(home, engine=TWO, policy=FIXED)
    assert name == "Promoted", report
    return report


@pytest.fixture(scope="module")
def registry(report: NightReport, home: Path) -> MlflowRegistry:
    assert report.outcome is not None
    return open_registry(RuntimeSpec(home=str(home)))


def test_each_engine_has_a_version_of_the_one_model_with_its_name_and_tag(
    report: NightReport, registry: MlflowRegistry
) -> None:
    assert report.outcome is not None
    versions = registry.versions(report.outcome.model_name)
    marked = {known.version: (known.tags["engine"], known.tags["tag"]) for known in versions}
    assert sorted(marked.values()) == sorted(TAGS.items())
    assert {row.version: (row.engine, row.tag) for row in report.engines} == marked
    for known in versions:
        engine = registry.bundle(known.model_name, known.version).model.spec.engine
        assert (engine.name, engine.tag) == marked[known.version]


def test_the_best_by_sharpe_ratio_enters_production_and_the_other_is_staged(
    report: NightReport, registry: MlflowRegistry, home: Path
) -> None:
    assert report.outcome is not None
    best, other = report.engines
    assert best.sharpe is not None
    assert other.sharpe is not None
    assert best.sharpe > other.sharpe
    assert (best.status, other.status) == ("promoted", "staged")
    assert (best.decision, other.decision) == ("APPROVED", "APPROVED")
    assert f"{other.sharpe:.3f}" in other.reason
    stages = {known.version: known.stage for known in registry.versions(report.outcome.model_name)}
    assert stages == {best.version: "Production", other.version: "Staging"}
    entry = Ledger(home / "ledger.db").current(report.outcome.model_name)
    assert entry is not None
    assert (entry.version, entry.bundle_digest) == (best.version, report.bundle_digest)


def test_both_were_trained_and_measured_on_the_same_bars(report: NightReport, registry: MlflowRegistry) -> None:
    assert report.outcome is not None
    (other,) = report.outcome.others
    candidate = report.outcome.candidate
    assert (other.candidate.bars_ref, other.candidate.splits_ref) == (candidate.bars_ref, candidate.splits_ref)
    data = [registry.bundle(report.outcome.model_name, version).lineage.data for version in (1, 2)]
    assert data[0] == data[1]


def test_the_same_night_again_has_nothing_to_do_and_reports_both(
    report: NightReport, run_night: RunNight, home: Path
) -> None:
    name, (again,) = run_night(home, engine=TWO, policy=FIXED)
    assert name == "Nothing to do"
    assert again.repeated
    assert again.engines == report.engines


def test_the_command_puts_the_two_engines_side_by_side(
    report: NightReport, registry: MlflowRegistry, home: Path, small_options: Options
) -> None:
    assert report.outcome is not None
    compared, shown = command(home, small_options, "models", "compare", "2", "1", "--as-of", "2021-12-01")
    assert compared["model_name"] == report.outcome.model_name
    assert not compared["seen_in_training"]
    assert -1.0 <= compared["correlation"] < 1.0
    results = {result["version"]: result for result in compared["results"]}
    assert list(results) == [2, 1]
    # The bars are those of the night's test split and the costs those of the night, so the numbers are the night's.
    for row in report.engines:
        assert row.version is not None
        assert (results[row.version]["tag"], results[row.version]["policy"]) == (row.tag, "fixed")
        assert results[row.version]["metrics"]["sharpe"] == row.sharpe
        assert results[row.version]["bundle_digest"] == registry.bundle(compared["model_name"], row.version).digest
    assert shown.index("version 2") < shown.index("version 1")
    assert shown.index("ma_v1") < shown.index("hmm_v1")
    assert f"bar by bar: {compared['correlation']:.3f}" in shown
    assert "has seen some of these bars" not in shown
    # What only one of them measures has a row in either order.
    _, turned = command(home, small_options, "models", "compare", "1", "2", "--as-of", "2021-12-01")
    assert "regime_bull_trades" in shown
    assert "regime_bull_trades" in turned


def command(home: Path, options: Options, *arguments: str) -> tuple[dict[str, Any], str]:
    """What a command shows as JSON and as text, in a process of its own."""
    script = (
        "import sys\n"
        "from flows.command_line import main\n"
        "for form in (['--json'], []):\n"
        "    try:\n        main([*sys.argv[1:], *form])\n"
        "    except SystemExit as end:\n        assert not end.code, end.code\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *options(home), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    data, end = json.JSONDecoder().raw_decode(done.stdout)
    return data, done.stdout[end:]
