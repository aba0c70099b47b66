"""Looks at files before they are committed: can they be read, are they small enough, were all conflicts resolved.

Run as ``python -m tools.files FILE ...``; pre-commit names the files.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import yaml

MAX_BYTES = 500_000
"""Data belongs into the market data folder, not into the history of the code."""

CONFLICT_MARKERS = (b"<<<<<<< ", b">>>>>>> ")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is wrong with the named files and return how the process ends.

    Args:
        arguments: paths of the files; None takes those of this process's command line.
    """
    names = sys.argv[1:] if arguments is None else arguments
    found = [f"{name}: {fault}" for name in names for fault in faults(Path(name))]
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


def faults(path: Path) -> Iterator[str]:
    """What is wrong with a file, one sentence for each fault.

    Args:
        path: of the file; its ending says how it is parsed, if at all.
    """
    data = path.read_bytes()
    if len(data) > MAX_BYTES:
        yield f"it has {len(data):,} bytes, at most {MAX_BYTES:,} are allowed. Make it smaller or leave it out."
    if any(line.startswith(CONFLICT_MARKERS) for line in data.splitlines()):
        yield "it holds a conflict marker. Resolve the conflict."
    parse = PARSERS.get(path.suffix)
    if parse is None:
        return
    try:
        parse(data.decode())
    except (ValueError, yaml.YAMLError) as error:
        yield f"it is no valid {path.suffix[1:]}: {error}"


def read_yaml(text: str) -> None:
    """Read every document of a YAML text.

    Args:
        text: one document or several.

    Raises:
        yaml.YAMLError: if one cannot be read, or says what only a program of its own understands.
    """
    list(yaml.safe_load_all(text))


PARSERS: dict[str, Callable[[str], object]] = {
    ".json": json.loads,
    ".toml": tomllib.loads,
    ".yaml": read_yaml,
    ".yml": read_yaml,
}
"""What can read a file, by its ending; a reader raises ValueError or YAMLError."""


if __name__ == "__main__":
    sys.exit(main())
