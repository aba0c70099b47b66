"""The folders keep out of each other's way and out of the libraries'."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

OWN = ("flows", "tasks", "trading", "envs")


def test_the_mlflow_folder_holds_no_python(root: Path) -> None:
    assert not [path.name for path in (root / "mlflow").rglob("*") if path.suffix in (".py", ".pyc", ".pyi", ".so")]


@pytest.mark.parametrize("how", [("-c",), ("-m", "timeit", "-n", "1", "-r", "1")], ids=["python -c", "python -m"])
def test_import_mlflow_finds_the_library_from_the_root_of_the_checkout(root: Path, how: tuple[str, ...]) -> None:
    code = "import importlib.util as u; origin = u.find_spec('mlflow').origin; assert 'site-packages' in origin, origin"
    subprocess.run([sys.executable, *how, code], cwd=root, check=True, capture_output=True)


def test_import_mlflow_in_this_pytest_is_the_library(root: Path) -> None:
    import mlflow

    assert mlflow.__file__ is not None
    assert root / "mlflow" not in Path(mlflow.__file__).parents
    assert mlflow.__version__ == metadata.version("mlflow")


def test_no_test_folder_is_named_like_a_library(root: Path) -> None:
    folders = {path.name for path in (root / "tests").rglob("*") if path.is_dir()}
    assert not folders & _libraries()
    # Only what tests share is a package; the files of tests are imported by their paths.
    assert [path.parent.name for path in (root / "tests").rglob("__init__.py")] == ["support"]


def test_no_flow_file_shadows_a_library_when_prefect_puts_its_folder_first(root: Path) -> None:
    names = {path.stem for path in (root / "flows").glob("*.py")} - {"__init__"}
    assert not names & (_libraries() | set(sys.stdlib_module_names) | set(OWN))


def test_a_wheel_holds_our_packages_and_the_data_of_mlflow_inside_them(root: Path) -> None:
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(wheel["only-include"]) == {*OWN, "mlflow"}
    assert wheel["sources"] == {"mlflow": "trading/registry/assets"}


def test_prefects_server_imports_with_the_installed_fastapi(root: Path) -> None:
    subprocess.run([sys.executable, "-c", "import prefect.server.api.server"], cwd=root, check=True)


def test_tests_run_with_telemetry_off_and_one_thread_a_library() -> None:
    expected = {
        "DO_NOT_TRACK": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "GX_ANALYTICS_ENABLED": "false",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
        "OMP_NUM_THREADS": "1",
    }
    assert {name: os.environ.get(name) for name in expected} == expected


def _libraries() -> set[str]:
    return set(metadata.packages_distributions()) - set(OWN) - {"tests", "docs", "bench"}
