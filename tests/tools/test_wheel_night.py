from __future__ import annotations

import os
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tools.wheel_night import QUICK_SETTINGS, ROOT, FreshInstall, WheelError, check_place, install
from trading.settings.loader import load_settings


def test_the_quick_settings_are_settings_of_this_release(tmp_path: Path) -> None:
    file = tmp_path / "sevengates.toml"
    file.write_text(QUICK_SETTINGS)
    assert load_settings(file).market.history_bars == 5_000


def test_a_wheel_is_never_tried_inside_the_checkout() -> None:
    with pytest.raises(WheelError, match="in the checkout"):
        install(Path("any.whl"), ROOT / "var" / "wheel", torch_index="")


@pytest.fixture
def fresh(tmp_path: Path) -> FreshInstall:
    """An environment that has nothing."""
    venv.create(tmp_path / "venv", symlinks=True)
    return FreshInstall(tmp_path)


def test_commands_there_know_nothing_of_this_process(fresh: FreshInstall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("SEVENGATES_HOME", "here")
    code = (
        "import os, sys; print(sys.prefix, os.getcwd(), sorted(n for n in os.environ if n.startswith(('SEV', 'PY'))))"
    )
    prefix, folder, names = fresh.run("python", "-c", code).split(maxsplit=2)
    assert os.path.realpath(prefix) == os.path.realpath(fresh.folder / "venv") != os.path.realpath(sys.prefix)
    assert os.path.realpath(folder) == os.path.realpath(fresh.folder)
    assert "SEVENGATES_HOME" not in names
    assert "PYTHONPATH" not in names


def test_a_command_that_fails_is_shown_with_its_output(fresh: FreshInstall) -> None:
    with pytest.raises(WheelError, match=r"(?s)ended with 3.*what happened"):
        fresh.run("python", "-c", "import sys; print('what happened'); sys.exit(3)")


def test_an_environment_without_our_packages_is_refused(fresh: FreshInstall) -> None:
    with pytest.raises(WheelError, match="No module named 'trading'"):
        check_place(fresh)


def test_packages_that_come_from_elsewhere_are_named(fresh: FreshInstall) -> None:
    site = next((fresh.folder / "venv" / "lib").glob("python*/site-packages"))
    (site / "checkout.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    with pytest.raises(WheelError, match=r"flows/__init__\.py"):
        check_place(fresh)
