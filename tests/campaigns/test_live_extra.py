"""The live extra alone in a fresh virtual environment: a replay, a registry over HTTP, and a refused SQLite one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.live.support import write_model
from tests.registry.conftest import NAME, write
from tests.support import DAY_MS, START_MS, random_model, small_bars
from trading.cli.services import mlflow_service, running
from trading.model.bundle import load_bundle
from trading.registry.adapter import MlflowRegistry
from trading.registry.ledger import Ledger
from trading.registry.promotion import enter_production
from trading.settings.locations import locations
from trading.settings.models import RuntimeSpec
from trading.simulation.backtest import run_backtest

pytestmark = pytest.mark.campaign

HEAVY = (
    *("mlflow", "torch", "stable_baselines3", "pandas", "sklearn", "scipy", "prefect", "numba", "pyarrow"),
    *("great_expectations", "evidently", "hmmlearn", "gymnasium", "matplotlib"),
)
DAYS, START_DAY = 20, 10


@dataclass(frozen=True)
class LiveMachine:
    """An environment with the live extra and nothing else of ours."""

    python: Path
    home: Path

    def run(self, *arguments: str, uri: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command there, away from the checkout."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SEVENGATES_", "MLFLOW_"))}
        environment = {**kept, "SEVENGATES_HOME": str(self.home), "PYTHONPATH": ""}
        if uri:
            environment["SEVENGATES_RUNTIME__TRACKING_URI"] = uri
        command = [str(self.python.with_name("sevengates")), *arguments]
        return subprocess.run(command, cwd=self.home, env=environment, capture_output=True, text=True, check=False)

    def json(self, *arguments: str, uri: str = "") -> Any:
        done = self.run(*arguments, "--json", uri=uri)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def machine(root: Path, tmp_path_factory: pytest.TempPathFactory) -> LiveMachine:
    folder = tmp_path_factory.mktemp("live-machine")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, f"{root}[live]", "-c", str(root / "constraints.txt")], check=True)
    (folder / "home").mkdir()
    return LiveMachine(python, folder / "home")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An MLflow server of the full install."""
    places = locations(RuntimeSpec(home=str(tmp_path_factory.mktemp("server"))))
    MlflowRegistry(places.tracking_uri, places.artifacts, places.home)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service = mlflow_service("127.0.0.1", port, places)
    with running([service], places.logs):
        yield service.address


def test_the_live_extra_brings_nothing_of_the_training_wing(machine: LiveMachine) -> None:
    code = (
        "from importlib.util import find_spec; import importlib, pkgutil, sys, trading.live;"
        f"print([name for name in {HEAVY[1:]!r} if find_spec(name)]);"
        "[importlib.import_module(f'trading.live.{m.name}') for m in pkgutil.iter_modules(trading.live.__path__)];"
        "print('mlflow' in sys.modules)"
    )
    done = subprocess.run(
        [str(machine.python), "-c", code], cwd=machine.home, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["[]", "False"]


def test_a_replay_there_has_the_ledger_of_the_backtest_here(machine: LiveMachine, tmp_path: Path) -> None:
    model = random_model(4)
    bundle = write_model(tmp_path / "bundle", model, as_of_ms=START_MS + START_DAY * DAY_MS)
    printed = machine.json("live", "--bundle", str(bundle.folder), "--source", "sim:edge=1", "--to", "2021-01-21")
    expected = run_backtest(model, small_bars(DAYS), START_DAY * 24)
    assert len(expected.trades) > 20
    assert (printed["bars"], printed["ledger_sha256"]) == ((DAYS - START_DAY) * 24, expected.ledger_sha256)
    assert [item["symbol"] for item in machine.json("status")] == ["SIM"]


def test_a_runner_there_follows_a_registry_over_http(machine: LiveMachine, server: str, tmp_path: Path) -> None:
    registry = MlflowRegistry(server, tmp_path / "unused", tmp_path / "home")
    ledger = Ledger(tmp_path / "home" / "ledger.db")
    replay = ("live", "--model", NAME, "--source", "sim:edge=1", "--from", "2021-01-11", "--journal")
    for seed in (1, 2):
        folder = write(tmp_path / f"night-{seed}", seed).folder
        version = registry.log_night(NAME, folder, metrics={"sharpe": 1.8}, params={})
        enter_production(registry, ledger, NAME, version, reason="better", actor="test")
        path = str(tmp_path / f"{seed}.db")
        printed = machine.json(*replay, path, "--to", "2021-01-21", uri=server)
        expected = run_backtest(load_bundle(folder).model, small_bars(DAYS), START_DAY * 24)
        assert (printed["version"], printed["ledger_sha256"]) == (version, expected.ledger_sha256)
    # The older journal goes on with the version that was promoted after it ended.
    swapped = machine.json(*replay, str(tmp_path / "1.db"), "--to", "2021-01-31", uri=server)
    assert (swapped["version"], swapped["swaps"], swapped["bars"]) == (2, 1, 20 * 24)


def test_a_night_there_is_refused_with_what_to_install(machine: LiveMachine) -> None:
    assert "nightly" in machine.run("--help").stdout
    done = machine.run("nightly")
    assert done.returncode == 2
    assert "PACKAGE_MISSING" in done.stderr
    assert "sevengates[train]" in done.stderr


def test_a_sqlite_registry_there_is_refused_with_what_to_install(machine: LiveMachine, tmp_path: Path) -> None:
    done = machine.run("live", uri=f"sqlite:///{tmp_path}/mlflow.db")
    assert done.returncode == 2
    assert "PACKAGE_MISSING" in done.stderr
    assert "sevengates[train]" in done.stderr
    assert "--bundle" in done.stderr
