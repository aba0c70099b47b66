"""The parent's side of the model watch: starts the child process, restarts it when it dies, reads what it reports."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from pydantic import ValidationError

from trading.canonical import canonical_json, write_atomic
from trading.codes import ReasonCode
from trading.errors import ConfigError, LiveError
from trading.live.watch.pointer import POINTER_NAME, Pointer, PointerFile
from trading.settings.environment import QUIET, SAFE
from trading.values import Frozen

TRACKING_URI_VARIABLE, TRACKING_TOKEN_VARIABLE = "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN"
REPORT_NAME, LOG_NAME = "watch.json", "watch.log"
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 60.0
_STOP_SECONDS = 5.0
_LONGEST_OUTPUT = 300

Notify = Callable[[ReasonCode, str], None]
"""Is given every new failure of the watch: its code, and what happened."""


class WatchReport(Frozen):
    """What the child found when it asked last.

    Attributes:
        pid: of the child, so that a report of an earlier one is not taken for news.
        code: OK, or why the pointer was not moved; ``fatal`` if asking again cannot help.
    """

    pid: int
    code: ReasonCode = ReasonCode.OK
    message: str = ""
    remedy: str = ""
    fatal: bool = False


def write_report(folder: Path, report: WatchReport) -> None:
    """Replace the report whole.

    Args:
        folder: of the watch; the report is one file in it.
        report: what the child found last.
    """
    write_atomic(folder / REPORT_NAME, canonical_json(report.model_dump(mode="json")))


def watch_command(model_name: str, folder: Path, poll_seconds: float, version: int | None = None) -> list[str]:
    """How the child is started; the registry's address, which may hold a password, goes into its environment.

    Args:
        model_name: registered model whose champion is followed.
        folder: takes pointer, report and downloaded bundles.
        poll_seconds: pause between two questions to the registry.
        version: to be studied, in Production or not; None follows the champion.
    """
    command = [sys.executable, "-m", "trading.live.watch.child", "--model", model_name, "--out", str(folder)]
    command += ["--poll", str(poll_seconds)]
    return command if version is None else [*command, "--version", str(version)]


class ModelWatch:
    """A child process that follows the champion, and the pointer it moves; a context manager.

    Args:
        command: starts the child; its standard input is closed to stop it.
        folder: of pointer, report, bundles and the child's log.
        environment: variables for the child beyond this process's own: the registry's address and token.
    """

    def __init__(self, command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self._command = list(command)
        self._environment = {**QUIET, **SAFE, **os.environ, **(environment or {})}
        self._pointer = PointerFile(folder / POINTER_NAME)
        self._child: subprocess.Popen[bytes] | None = None
        self._pids: set[int] = set()
        self._pause = _FIRST_PAUSE_SECONDS
        self._restart_at = 0.0
        self._forwarded: tuple[ReasonCode, str] | None = None
        self._report_seen = 0

    def __enter__(self) -> ModelWatch:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        child = self._child
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def current(self) -> Pointer | None:
        """The bundle the child points to; see :class:`trading.live.watch.pointer.ModelSource`."""
        return self._pointer.current()

    def supervise(self, notify: Notify) -> None:
        """Restart a dead child when its pause is over, and forward every new failure; quick when there is none.

        Args:
            notify: is given each failure once, and again when it comes back.
        """
        child = self._child
        if child is not None and child.poll() is not None:
            self._schedule_restart(child, notify)
        if self._child is None and time.monotonic() >= self._restart_at:
            self._start()
        self._forward_report(notify)

    def wait_for_model(self, seconds: float, notify: Notify) -> None:
        """Return when the child has reported once, or there is a pointer of an earlier run and it cannot.

        Args:
            seconds: how long to wait.
            notify: is given each failure meanwhile.

        Raises:
            LiveError: ``NO_MODEL`` if nothing points to a model when the time is over.
            ConfigError: if the child says that it can never work here.
        """
        deadline = time.monotonic() + seconds
        while True:
            report = self._report()
            if report is not None and report.code is ReasonCode.OK:
                return
            if report is not None and report.fatal:
                raise ConfigError(report.code, report.message, remedy=report.remedy)
            if report is not None and self.current() is not None:
                # The registry does not answer, or its model is refused: the one we have goes on.
                self._forward_report(notify)
                return
            if time.monotonic() >= deadline:
                break
            self.supervise(notify)
            time.sleep(0.05)
        if self.current() is not None:
            return
        found = report.message if report else "the model watch reported nothing."
        raise LiveError(
            ReasonCode.NO_MODEL,
            f"no model to trade after {seconds:g} s: {found}",
            remedy="Run `sevengates nightly` until a model is promoted, or name a bundle folder with --bundle.",
        )

    def _start(self) -> None:
        with (self.folder / LOG_NAME).open("wb") as log:
            # A session of its own: Ctrl-C is for the runner, which then closes the child's input.
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )
        self._pids.add(self._child.pid)

    def _schedule_restart(self, child: subprocess.Popen[bytes], notify: Notify) -> None:
        """Report a child's end and when the next one starts: never, if it said that it cannot work here."""
        self._child = None
        report = self._report()
        if report is not None and report.fatal:
            self._restart_at = math.inf
            return
        self._restart_at = time.monotonic() + self._pause
        ended = f"the model watch ended with code {child.returncode}, next start in {self._pause:.0f} s"
        notify(ReasonCode.WATCH_STOPPED, f"{ended}: {self._last_output()}")
        self._pause = min(2.0 * self._pause, _LONGEST_PAUSE_SECONDS)

    def _forward_report(self, notify: Notify) -> None:
        path = self.folder / REPORT_NAME
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if changed == self._report_seen:
            return
        self._report_seen = changed
        report = self._report()
        if report is None:
            return
        if report.code is ReasonCode.OK:
            self._pause = _FIRST_PAUSE_SECONDS
            self._forwarded = None
        elif (report.code, report.message) != self._forwarded:
            self._forwarded = (report.code, report.message)
            notify(report.code, report.message)

    def _report(self) -> WatchReport | None:
        """What a child of this watch reported last."""
        try:
            report = WatchReport.model_validate_json((self.folder / REPORT_NAME).read_bytes())
        except (FileNotFoundError, ValidationError):
            # None yet, or of another release: the child writes a new one.
            return None
        return report if report.pid in self._pids else None

    def _last_output(self) -> str:
        lines = (self.folder / LOG_NAME).read_text(errors="replace").strip().splitlines()
        return lines[-1][-_LONGEST_OUTPUT:] if lines else "it printed nothing"
