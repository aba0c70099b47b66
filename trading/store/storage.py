"""Where bytes lie under a path: a local folder, or any file system that fsspec knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from trading.canonical import write_atomic

_LOCAL = ("file://", "local://")


class Storage(Protocol):
    """What a store needs of the place where it lies; a path is relative and has forward slashes."""

    def exists(self, path: str) -> bool:
        """Whether there is a file.

        Args:
            path: relative, with forward slashes.
        """
        ...

    def read(self, path: str) -> bytes:
        """The bytes of a file.

        Args:
            path: relative, with forward slashes.
        """
        ...

    def write(self, path: str, data: bytes) -> None:
        """Write a file so that a reader sees it whole or not at all.

        Args:
            path: relative, with forward slashes.
            data: the whole content, in place of what was there.
        """
        ...


class LocalStorage:
    """A folder of this machine.

    Args:
        root: the folder; it is made with the first file.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def exists(self, path: str) -> bool:
        return (self._root / path).exists()

    def read(self, path: str) -> bytes:
        return (self._root / path).read_bytes()

    def write(self, path: str, data: bytes) -> None:
        write_atomic(self._root / path, data)


class FsspecStorage:
    """A folder behind an fsspec address, whose writes are whole: object stores put a file in one step.

    Args:
        address: for example ``s3://bucket/prefix``.
    """

    def __init__(self, address: str) -> None:
        import fsspec

        self._files: Any
        self._files, self._root = fsspec.core.url_to_fs(address)

    def exists(self, path: str) -> bool:
        return bool(self._files.exists(f"{self._root}/{path}"))

    def read(self, path: str) -> bytes:
        return bytes(self._files.cat_file(f"{self._root}/{path}"))

    def write(self, path: str, data: bytes) -> None:
        self._files.pipe_file(f"{self._root}/{path}", data)


def open_storage(root: str | Path) -> Storage:
    """The storage of an address.

    Args:
        root: a folder, or an fsspec address.
    """
    address = str(root)
    for prefix in _LOCAL:
        address = address.removeprefix(prefix)
    return FsspecStorage(address) if "://" in address else LocalStorage(Path(address))
