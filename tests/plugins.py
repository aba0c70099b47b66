"""Lets a folder look like the site-packages of an installed package, entry points and all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def installed(
    folder: Path, package: str, entry_points: Mapping[str, Mapping[str, str]], version: str = "0.1.0"
) -> Path:
    """Write what an installer leaves of a package beside its modules; the folder then goes on ``sys.path``.

    Args:
        folder: where the package's modules lie.
        package: its name.
        entry_points: by group, ``module:attribute`` by name.
        version: of the package.
    """
    info = folder / f"{package.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    lines = [
        line
        for group, points in entry_points.items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return folder
