"""Speed of the registry's lists: a thousand versions, as the command prints them and as the adapter gives them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trading.registry.adapter import MlflowRegistry

VERSIONS = 1_000
NAME = "sevengates-sim-1h"
LONGEST_SECONDS = 2.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose registry has many versions, made by MLflow's own client without artifacts."""
    folder = tmp_path_factory.mktemp("home")
    registry = registry_of(folder)
    client = registry._client
    client.create_registered_model(NAME)
    run_id = client.create_run(registry.experiment_id).info.run_id
    for number in range(VERSIONS):
        tags = {
            "bundle_digest": f"{number:064x}",
            "verdict": "REJECTED",
            "paper_only": "false",
            "engine": "regimes",
            "tag": "hmm_v1",
            "symbol": "SIM",
            "interval": "1h",
            "as_of": "2026-01-01T00:00+00:00",
            "parent_digest": "",
            "stage": "Rejected",
            "reasons": "Rejected by performance: sharpe 0.21 is under 1.",
        }
        client.create_model_version(
            NAME, f"file:///nowhere/{number}", run_id=run_id, tags=tags, description="x" * 4_500
        )
    return folder


def registry_of(home: Path) -> MlflowRegistry:
    return MlflowRegistry(f"sqlite:///{home / 'mlflow' / 'mlflow.db'}", home / "mlflow" / "artifacts", home)


def seconds(*words: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return time.perf_counter() - began


def test_registry_speed(home: Path) -> None:
    command = ("-m", "flows.command_line", "--set", f"runtime.home={home}", "models", "list")
    listed = subprocess.run([sys.executable, *command, "--json"], check=True, capture_output=True, text=True)
    assert len(json.loads(listed.stdout)) == VERSIONS
    registry = registry_of(home)
    took: dict[str, float] = {}
    for name, work in {
        "all versions": lambda: registry.versions(NAME),
        "one version by its number": lambda: registry.version(NAME, 500),
        "one version by its bundle": lambda: registry.find(NAME, f"{500:064x}"),
    }.items():
        began = time.perf_counter()
        assert work()
        took[f"{name}, in a process that runs"] = time.perf_counter() - began
    took["python -c 'import mlflow'"] = min(seconds("-c", "import mlflow") for _ in range(3))
    took["sevengates models list"] = min(seconds(*command) for _ in range(3))
    print(f"\n{f'{VERSIONS:,} versions in SQLite, seconds':48} {'':>8}")
    for name, value in took.items():
        print(f"{name:48} {value:8.2f}")
    assert took["sevengates models list"] < LONGEST_SECONDS
