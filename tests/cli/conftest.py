"""Running the command inside the test's own process, with an environment that is put back."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flows.command_line import main


@dataclass(frozen=True)
class Ran:
    """What one call of the command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_environment: None
) -> Iterator[Run]:
    """``run("config", "show")`` in an empty folder, with its run-time state in ``var`` there."""
    monkeypatch.chdir(tmp_path)
    os.environ["SEVENGATES_HOME"] = str(tmp_path / "var")

    def call(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as left:
            main(arguments)
        captured = capsys.readouterr()
        return Ran(int(left.value.code or 0), captured.out, captured.err)

    answers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield call
    # A command that answers to signals would go on doing so in every later test of this process.
    for number, answer in answers.items():
        signal.signal(number, answer)
