from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import commits

GOOD = "Hold commit messages to the rule\n\nA subject that is cut off in every list says nothing.\n"


def faults(message: str) -> str:
    return " ".join(commits.faults(message))


def test_a_short_subject_with_a_body_keeps_the_rule() -> None:
    assert faults(GOOD) == ""
    assert faults("x" * 72 + "\n\nWhy.") == ""


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("", "empty"),
        ("x" * 73 + "\n\nWhy.", "73 characters"),
        ("Say why.\n\nWhy.", "full stop"),
        ("Say why\nat once\n", "second line"),
        ("Say why\n", "no body"),
        ("Say why\n\n", "no body"),
        ("Say why\n\n" + "word " * 15, "wrap it at 72"),
    ],
)
def test_a_fault_is_named(message: str, fault: str) -> None:
    assert fault in faults(message)


def test_an_address_that_cannot_be_wrapped_may_be_long() -> None:
    assert faults("Say why\n\nSee\nhttps://" + "long/" * 20) == ""


@pytest.mark.parametrize("subject", ["Merge branch 'x'", 'Revert "x"', "fixup! Say why", "squash! Say why"])
def test_messages_that_git_writes_are_left_alone(subject: str) -> None:
    assert faults(subject) == ""


def test_the_hook_judges_only_what_the_author_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "COMMIT_EDITMSG"
    file.write_text(
        f"{GOOD}# {'x' * 100} is a comment of git\n{commits.SCISSORS}\ndiff --git a/{'x' * 80} b and more\n"
    )
    assert commits.main(["message", str(file)]) == 0
    file.write_text("# only a comment\n")
    assert commits.main(["message", str(file)]) == 1
    assert "empty" in capsys.readouterr().err


def test_every_commit_since_the_base_is_judged_and_none_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    def commit(message: str) -> None:
        git("commit", "--allow-empty", "--no-verify", "-m", message)

    git("init", "-b", "main")
    commit("an old one without a body")
    git("tag", "base")
    commit(GOOD)
    monkeypatch.chdir(tmp_path)
    assert commits.main(["since", "base"]) == 0
    commit("A new one without a body")
    assert commits.main(["since", "base"]) == 1
    shown = capsys.readouterr().err
    assert shown.count("no body") == 1
    assert "CONTRIBUTING.md" in shown


def test_a_base_that_is_not_there_ends_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init"], cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.chdir(tmp_path)
    assert commits.main(["since", "origin/main"]) == 2
    shown = capsys.readouterr().err
    assert "git cannot list the commits since 'origin/main'" in shown
    assert "make commits BASE=<commit>" in shown
