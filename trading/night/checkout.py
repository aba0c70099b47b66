"""The state of the checkout that the sources come from: its commit, and a digest of what differs from it."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from trading.canonical import digest_of, sha256
from trading.values import Frozen

_ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 20.0


class CheckoutState(Frozen):
    """What version control says of the sources.

    Attributes:
        commit: that is checked out; empty if the sources are no checkout, as those of a wheel.
        dirty: SHA-256 of every change since that commit, of files that it does not know included; empty if there is
            none, or nothing is known.
    """

    commit: str = ""
    dirty: str = ""


@cache
def checkout_state(root: Path = _ROOT) -> CheckoutState:
    """The commit of a checkout, and what differs from it.

    Args:
        root: the checkout, or the folder of the installed packages.
    """
    if not (root / ".git").exists():
        return CheckoutState()
    commit = _git(root, "rev-parse", "HEAD")
    changes, unknown = _git(root, "diff", "HEAD", "--binary"), _git(root, "ls-files", "--others", "--exclude-standard")
    if commit is None or changes is None or unknown is None:
        return CheckoutState()
    files = {name: sha256((root / name).read_bytes()) for name in unknown.splitlines() if (root / name).is_file()}
    dirty = digest_of({"changes": changes, "files": files}) if changes or files else ""
    return CheckoutState(commit=commit.strip(), dirty=dirty)


def _git(root: Path, *words: str) -> str | None:
    """What git prints, or None where it is not installed or refuses."""
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False, timeout=_SECONDS)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None
