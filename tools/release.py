"""Cuts a release: checks, changelog, version, commit, sdist and wheel, a night from the wheel, tag. It pushes nothing.

Run by ``make release VERSION=x.y.z`` in a clean checkout of main. The tag comes last: what is tagged has run.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tools.wheel_night import WheelError, night_from

ROOT = Path(__file__).resolve().parent.parent
BRANCH = "main"
UNRELEASED = "## Unreleased"

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_VERSION_LINE = re.compile(r'^version = "[^"]*"$', re.MULTILINE)


class ReleaseError(Exception):
    """Why there is no release, and what to do."""


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Cut the release that the arguments name, or say why not.

    Args:
        arguments: of the command line; by default those of this process.
        root: the checkout.

    Returns:
        How the process ends.
    """
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("version", help="x.y.z")
    parser.add_argument("--dry-run", action="store_true", help="check everything, change nothing")
    parser.add_argument("--torch-index", default="", help="an index of CPU wheels of torch")
    given = parser.parse_args(arguments)
    try:
        entries = check(root, given.version)
        if given.dry_run:
            print(
                f"{given.version} can be released. Its entries in the changelog:\n\n{entries}\n\nNothing was changed."
            )
        else:
            release(root, given.version, entries, torch_index=given.torch_index)
    except ReleaseError as error:
        print(f"No release: {error}", file=sys.stderr)
        return 1
    return 0


def check(root: Path, version: str) -> str:
    """Check that a version can be released from here.

    Args:
        root: the checkout.
        version: the version to be.

    Returns:
        Its entries in the changelog.

    Raises:
        ReleaseError: if it cannot.
    """
    branch = git(root, "rev-parse", "--abbrev-ref", "HEAD")
    if branch != BRANCH:
        raise ReleaseError(f"a release is cut on {BRANCH}, this is {branch}. Merge first.")
    changed = git(root, "status", "--porcelain")
    if changed:
        raise ReleaseError(f"the checkout is not clean. Commit or remove:\n{changed}")
    check_newer(version, version_in((root / "pyproject.toml").read_text()), git(root, "tag", "--list", "v*").split())
    entries = unreleased((root / "CHANGELOG.md").read_text())
    if not entries:
        raise ReleaseError(f"CHANGELOG.md has nothing under {UNRELEASED}. Say there what users will notice.")
    return entries


def release(root: Path, version: str, entries: str, *, torch_index: str = "") -> None:
    """Commit, build, run a night from the wheel, tag.

    Args:
        root: a checkout that :func:`check` has passed.
        version: the version to be.
        entries: its entries in the changelog.
        torch_index: an index of CPU wheels of torch; empty for pip's own.

    Raises:
        ReleaseError: if a step fails. Nothing is tagged then, and the message says how to undo the commit.
    """
    before = git(root, "rev-parse", "HEAD")
    day = datetime.now(UTC).date().isoformat()
    project, changelog = root / "pyproject.toml", root / "CHANGELOG.md"
    project.write_text(with_version(project.read_text(), version))
    changelog.write_text(with_release(changelog.read_text(), version, day))
    try:
        git(root, "add", project.name, changelog.name)
        git(root, "commit", "-q", "-m", f"Release {version}", "-m", "The changelog says what changed for users.")
        built = build(root, version)
        say(f"Running a night from {built[-1].name} in a fresh environment; this takes some minutes")
        say(night_from(built[-1], torch_index=torch_index))
        git(root, "tag", "-a", f"v{version}", "-m", f"Sevengates {version}", "-m", entries, "--cleanup=whitespace")
    except (ReleaseError, WheelError) as error:
        raise ReleaseError(f"{error}\nNothing is tagged. To undo the commit: git reset --hard {before}") from error
    say(f"Released {version}: tag v{version}, {' and '.join(str(path.relative_to(root)) for path in built)}")
    say(f"Nothing was pushed. When it is right: git push --atomic origin {BRANCH} v{version}")


