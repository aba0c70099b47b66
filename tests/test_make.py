from __future__ import annotations

import re
import subprocess
from pathlib import Path


def dry(root: Path, *arguments: str) -> str:
    """What make would run, as if the environment were set up."""
    command = ["make", "-n", "-o", ".venv/.ready", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


def test_help_lists_every_target(root: Path) -> None:
    makefile = (root / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert targets is not None
    shown = subprocess.run(["make", "help"], cwd=root, check=True, capture_output=True, text=True).stdout
    for target in targets[1].split():
        assert re.search(rf"^  make {target} +\S", shown, re.MULTILINE)


def test_nightly_passes_its_variables_on_only_when_they_are_given(root: Path) -> None:
    assert dry(root, "nightly").replace("\\", "").split()[-2:] == [".venv/bin/sevengates", "nightly"]
    shown = dry(root, "nightly", "AS_OF=2024-03-05", "SOURCE=csv:a b.csv", "SYMBOL=BTCUSDT")
    assert "--as-of '2024-03-05' --source 'csv:a b.csv'" in shown
    assert "--symbol 'BTCUSDT'" in shown


def test_nightly_and_test_set_up_the_environment_themselves(root: Path) -> None:
    for target in ("nightly", "test"):
        shown = subprocess.run(
            ["make", "-n", "VENV=/nonexistent/venv", target], cwd=root, check=True, capture_output=True, text=True
        ).stdout
        assert "-e '.[dev]' -c constraints.txt" in shown


def test_docs_writes_what_is_generated_before_it_builds_the_site(root: Path) -> None:
    commands = dry(root, "docs")
    order = [
        commands.index(part) for part in ("sevengates config docs docs", "trading.registry.assets", "mkdocs build")
    ]
    assert order == sorted(order)


def test_commits_are_checked_since_a_base(root: Path) -> None:
    assert "tools.commits since 'origin/main'" in dry(root, "commits")
    assert "tools.commits since 'HEAD~3'" in dry(root, "commits", "BASE=HEAD~3")


def test_mutation_takes_a_sample_and_can_start_afresh(root: Path) -> None:
    assert "tools.mutation --sample '0'" in dry(root, "mutation")
    assert "--fresh" not in dry(root, "mutation")
    assert "tools.mutation --sample '60' --fresh" in dry(root, "mutation", "SAMPLE=60", "FRESH=1")
    one = dry(root, "mutation", "ROOM=gates", "FRESH=1")
    assert "Mutation of trading.gates" in one
    assert "tools.mutation --sample '0' --room 'trading.gates' --fresh" in one


def test_a_release_is_named_and_can_be_tried(root: Path) -> None:
    assert "tools.release '0.2.0' --dry-run" in dry(root, "release", "VERSION=0.2.0", "DRY_RUN=1")
    assert "--dry-run" not in dry(root, "release", "VERSION=0.2.0")
    unnamed = subprocess.run(
        ["make", "-o", ".venv/.ready", "release"], cwd=root, capture_output=True, text=True, check=False
    )
    assert unnamed.returncode != 0
    assert "make release VERSION=x.y.z" in unnamed.stderr


def test_golden_hands_its_reason_on_through_the_environment(root: Path) -> None:
    assert '-m tools.golden --reason "$REASON"' in dry(root, "golden")
    assert dry(root, "golden", "ONLY=release-0.1 sim-small").rstrip().endswith("release-0.1 sim-small")
