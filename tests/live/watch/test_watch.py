from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.live.support import bundle_of, pointer_to
from trading.codes import ReasonCode
from trading.errors import ConfigError, LiveError
from trading.live.watch.pointer import POINTER_NAME, PointerFile, write_pointer
from trading.live.watch.watch import REPORT_NAME, ModelWatch, WatchReport

REPORTING = """
import json, os, sys
from pathlib import Path
path = Path({path!r})
path.with_suffix(".new").write_text(json.dumps({{"pid": os.getpid(), **{report!r}}}))
path.with_suffix(".new").rename(path)
{then}
"""
UNTIL_TOLD = "sys.stdin.read()"


def child(folder: Path, report: Mapping[str, object] | None = None, then: str = UNTIL_TOLD) -> list[str]:
    """A child of the watch that reports once, then does something."""
    path = str(folder / REPORT_NAME)
    code = f"import sys\n{then}" if report is None else REPORTING.format(path=path, report=report, then=then)
    return [sys.executable, "-c", code]


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


class Notes(list[tuple[ReasonCode, str]]):
    def __call__(self, code: ReasonCode, message: str) -> None:
        self.append((code, message))


def test_a_pointer_is_read_again_only_when_it_was_replaced(folder: Path) -> None:
    first, second = bundle_of(folder, 1), bundle_of(folder, 2)
    source = PointerFile(folder / POINTER_NAME)
    assert source.current() is None
    write_pointer(folder / POINTER_NAME, pointer_to(first, 1))
    assert source.current() == pointer_to(first, 1)
    assert source.current() is source.current()
    write_pointer(folder / POINTER_NAME, pointer_to(second, 2))
    assert source.current() == pointer_to(second, 2)
    (folder / POINTER_NAME).unlink()
    assert source.current() is None


def test_the_runner_waits_for_the_first_report_and_then_finds_the_pointer(folder: Path) -> None:
    bundle, notes = bundle_of(folder, 1), Notes()
    write_pointer(folder / POINTER_NAME, pointer_to(bundle, 1))
    with ModelWatch(child(folder, {"message": "m version 1"}), folder) as watch:
        watch.wait_for_model(10.0, notes)
        assert watch.current() == pointer_to(bundle, 1)
    assert notes == []


def test_no_model_in_time_is_an_error_that_says_what_the_watch_said(folder: Path) -> None:
    report = {"code": "NO_MODEL", "message": "the registry has no champion of m."}
    with (
        ModelWatch(child(folder, report), folder) as watch,
        pytest.raises(LiveError, match="no champion of m") as error,
    ):
        watch.wait_for_model(0.5, Notes())
    assert error.value.code is ReasonCode.NO_MODEL


def test_a_registry_that_does_not_answer_leaves_the_model_of_the_last_run(folder: Path) -> None:
    bundle, notes = bundle_of(folder, 1), Notes()
    write_pointer(folder / POINTER_NAME, pointer_to(bundle, 1))
    report = {"code": "REGISTRY_UNREACHABLE", "message": "http://nowhere: refused."}
    with ModelWatch(child(folder, report), folder) as watch:
        watch.wait_for_model(10.0, notes)
        assert watch.current() == pointer_to(bundle, 1)
        watch.supervise(notes)
    assert notes == [(ReasonCode.REGISTRY_UNREACHABLE, "http://nowhere: refused.")]


def test_a_report_of_an_earlier_child_is_no_news(folder: Path) -> None:
    old = WatchReport(pid=os.getpid(), message="m version 1")
    (folder / REPORT_NAME).write_text(old.model_dump_json())
    with ModelWatch(child(folder), folder) as watch, pytest.raises(LiveError, match="reported nothing"):
        watch.wait_for_model(0.3, Notes())


def test_a_crashed_child_is_started_again_after_a_pause_and_noted(folder: Path) -> None:
    notes, started = Notes(), folder / "started"
    then = f"open({str(started)!r}, 'a').write('x'); sys.exit('it broke')"
    with ModelWatch(child(folder, None, then), folder) as watch:
        until(lambda: watch.supervise(notes) is None and len(notes) == 1)
        assert len(started.read_text()) == 1
        until(lambda: watch.supervise(notes) is None and len(notes) == 2)
        assert len(started.read_text()) == 2
    assert notes[0] == (
        ReasonCode.WATCH_STOPPED,
        "the model watch ended with code 1, next start in 1 s: it broke",
    )
    assert "next start in 2 s" in notes[1][1]


def test_a_child_that_can_never_work_here_says_what_to_install_and_is_not_started_again(folder: Path) -> None:
    report = {"code": "PACKAGE_MISSING", "message": "mlflow-skinny cannot.", "remedy": "Install it.", "fatal": True}
    with ModelWatch(child(folder, report, "sys.exit(2)"), folder) as watch:
        with pytest.raises(ConfigError, match="Install it"):
            watch.wait_for_model(10.0, Notes())
        notes = Notes()
        until(lambda: watch.supervise(notes) is None and watch._child is None)
        time.sleep(1.2)
        watch.supervise(notes)
        assert watch._child is None
        assert [code for code, _ in notes] == [ReasonCode.PACKAGE_MISSING]


def test_the_same_trouble_is_noted_once_and_again_when_it_comes_back(folder: Path) -> None:
    notes = Notes()
    with ModelWatch(child(folder), folder) as watch:
        for code in ("REGISTRY_UNREACHABLE", "REGISTRY_UNREACHABLE", "OK", "REGISTRY_UNREACHABLE"):
            assert watch._child is not None
            report = {"pid": watch._child.pid, "code": code, "message": "x"}
            (folder / "new").write_text(json.dumps(report))
            (folder / "new").rename(folder / REPORT_NAME)
            time.sleep(0.02)
            watch.supervise(notes)
    assert [code for code, _ in notes] == [ReasonCode.REGISTRY_UNREACHABLE] * 2


def test_the_child_ends_when_the_watch_is_closed_and_when_its_parent_dies(folder: Path, root: Path) -> None:
    from subprocess import PIPE, Popen

    with ModelWatch(child(folder), folder) as watch:
        inner = watch._child
        assert inner is not None
        assert inner.poll() is None
    assert inner.returncode == 0
    command = [sys.executable, "-m", "trading.live.watch.child", "--tracking-uri", f"sqlite:///{folder}/none.db"]
    with Popen([*command, "--model", "m", "--out", str(folder), "--poll", "60"], cwd=root, stdin=PIPE) as real:
        until((folder / REPORT_NAME).exists, 60.0)
        assert real.stdin is not None
        # The kernel closes the pipe of a parent that dies.
        real.stdin.close()
        assert real.wait(20.0) == 0
    report = WatchReport.model_validate_json((folder / REPORT_NAME).read_bytes())
    assert report.code is ReasonCode.NO_MODEL
    assert not (folder / "none.db").exists()
