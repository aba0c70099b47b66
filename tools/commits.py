"""Holds commit messages to the rule: a short subject without a full stop, an empty line, a body that says why.

Run as ``python -m tools.commits message FILE`` by the commit-msg hook, and as ``python -m tools.commits since BASE`` by
``make commits``. Git's own merges and reverts, and commits that a rebase will squash, are left alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

REMEDY = "Name the commit before the first that is yours: make commits BASE=<commit>"
WIDTH = 72
SCISSORS = "# ------------------------ >8 ------------------------"

_EXEMPT = ("Merge ", "Revert ", "fixup! ", "squash! ", "amend! ")


class BaseError(Exception):
    """There is no base to look back to."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one message or every commit since a base; print each fault and return how the process ends.

    Args:
        arguments: of the command line, without the program; None takes those of this process.

    Returns:
        0 if every message keeps the rule, 1 if one does not, 2 if there is no such base.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.commits", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("message", help="one message, as Git gives it to a hook").add_argument("file", type=Path)
    commands.add_parser("since", help="every commit that BASE does not have").add_argument("base")
    given = parser.parse_args(arguments)
    if given.command == "message":
        messages = {"this message": written(given.file.read_text())}
    else:
        try:
            messages = messages_since(given.base)
        except BaseError as error:
            print(f"No commit was checked: {error}\n{REMEDY}", file=sys.stderr)
            return 2
    found = [f"{name}: {fault}" for name, message in messages.items() for fault in faults(message)]
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print("CONTRIBUTING.md says how a commit should read.", file=sys.stderr)
    return 1 if found else 0


def faults(message: str) -> Iterator[str]:
    """What is wrong with a message, one sentence for each fault; nothing if it keeps the rule.

    Args:
        message: as it is kept, without comments; merges, reverts and the like are exempt by their first word.
    """
    lines = message.strip().splitlines()
    subject = lines[0] if lines else ""
    if subject.startswith(_EXEMPT):
        return
    if not subject:
        yield "it is empty."
        return
    if len(subject) > WIDTH:
        yield f"its subject has {len(subject)} characters, at most {WIDTH} are allowed. Say the rest in the body."
    if subject.endswith("."):
        yield "its subject ends with a full stop. Leave it out."
    if len(lines) > 1 and lines[1]:
        yield "its second line is not empty. Git takes the first paragraph for the subject."
    body = [line for line in lines[1:] if line]
    if not body:
        yield "it has no body. Say why the change is made, after an empty line."
    for line in body:
        if len(line) > WIDTH and " " in line.strip():
            yield f"a line of its body has {len(line)} characters, wrap it at {WIDTH}: {line[:40]}..."


def written(text: str) -> str:
    """What the author wrote of a message file: without Git's comments and the diff below its scissors.

    Args:
        text: the file that Git gives to a hook, comments and diff included.
    """
    lines = text.partition(SCISSORS)[0].splitlines()
    return "\n".join(line.rstrip() for line in lines if not line.startswith("#")).strip()


def messages_since(base: str) -> dict[str, str]:
    """Messages by short commit id, oldest first, of every commit that ``base`` does not have.

    Args:
        base: a branch, tag or commit.

    Raises:
        BaseError: if git cannot list them: there is no such commit here, or this is no checkout.
    """
    command = ["git", "log", "--no-merges", "--reverse", "-z", "--format=%h%n%B", f"{base}..HEAD", "--"]
    logged = subprocess.run(command, check=False, capture_output=True, text=True)
    if logged.returncode != 0:
        raise BaseError(f"git cannot list the commits since {base!r}: {logged.stderr.strip()}")
    entries = (entry.partition("\n") for entry in logged.stdout.split("\0") if entry)
    return {commit: message for commit, _, message in entries}


if __name__ == "__main__":
    sys.exit(main())
