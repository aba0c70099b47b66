"""Peers in Pythons of their own: which is where, and asking one for its trades."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from bench.peers.asked import Asked, Trade, write_asked

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = {
    "backtesting_py": "SIMULATORS_PYTHON",
    "nautilus": "SIMULATORS_PYTHON",
    "vectorbt_signals": "VECTORBT_PYTHON",
}
"""The environment variable that names each peer's Python."""
EXTRAS = {"SIMULATORS_PYTHON": "simulators", "VECTORBT_PYTHON": "vectorbt"}


class Answer(NamedTuple):
    """What a peer said.

    Attributes:
        package: its distribution.
        version: of the distribution.
        seconds: median of the simulation alone; None if it was not timed.
        trades: in the order of their entries.
    """

    package: str
    version: str
    seconds: float | None
    trades: list[Trade]


def peer_python(name: str) -> str:
    """The Python of a peer, or an empty text where its variable is not set.

    Args:
        name: of the adapter.
    """
    return os.environ.get(PYTHONS[name], "")


def how_to_install(name: str) -> str:
    """What to do for a peer that is not there.

    Args:
        name: of the adapter.
    """
    variable = PYTHONS[name]
    extra = EXTRAS[variable]
    return (
        f"{name} is not here. python3.11 -m venv {extra} && {extra}/bin/pip install -e '.[{extra}]', "
        f"then set {variable}={extra}/bin/python."
    )


def ask(name: str, asked: Asked, *, rounds: int = 0) -> Answer:
    """Ask a peer for its trades.

    Args:
        name: of the adapter.
        asked: bars and entries.
        rounds: how many times its simulation is timed, after one that is not.
    """
    # A link to a Python is not followed: what it links to is another environment.
    python = os.path.abspath(peer_python(name))
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder, "asked.npz"), Path(folder, "found.json")
        write_asked(question, asked)
        command = [python, "-m", "bench.peers", name, str(question), str(answer), str(rounds)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{name} failed: {done.stderr[-2_000:]}")
        found = json.loads(answer.read_text())
    trades = [Trade(*row) for row in found["trades"]]
    return Answer(found["package"], found["version"], found["seconds"], trades)
