"""Packages that are there for one test: a folder on the path with a module and its entry points."""

from __future__ import annotations

import shutil
from pathlib import Path


def offered_package(folder: Path, modules: list[Path], group: str, points: dict[str, str]) -> Path:
    """Lay out a package as an installer would: modules, and metadata that offers entry points.

    Args:
        folder: to be put on the path, for example by PYTHONPATH.
        modules: files to copy into it.
        group: of the entry points.
        points: name to ``module:attribute``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for module in modules:
        shutil.copy(module, folder / module.name)
    info = folder / "offered_for_a_test-1.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: offered-for-a-test\nVersion: 1.0.0\n")
    lines = "".join(f"{name} = {value}\n" for name, value in points.items())
    (info / "entry_points.txt").write_text(f"[{group}]\n{lines}")
    return folder
