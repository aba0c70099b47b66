"""What a stranger's tools read of this project agrees: classifiers, continuous integration, hooks, constraints."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def workflow(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / ".github/workflows/ci.yml").read_text())


@pytest.fixture(scope="module")
def hooks(root: Path) -> dict[str, dict[str, Any]]:
    configured = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())
    assert [repo["repo"] for repo in configured["repos"]] == ["local"], "a hook from elsewhere would need a network"
    return {hook["id"]: hook for repo in configured["repos"] for hook in repo["hooks"]}


def test_every_python_that_is_promised_is_tested(project: dict[str, Any], workflow: dict[str, Any]) -> None:
    name = "Programming Language :: Python :: 3."
    promised = [line.rpartition(" ")[2] for line in project["classifiers"] if line.startswith(name)]
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == promised
    assert project["requires-python"] == f">={promised[0]}"


def test_continuous_integration_may_only_read(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    assert not [name for name, job in workflow["jobs"].items() if "permissions" in job]
    for job in workflow["jobs"].values():
        assert "timeout-minutes" in job
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_no_text_of_a_stranger_is_put_into_a_command(workflow: dict[str, Any]) -> None:
    commands = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert commands
    assert not [command for command in commands if "${{" in command]


def test_continuous_integration_runs_what_a_developer_runs(root: Path, workflow: dict[str, Any]) -> None:
    targets = re.search(r"^\.PHONY: (.*)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert targets is not None
    commands = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    called = {found for command in commands for found in re.findall(r"\bmake (\w+)", command)}
    assert called >= {"setup", "docs"}
    assert called <= set(targets[1].split())
    assert ".ci/run" in commands


def test_hooks_are_tools_of_the_environment_that_setup_makes(hooks: dict[str, dict[str, Any]]) -> None:
    assert set(hooks) == {"ruff", "ruff-format", "files", "imports", "types", "commit-message"}
    for hook in hooks.values():
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")
    assert hooks["commit-message"]["stages"] == ["commit-msg"]


def test_setup_installs_no_hook(root: Path) -> None:
    assert "pre-commit install" not in (root / "Makefile").read_text()
    assert "pre-commit install" in (root / "CONTRIBUTING.md").read_text()


def test_every_extra_is_pinned(root: Path, project: dict[str, Any]) -> None:
    extras = project["optional-dependencies"]
    named = [
        *project["dependencies"],
        *(item for name in ("live", "train", "docs", "dev", "peers") for item in extras[name]),
    ]
    pinned = {line.split("==")[0] for line in (root / "constraints.txt").read_text().splitlines() if "==" in line}
    missing = {re.split(r"[\[<>=]", item)[0] for item in named} - pinned - {"sevengates"}
    assert not missing


def test_coverage_may_not_fall(root: Path) -> None:
    coverage = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["coverage"]
    assert coverage["run"]["branch"] is True
    assert coverage["report"]["fail_under"] > 0
