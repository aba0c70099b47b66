"""Child processes that serve a page: started together, watched until healthy, stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from trading.codes import ReasonCode
from trading.errors import SevengatesError
from trading.settings.locations import Locations

_POLL_SECONDS = 0.25
_START_SECONDS = 120.0
_STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Service:
    """How to start one server and how to see that it is up."""

    name: str
    command: tuple[str, ...]
    host: str
    port: int
    health: str

    @property
    def address(self) -> str:
        """The page as a browser on this machine finds it."""
        return f"http://{'127.0.0.1' if self.host == '0.0.0.0' else self.host}:{self.port}"


def prefect_service(host: str, port: int) -> Service:
    """Prefect's server over ``PREFECT_HOME``.

    Args:
        host: address to listen on; 0.0.0.0 is every interface.
        port: TCP port to listen on.
    """
    command = (sys.executable, "-m", "prefect", "server", "start", "--host", host, "--port", str(port))
    return Service("Prefect", command, host, port, "/api/health")


def mlflow_service(host: str, port: int, places: Locations) -> Service:
    """MLflow's server, one worker, over the registry's own database and artifacts.

    Args:
        host: address to listen on; 0.0.0.0 is every interface.
        port: TCP port to listen on.
        places: database and artifact folder that the server opens.
    """
    command = (
        *(sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", places.tracking_uri, "--artifacts-destination", str(places.artifacts)),
    )
    return Service("MLflow", command, host, port, "/health")


class Group:
    """Services that run, each in a process group of its own."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[tuple[Service, subprocess.Popen[bytes]]] = []

    def start(self, service: Service) -> None:
        """Start one server; its output goes to a file under the logs folder.

        Args:
            service: what to start; nothing else may listen on its port.

        Raises:
            SevengatesError: ``SERVICE_FAILED`` if another process has the port.
        """
        with closing(socket.socket()) as probe:
            if probe.connect_ex((service.host, service.port)) == 0:
                raise SevengatesError(
                    ReasonCode.SERVICE_FAILED,
                    f"{service.name}: port {service.port} on {service.host} is in use.",
                    remedy=f"Stop what listens there, or choose another with --{service.name.lower()}-port.",
                )
        self._logs.mkdir(parents=True, exist_ok=True)
        with self._log(service).open("wb") as log:
            child = subprocess.Popen(
                service.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._children.append((service, child))

    def wait_healthy(self, seconds: float = _START_SECONDS) -> None:
        """Return when every server answers.

        Args:
            seconds: how long all of them together may take.

        Raises:
            SevengatesError: ``SERVICE_FAILED`` if one stops or stays silent.
        """
        deadline = time.monotonic() + seconds
        for service, _ in self._children:
            while not _answers(f"{service.address}{service.health}"):
                self._raise_if_stopped()
                if time.monotonic() > deadline:
                    raise self._failed(service, f"did not answer within {seconds:.0f} s")
                time.sleep(_POLL_SECONDS)

    def wait(self) -> None:
        """Return on Ctrl-C or SIGTERM.

        Raises:
            SevengatesError: ``SERVICE_FAILED`` if a server stops by itself.
        """
        try:
            while True:
                self._raise_if_stopped()
                time.sleep(_POLL_SECONDS)
        except KeyboardInterrupt:
            return

    def stop(self) -> None:
        """Ask every server and its workers to stop, and end those that do not."""
        for _, child in self._children:
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for _, child in self._children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            # Also after a clean stop: a server may leave workers of its group behind.
            _signal_group(child, signal.SIGKILL)
            child.wait()

    def _raise_if_stopped(self) -> None:
        for service, child in self._children:
            if child.poll() is not None:
                raise self._failed(service, f"stopped with exit code {child.returncode}")

    def _failed(self, service: Service, what: str) -> SevengatesError:
        log = self._log(service)
        last = [line for line in log.read_text(errors="replace").splitlines() if line.strip()][-3:]
        return SevengatesError(
            ReasonCode.SERVICE_FAILED,
            f"{service.name} {what}. Its last words: {' / '.join(last) or 'none'}.",
            remedy=f"Read {log}.",
        )

    def _log(self, service: Service) -> Path:
        return self._logs / f"{service.name.lower()}.log"


@contextmanager
def running(services: Sequence[Service], logs: Path) -> Iterator[Group]:
    """Start services, wait until they answer, and stop them all on the way out, however that is.

    Args:
        services: started in this order, stopped together.
        logs: folder that takes one file for each server's output.

    Raises:
        SevengatesError: ``SERVICE_FAILED``, with the last lines of that server's log.
    """
    group = Group(logs)
    # SIGINT too: a program that a shell started in the background inherits it ignored.
    previous = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for service in services:
            group.start(service)
        group.wait_healthy()
        yield group
    finally:
        group.stop()
        for number, handler in previous.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _signal_group(child: subprocess.Popen[bytes], number: int) -> None:
    # The leader's id names the group as long as any member lives, and until the leader is waited for.
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2.0):
            return True
    except (urllib.error.URLError, OSError):
        return False
