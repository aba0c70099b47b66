"""``kill -9`` of a night, at five stages: the next run finishes it, repeats nothing, and ends with the same bundle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tools.isolation import COMPILED
from trading.registry.ledger import Ledger

NIGHT = (
    "--set", "policy.steps=4000", "--set", "policy.seeds=1", "--set", "policy.lanes=8", "--set", "policy.batch_size=64",
    "--set", "regimes.seeds=1", "--set", "market.history_bars=4000", "--set", "depth.target_bars=500",
    "nightly", "--as-of", "2022-01-01", "--json",
)  # fmt: skip
"""A night of about twenty seconds."""

PATIENCE_SECONDS = 300.0
_STARTED: list[int] = []


def stage_finished(stage: str) -> Callable[[Path], bool]:
    return lambda home: any((home / "store" / "stages" / stage).glob("*.json"))


def ledger_written(home: Path) -> bool:
    return (home / "ledger.db").exists() and bool(Ledger(home / "ledger.db").history())


def version_registered(home: Path) -> bool:
    return any((home / "mlflow" / "artifacts").rglob("bundle.json"))


KILLS: dict[str, tuple[Callable[[Path], bool], float]] = {
    "while features are computed": (stage_finished("load"), 0.0),
    "in the middle of training": (stage_finished("engine"), 5.0),
    "while evidence is measured": (stage_finished("policy"), 0.5),
    "while the version is registered": (version_registered, 0.0),
    "after the promotion is on the ledger": (ledger_written, 0.0),
}
"""When to kill: what to wait for in the home folder, and how many seconds more."""


def start(home: Path) -> subprocess.Popen[bytes]:
    """Start a night; its output goes to files, because a killed night's children keep their copies open."""
    foreign = ("SEVENGATES_", "PREFECT_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    with (home / "out.json").open("wb") as out, (home / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.command_line", *NIGHT],
            env=environment | {"SEVENGATES_HOME": str(home), COMPILED: os.environ[COMPILED]},
            cwd=Path(__file__).parents[2],
            stdout=out,
            stderr=log,
            start_new_session=True,
        )
    _STARTED.append(process.pid)
    return process


def finish(home: Path) -> dict[str, object]:
    """Run the night to its end and return its only report."""
    code = start(home).wait(timeout=PATIENCE_SECONDS)
    assert code == 0, (home / "log.txt").read_text()
    return json.loads((home / "out.json").read_bytes())["nights"][0]


def kill(home: Path, due: Callable[[Path], bool], seconds: float) -> None:
    """Start the night, wait for a moment inside it, and kill its process: nothing else, and without warning."""
    process = start(home)
    waited = time.monotonic()
    while not due(home):
        assert process.poll() is None, "the night ended before it could be killed"
        assert time.monotonic() - waited < PATIENCE_SECONDS
        time.sleep(0.02)
    time.sleep(seconds)
    process.kill()
    assert process.wait() == -signal.SIGKILL, "the night ended before it could be killed"


def finished_stages(home: Path) -> dict[str, int]:
    """Every remembered stage and when it was written."""
    return {str(path): path.stat().st_mtime_ns for path in (home / "store" / "stages").rglob("*.json")}


@pytest.fixture(autouse=True)
def no_process_outlives_its_test() -> Iterator[None]:
    yield
    while _STARTED:
        with suppress(ProcessLookupError):
            os.killpg(_STARTED.pop(), signal.SIGKILL)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return finish(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.campaign
@pytest.mark.parametrize("moment", KILLS)
def test_a_killed_night_is_finished_by_the_next_run(
    moment: str, undisturbed: dict[str, object], tmp_path: Path
) -> None:
    kill(tmp_path, *KILLS[moment])
    before = finished_stages(tmp_path)
    report = finish(tmp_path)
    after = finished_stages(tmp_path)
    assert before
    assert {path: after[path] for path in before} == before, "a finished stage was run again"
    assert report["bundle_digest"] == undisturbed["bundle_digest"]
    assert len(Ledger(tmp_path / "ledger.db").history()) == 1
    assert finish(tmp_path)["repeated"]


def test_a_night_killed_while_it_trains_repeats_nothing_that_was_finished(tmp_path: Path) -> None:
    kill(tmp_path, *KILLS["in the middle of training"])
    before = finished_stages(tmp_path)
    report = finish(tmp_path)
    after = finished_stages(tmp_path)
    assert {path: after[path] for path in before} == before
    assert report["status"] in ("promoted", "rejected")
    assert len(Ledger(tmp_path / "ledger.db").history()) == 1


@pytest.mark.campaign
def test_a_night_killed_again_and_again_comes_to_the_same_end(undisturbed: dict[str, object], tmp_path: Path) -> None:
    for moment in KILLS:
        kill(tmp_path, *KILLS[moment])
    assert finish(tmp_path)["bundle_digest"] == undisturbed["bundle_digest"]
    assert len(Ledger(tmp_path / "ledger.db").history()) == 1
