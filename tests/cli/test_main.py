from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from typer import Typer

from flows.command_line import COMMANDS, main
from tests.cli.conftest import Run
from trading.errors import SevengatesError

HEAVY = ("numpy", "pydantic", "pandas", "torch", "prefect", "mlflow", "safetensors", "fsspec", "great_expectations")
TRAINING = ("prefect", "pandas", "torch", "numba", "scipy", "mlflow", "fsspec", "great_expectations", "pyarrow")
"""Packages that the live extra does not bring."""
MOST_MODULES = 400
"""Of a start-up; typer with rich's help is about 300, numpy alone would add 150."""


def test_help_loads_few_modules_and_none_that_is_heavy(root: Path) -> None:
    code = (
        "import sys\nfrom flows.command_line import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(len(sys.modules), *sys.modules, file=sys.stderr)"
    )
    # A measured process would load what measures it.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment, check=True, capture_output=True, text=True
    )
    count, *loaded = process.stderr.split()
    assert not set(HEAVY) & set(loaded)
    assert int(count) < MOST_MODULES
    assert "config" in process.stdout


def test_every_command_and_subcommand_has_help(run: Run) -> None:
    for name in COMMANDS:
        result = run(name, "--help")
        assert result.code == 0
        assert f"sevengates {name}" in result.out


def test_the_version_is_the_installed_one(run: Run) -> None:
    assert run("--version").out.strip() == f"sevengates {metadata.version('sevengates')}"


def test_an_unknown_command_or_option_is_a_usage_error(run: Run) -> None:
    assert run("nigthly").code == 2
    assert run("config", "show", "--jsn").code == 2


def test_an_error_prints_code_message_and_remedy_and_leaves_with_its_exit_code(run: Run) -> None:
    result = run("--set", "gates.min_sharp=1", "config", "show")
    assert result.code == 2
    assert result.out == ""
    assert result.err.splitlines() == [
        "CONFIG_UNKNOWN_KEY: key gates.min_sharp is unknown.",
        "Did you mean gates.min_sharpe?",
    ]


def test_with_json_an_error_is_json_too(run: Run) -> None:
    result = run("--set", "gates.min_sharp=1", "config", "show", "--json")
    assert result.code == 2
    assert result.json["error"]["code"] == "CONFIG_UNKNOWN_KEY"
    assert result.json["error"]["fields"]["nearest"] == "gates.min_sharpe"


@pytest.mark.parametrize("words", [("gates", "x"), ("models", "promote"), ("data", "facts"), ("live", "--set", "a=1")])
def test_with_json_a_wrong_option_is_json_too(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words, "--json")
    assert result.code == 2
    assert result.json["error"]["code"] == "CONFIG_INVALID"


def test_a_home_that_cannot_be_written_is_a_setting_to_change(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    result = run("models", "list")
    assert result.code == 2
    assert "cannot be written" in result.err


def test_a_set_option_without_a_value_says_how_to_write_it(run: Run) -> None:
    result = run("--set", "gates.min_sharpe", "config", "show")
    assert result.code == 2
    assert "TABLE.KEY=VALUE" in result.err


def test_a_command_whose_package_is_missing_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def needs_prefect() -> None:
        raise ModuleNotFoundError("No module named 'prefect.states'", name="prefect.states")

    monkeypatch.setattr("trading.cli.doctor.doctor", needs_prefect)
    result = run("doctor")
    assert result.code == 2
    assert "PACKAGE_MISSING: this command needs the package prefect" in result.err
    assert "sevengates[train]" in result.err


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [("nightly", 2, "PACKAGE_MISSING"), ("train", 2, "PACKAGE_MISSING"), ("status", 0, "No runner has traded yet")],
)
def test_with_the_live_extra_alone_the_runner_works_and_a_night_says_what_to_install(
    root: Path, tmp_path: Path, command: str, code: int, said: str
) -> None:
    script = (
        "import sys\n"
        f"sys.modules |= dict.fromkeys({TRAINING!r})\n"
        "from flows.command_line import main\n"
        f"main([{command!r}])\n"
    )
    environment = {**os.environ, "SEVENGATES_HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == code, ran.stderr
    assert said in ran.stdout + ran.stderr
    assert code == 0 or "pip install 'sevengates[train]'" in ran.stderr


def test_a_missing_module_of_our_own_is_not_blamed_on_the_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ModuleNotFoundError("No module named 'trading.nothing'", name="trading.nothing")

    monkeypatch.setattr("trading.cli.doctor.doctor", broken)
    with pytest.raises(ModuleNotFoundError):
        main(["doctor"])


def test_every_exit_code_is_documented(root: Path) -> None:
    page = (root / "docs" / "cli.md").read_text()
    for kind in SevengatesError.__subclasses__():
        assert f"| {kind.exit_code} |" in page, kind.__name__
    codes = [kind.exit_code for kind in SevengatesError.__subclasses__()]
    assert len(codes) == len(set(codes))


def test_every_command_is_documented(root: Path) -> None:
    page = (root / "docs" / "cli.md").read_text()
    for name, load in COMMANDS.items():
        target = load()
        parts = target.registered_commands if isinstance(target, Typer) else []
        for full in [f"{name} {part.name or getattr(part.callback, '__name__', '')}" for part in parts] or [name]:
            assert re.search(rf"^\| `sevengates {full}[` ]", page, re.MULTILINE), full
