from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from trading.cli.services import Service, running
from trading.codes import ReasonCode
from trading.errors import SevengatesError


@pytest.fixture
def port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def web(port: int, tmp_path: Path) -> Service:
    command = (sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path))
    return Service("Web", command, "127.0.0.1", port, "/")


def script(port: int, code: str) -> Service:
    return Service("Web", (sys.executable, "-c", code), "127.0.0.1", port, "/")


def is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_service_answers_inside_the_block_and_is_gone_after_it(web: Service, tmp_path: Path) -> None:
    with running([web], tmp_path / "logs"), urllib.request.urlopen(web.address) as response:
        assert response.status == 200
    assert is_free(web.port)


def test_a_port_in_use_is_refused_before_anything_starts(web: Service, tmp_path: Path) -> None:
    taken = socket.create_server(("127.0.0.1", web.port))
    with closing(taken), pytest.raises(SevengatesError) as caught, running([web], tmp_path):
        pass
    assert caught.value.code is ReasonCode.SERVICE_FAILED
    assert "--web-port" in caught.value.remedy


def test_a_service_that_dies_at_start_is_named_with_its_last_words(port: int, tmp_path: Path) -> None:
    dying = script(port, "import sys; sys.exit('the database is locked')")
    with pytest.raises(SevengatesError, match="the database is locked") as caught, running([dying], tmp_path):
        pass
    assert "web.log" in caught.value.remedy


def test_when_the_second_service_fails_the_first_is_stopped(web: Service, port: int, tmp_path: Path) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        other = int(probe.getsockname()[1])
    with pytest.raises(SevengatesError), running([web, script(other, "raise SystemExit(1)")], tmp_path):
        pass
    assert is_free(port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_or_sigterm_ends_the_wait_quietly(web: Service, tmp_path: Path, number: int) -> None:
    with running([web], tmp_path) as group:
        threading.Timer(0.3, os.kill, (os.getpid(), number)).start()
        group.wait()
    assert is_free(web.port)


def test_ctrl_c_ends_the_wait_also_where_the_shell_had_it_ignored(web: Service, tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with running([web], tmp_path) as group:
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
            group.wait()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_service_that_stops_by_itself_ends_the_wait_with_an_error(port: int, tmp_path: Path) -> None:
    code = (
        "import http.server as h, threading as t; s = h.HTTPServer(('127.0.0.1', %d), h.SimpleHTTPRequestHandler); "
        "t.Timer(1.0, s.shutdown).start(); s.serve_forever()"
    )
    service = script(port, code % port)
    with pytest.raises(SevengatesError, match="stopped with exit code 0"), running([service], tmp_path) as group:
        group.wait()


def test_workers_that_ignore_the_polite_signal_do_not_outlive_the_service(port: int, tmp_path: Path) -> None:
    code = (
        "import os, signal, time, http.server as h\n"
        "if os.fork() == 0:\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"    open({str(tmp_path / 'worker')!r}, 'w').write(str(os.getpid()))\n"
        "    time.sleep(60)\n"
        f"h.HTTPServer(('127.0.0.1', {port}), h.SimpleHTTPRequestHandler).serve_forever()\n"
    )
    with running([script(port, code)], tmp_path):
        _until(lambda: (tmp_path / "worker").exists() and (tmp_path / "worker").read_text() != "")
    worker = int((tmp_path / "worker").read_text())
    _until(lambda: not _alive(worker))


def _alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def _until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
