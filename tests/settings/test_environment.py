from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trading.settings.environment import QUIET, defaults, prepare


@pytest.mark.usefixtures("own_environment")
def test_a_second_home_folder_replaces_what_was_set_for_the_first(tmp_path: Path) -> None:
    prepare(tmp_path / "a")
    os.environ["PREFECT_RESULTS_LOCAL_STORAGE_PATH"] = "/mine"
    prepare(tmp_path / "b")
    assert os.environ["PREFECT_HOME"] == str(tmp_path / "b" / "prefect")
    assert os.environ["PREFECT_RESULTS_LOCAL_STORAGE_PATH"] == "/mine"


@pytest.mark.usefixtures("own_environment")
def test_what_the_user_has_set_is_kept_but_the_home_folder_is_the_resolved_one(tmp_path: Path) -> None:
    os.environ["OMP_NUM_THREADS"] = "3"
    os.environ["SEVENGATES_HOME"] = "/elsewhere"
    assert prepare(tmp_path / "var") == tmp_path / "var"
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert os.environ["SEVENGATES_HOME"] == str(tmp_path / "var")


@pytest.mark.usefixtures("own_environment")
def test_every_path_lies_under_the_home_folder_which_is_made_only_when_asked(tmp_path: Path) -> None:
    paths = [value for value in defaults(tmp_path / "var").values() if value.startswith("/")]
    assert paths
    assert all(value.startswith(str(tmp_path / "var")) for value in paths)
    prepare(tmp_path / "var", create=False)
    assert not (tmp_path / "var").exists()
    prepare(tmp_path / "var")
    assert (tmp_path / "var").is_dir()


def test_the_libraries_see_that_they_must_not_phone_home(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in QUIET}
    code = (
        f"from trading.settings.environment import prepare; prepare({str(tmp_path)!r})\n"
        "from mlflow.telemetry.utils import is_telemetry_disabled\n"
        "assert is_telemetry_disabled()\n"
        "from prefect.settings import get_current_settings\n"
        "settings = get_current_settings()\n"
        "assert not settings.server.analytics_enabled\n"
        "assert settings.results.default_serializer == 'json' and settings.results.persist_by_default\n"
        f"assert str(settings.home) == {str(tmp_path / 'prefect')!r}\n"
    )
    subprocess.run([sys.executable, "-c", code], env=clean, check=True)
