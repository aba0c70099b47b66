from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import files


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("a.yaml", b"a: [1", "no valid yaml"),
        ("a.yml", b"a: !!python/name:os.system\n", "no valid yml"),
        ("a.toml", b"a = \n", "no valid toml"),
        ("a.json", b"{", "no valid json"),
        ("a.json", b"\xff\xfe", "no valid json"),
        ("a.csv", b"x" * (files.MAX_BYTES + 1), "500,001 bytes"),
        ("a.py", b"a = 1\n<<<<<<< HEAD\n", "conflict marker"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, name: str, data: bytes, fault: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert [fault in found for found in files.faults(path)] == [True]
    assert files.main([str(path)]) == 1


def test_no_file_of_the_project_has_a_fault(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    assert files.main([name for name in tracked.split("\0") if name and Path(name).is_file()]) == 0
