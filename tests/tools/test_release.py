from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import release
from tools.release import ReleaseError, check, check_newer, unreleased, version_in, with_release, with_version
from tools.wheel_night import WheelError

PROJECT = '[project]\nname = "sevengates"\nversion = "0.1.0"\n\n[tool.other]\nminimum_version = "0.1.0"\n'
CHANGELOG = "# Changelog\n\n## Unreleased\n\n- A new gate.\n\n## 0.1.0 (2026-11-01)\n\n- The first.\n"


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-b", "main")
    for key, value in {"user.name": "a", "user.email": "a@b.example", "commit.gpgsign": "false"}.items():
        git(folder, "config", key, value)
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "CHANGELOG.md").write_text(CHANGELOG)
    git(folder, "add", ".")
    git(folder, "commit", "-m", "Begin")
    git(folder, "tag", "v0.1.0")
    return folder


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that takes no time; the night from the wheel is each test's own."""

    def quick(root: Path, version: str) -> tuple[Path, Path]:
        assert version_in((root / "pyproject.toml").read_text()) == version
        return root / "dist" / "sdist", root / "dist" / "wheel"

    monkeypatch.setattr(release, "build", quick)


def test_the_entries_of_a_release_are_those_under_unreleased() -> None:
    assert unreleased(CHANGELOG) == "- A new gate."
    assert unreleased("# Changelog\n\n## Unreleased\n") == ""
    with pytest.raises(ReleaseError, match="has 0"):
        unreleased("# Changelog\n")


def test_a_release_takes_the_entries_and_leaves_an_empty_section() -> None:
    after = with_release(CHANGELOG, "0.2.0", "2026-12-01")
    assert "## Unreleased\n\n## 0.2.0 (2026-12-01)\n\n- A new gate.\n\n## 0.1.0 (2026-11-01)" in after
    assert unreleased(after) == ""


def test_the_version_changes_in_one_place() -> None:
    after = with_version(PROJECT, "0.2.0")
    assert version_in(after) == "0.2.0"
    assert after.replace('\nversion = "0.2.0"', '\nversion = "0.1.0"') == PROJECT
    with pytest.raises(ReleaseError, match="one line"):
        with_version(PROJECT + 'version = "3"\n', "0.2.0")


def test_the_project_itself_could_be_released(root: Path) -> None:
    """What the release rewrites has the form that it expects."""
    project = (root / "pyproject.toml").read_text()
    assert version_in(with_version(project, "99.0.0")) == "99.0.0"
    unreleased((root / "CHANGELOG.md").read_text())


@pytest.mark.parametrize("version", ["0.2", "v0.2.0", "0.2.0rc1", "0.02.0", "next", ""])
def test_only_three_numbers_are_a_version(version: str) -> None:
    with pytest.raises(ReleaseError, match=r"form x\.y\.z"):
        check_newer(version, "0.1.0", [])


def test_a_version_follows_every_release_by_number_not_by_text() -> None:
    check_newer("0.10.0", "0.9.0", ["v0.9.0"])
    check_newer("0.1.0", "0.1.0", [])
    for version, current, tags in [("0.1.0", "0.1.0", ["v0.1.0"]), ("0.9.0", "0.9.0", ["v0.10.0"])]:
        with pytest.raises(ReleaseError, match="not newer"):
            check_newer(version, current, tags)
    with pytest.raises(ReleaseError, match="is older than"):
        check_newer("0.2.0", "0.3.0", ["v0.1.0"])


def test_a_release_needs_the_main_branch_a_clean_checkout_and_entries(checkout: Path) -> None:
    assert check(checkout, "0.2.0") == "- A new gate."
    (checkout / "new.txt").write_text("")
    with pytest.raises(ReleaseError, match=r"(?s)not clean.*new\.txt"):
        check(checkout, "0.2.0")
    (checkout / "new.txt").unlink()
    git(checkout, "switch", "-c", "other")
    with pytest.raises(ReleaseError, match="this is other"):
        check(checkout, "0.2.0")
    git(checkout, "switch", "main")
    (checkout / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n")
    git(checkout, "commit", "-am", "Empty")
    with pytest.raises(ReleaseError, match="nothing under"):
        check(checkout, "0.2.0")


def test_a_dry_run_changes_nothing(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = git(checkout, "rev-parse", "HEAD")
    assert release.main(["0.2.0", "--dry-run"], root=checkout) == 0
    assert "- A new gate." in capsys.readouterr().out
    assert (git(checkout, "rev-parse", "HEAD"), git(checkout, "tag")) == (before, "v0.1.0")
    assert git(checkout, "status", "--porcelain") == ""


def test_a_refusal_says_why_and_ends_with_one(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main(["0.1.0"], root=checkout) == 1
    assert "No release: 0.1.0 is not newer" in capsys.readouterr().err


@pytest.mark.usefixtures("built")
def test_what_is_tagged_has_run_a_night(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tags_during_the_night: list[str] = []

    def night(wheel: Path, *, torch_index: str) -> str:
        tags_during_the_night.append(git(checkout, "tag"))
        return f"{wheel.name} with {torch_index}"

    monkeypatch.setattr(release, "night_from", night)
    assert release.main(["0.2.0", "--torch-index", "https://torch.example"], root=checkout) == 0
    assert tags_during_the_night == ["v0.1.0"]
    assert git(checkout, "cat-file", "-t", "v0.2.0") == "tag"
    assert "- A new gate." in git(checkout, "tag", "-l", "--format=%(contents)", "v0.2.0")
    assert git(checkout, "log", "-1", "--format=%s") == "Release 0.2.0"
    assert version_in(git(checkout, "show", "v0.2.0:pyproject.toml")) == "0.2.0"
    assert git(checkout, "status", "--porcelain") == ""
    shown = capsys.readouterr().out
    assert "wheel with https://torch.example" in shown
    assert "git push --atomic origin main v0.2.0" in shown


@pytest.mark.usefixtures("built")
def test_a_night_that_fails_leaves_no_tag_and_says_how_to_go_back(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = git(checkout, "rev-parse", "HEAD")

    def night(wheel: Path, *, torch_index: str) -> str:
        raise WheelError("the wheel lacks flows.")

    monkeypatch.setattr(release, "night_from", night)
    assert release.main(["0.2.0"], root=checkout) == 1
    assert git(checkout, "tag") == "v0.1.0"
    shown = capsys.readouterr().err
    assert "lacks flows" in shown
    assert f"git reset --hard {before}" in shown
