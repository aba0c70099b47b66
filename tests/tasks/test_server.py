"""A killed night's embedded server is stopped by the next night, and nothing else is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.server import stop_orphans

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def server() -> Iterator[subprocess.Popen[bytes]]:
    yield from _running(SLEEP, "prefect.server.api.server:create_app")


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    yield from _running(SLEEP, "something else")


def test_the_server_of_a_night_that_is_gone_is_stopped(
    tmp_path: Path, gone: int, server: subprocess.Popen[bytes]
) -> None:
    record(tmp_path, gone, server.pid)
    assert stop_orphans(tmp_path) == [server.pid]
    assert server.wait(timeout=10) != 0
    assert not list(tmp_path.iterdir())


def test_the_server_of_a_night_that_runs_is_left_alone(tmp_path: Path, server: subprocess.Popen[bytes]) -> None:
    record(tmp_path, os.getpid(), server.pid)
    assert stop_orphans(tmp_path) == []
    assert server.poll() is None
    assert list(tmp_path.iterdir())


def test_a_process_that_took_over_the_number_is_left_alone(
    tmp_path: Path, gone: int, stranger: subprocess.Popen[bytes]
) -> None:
    record(tmp_path, gone, stranger.pid)
    assert stop_orphans(tmp_path) == []
    assert stranger.poll() is None
    assert not list(tmp_path.iterdir())


def record(folder: Path, owner: int, server: int) -> None:
    (folder / f"embedded-{owner}.json").write_text(json.dumps({"owner": owner, "server": server}))


def _running(script: str, argument: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", script, argument])
    # A process that has just started may not show its command line yet.
    line = Path(f"/proc/{process.pid}/cmdline")
    while line.exists() and not line.read_bytes():
        time.sleep(0.01)
    yield process
    process.kill()
    process.wait()
