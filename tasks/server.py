"""The embedded Prefect server of a night: given time to migrate its database, and stopped even after a kill."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import PREFECT_API_URL

from trading.canonical import canonical_json, parse_json, write_atomic

START_SECONDS = 180
"""Prefect itself waits 20 s, which a cold database on a busy machine does not always meet."""

_RECORDS = "embedded-*.json"
_SERVER_WORDS = "prefect.server.api.server"


def embedded_server(home: Path) -> None:
    """Start the server that this process' flows will use, unless PREFECT_API_URL names one.

    A night that was killed leaves its server behind; its process number is on record, and it is stopped here.

    Args:
        home: folder of run-time state.
    """
    if PREFECT_API_URL.value():
        return
    folder = home / "prefect"
    stop_orphans(folder)
    # One instance a process: Prefect's own client finds this one running.
    server = SubprocessASGIServer()
    server.start(timeout=START_SECONDS)
    assert server.server_process is not None
    # For workers in other processes; this one knows the server already.
    os.environ["PREFECT_API_URL"] = server.api_url
    record = folder / f"embedded-{os.getpid()}.json"
    write_atomic(record, canonical_json({"owner": os.getpid(), "server": server.server_process.pid}))
    atexit.register(record.unlink, missing_ok=True)


def stop_orphans(folder: Path) -> list[int]:
    """Stop the embedded servers whose nights are gone; return their process numbers.

    A number may belong to another process by now, so only a process that is a Prefect server is stopped.

    Args:
        folder: where embedded servers are on record.
    """
    stopped: list[int] = []
    for record in sorted(folder.glob(_RECORDS)):
        known = parse_json(record.read_bytes())
        if _command(known["owner"]):
            continue
        if _SERVER_WORDS in _command(known["server"]):
            with suppress(ProcessLookupError):
                os.kill(known["server"], signal.SIGTERM)
            stopped.append(known["server"])
        record.unlink(missing_ok=True)
    return stopped


def _command(pid: int) -> str:
    """The whole command line of a process, however narrow the terminal; empty if there is none."""
    # Linux says it in a file, also where the command ps is not installed; a process that has ended has none.
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except (FileNotFoundError, ProcessLookupError):
            return ""
    found = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()