def build(root: Path, version: str) -> tuple[Path, Path]:
    """Build the sdist, and the wheel from the sdist, so that the sdist is known to be whole.

    Args:
        root: the checkout, clean.
        version: what it says it is.

    Returns:
        The sdist and the wheel, in ``dist/``.

    Raises:
        ReleaseError: if the build fails or makes something else.
    """
    say("Building sdist and wheel")
    run(root, sys.executable, "-m", "build", "--outdir", "dist")
    built = root / "dist" / f"sevengates-{version}.tar.gz", root / "dist" / f"sevengates-{version}-py3-none-any.whl"
    missing = [str(path) for path in built if not path.is_file()]
    if missing:
        raise ReleaseError(f"the build did not make {', '.join(missing)}.")
    return built


def check_newer(version: str, current: str, tags: Sequence[str]) -> None:
    """Check that a version is one and follows all that came before.

    Args:
        version: the version to be.
        current: what pyproject.toml says now; it may be this version, if that was never tagged.
        tags: of earlier releases, such as ``v0.1.0``.

    Raises:
        ReleaseError: if it is not.
    """
    wanted = numbers(version)
    released = [tag for tag in tags if _VERSION.fullmatch(tag.removeprefix("v")) and numbers(tag[1:]) >= wanted]
    if released:
        raise ReleaseError(f"{version} is not newer than the release {released[-1]}. Name a higher version.")
    if wanted < numbers(current):
        raise ReleaseError(f"{version} is older than {current} in pyproject.toml. Name a higher version.")


def numbers(version: str) -> tuple[int, int, int]:
    """A version as numbers that can be compared.

    Args:
        version: of the form x.y.z.

    Raises:
        ReleaseError: if it is not of the form x.y.z.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        raise ReleaseError(f"{version!r} is no version of the form x.y.z, such as 0.2.0.")
    return int(found[1]), int(found[2]), int(found[3])


def version_in(pyproject: str) -> str:
    """The version that a pyproject.toml states.

    Args:
        pyproject: text of the file.
    """
    return str(tomllib.loads(pyproject)["project"]["version"])


def with_version(pyproject: str, version: str) -> str:
    """A pyproject.toml with another version, and nothing else changed.

    Args:
        pyproject: text of the file.
        version: the new one, of the form x.y.z.

    Raises:
        ReleaseError: if the version is not stated on exactly one line.
    """
    changed, lines = _VERSION_LINE.subn(f'version = "{version}"', pyproject)
    if lines != 1 or version_in(changed) != version:
        raise ReleaseError('pyproject.toml should have one line `version = "..."`, in [project].')
    return changed


def unreleased(changelog: str) -> str:
    """What a changelog says of the next version; empty if nothing.

    Args:
        changelog: text of CHANGELOG.md.

    Raises:
        ReleaseError: if it has no such section, or two.
    """
    parts = re.split(rf"^{UNRELEASED}$", changelog, flags=re.MULTILINE)
    if len(parts) != 2:
        raise ReleaseError(f"CHANGELOG.md should have one section {UNRELEASED}, and has {len(parts) - 1}.")
    return re.split(r"^## ", parts[1], flags=re.MULTILINE)[0].strip()


def with_release(changelog: str, version: str, day: str) -> str:
    """A changelog whose unreleased entries belong to a version, under an empty section for the next.

    Args:
        changelog: the text, with one section of unreleased entries.
        version: the version to be.
        day: of its release, as YYYY-MM-DD.
    """
    return re.sub(rf"^{UNRELEASED}$", f"{UNRELEASED}\n\n## {version} ({day})", changelog, count=1, flags=re.MULTILINE)


def git(root: Path, *arguments: str) -> str:
    """What a git command prints, without the line end.

    Args:
        root: the checkout.
        *arguments: of git.

    Raises:
        ReleaseError: if it fails.
    """
    return run(root, "git", *arguments).rstrip("\n")


def run(root: Path, *command: str) -> str:
    """What a command prints when it is run in the checkout.

    Args:
        root: the checkout.
        *command: the program and its arguments.

    Raises:
        ReleaseError: if it fails; its output ends the message.
    """
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ReleaseError(f"{' '.join(command)[:200]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def say(line: str) -> None:
    """Tell how far the release is.

    Args:
        line: what is done next, without a line end.
    """
    print(f"==> {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
