from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from trading.cli import checkup


def test_a_good_machine_is_ready_and_nothing_is_created(run: Run, tmp_path: Path) -> None:
    result = run("doctor", "--json")
    assert result.code == 0
    assert result.json["ready"]
    assert {check["name"] for check in result.json["checks"]} >= {"python", "home folder", "model registry"}
    assert list(tmp_path.iterdir()) == []
    assert "Ready." in run("doctor").out


def test_a_home_folder_that_cannot_be_written_is_not_ready(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    os.environ["SEVENGATES_HOME"] = str(tmp_path / "file" / "var")
    result = run("doctor")
    assert result.code == 1
    assert "SEVENGATES_HOME" in result.out


def test_an_unreachable_registry_is_not_ready_and_its_password_is_masked(run: Run) -> None:
    os.environ["SEVENGATES_RUNTIME__TRACKING_URI"] = "http://me:hunter2@127.0.0.1:9"
    result = run("doctor")
    assert result.code == 1
    assert "REGISTRY" not in result.err
    assert "hunter2" not in result.out


def test_a_file_that_is_no_database_fails_the_registry_and_ledger_checks(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"not a database, though long enough to look like one" * 100)
    assert not checkup.registry(f"sqlite:///{path}").passed
    assert not checkup.ledger(path).passed


def test_an_mlflow_database_passes(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection, connection:
        connection.execute("create table alembic_version (version_num text)")
    assert checkup.registry(f"sqlite:///{tmp_path / 'mlflow.db'}").passed


def test_a_version_that_was_not_tested_is_a_warning_that_names_both(tmp_path: Path) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("# tested\nnumpy==1.0.0\nno-such-package==1.0\n")
    result = checkup.versions(constraints)
    assert (result.passed, result.severity, result.observed) == (False, "warn", 1)
    assert "instead of 1.0.0" in result.message


def test_without_the_training_packages_the_machine_may_still_trade(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = checkup._installed
    monkeypatch.setattr(checkup, "_installed", lambda name: None if name == "prefect" else installed(name))
    runner, night = checkup.packages()
    assert runner.passed
    assert (night.passed, night.severity) == (False, "warn")
    assert "prefect" in night.message


def test_a_store_of_an_unknown_kind_fails() -> None:
    assert not checkup.store("nosuch://bucket").passed
    assert checkup.store("memory://bucket").passed
