"""The store: bytes under their SHA-256, written once and verified whenever they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from trading.canonical import sha256
from trading.codes import ReasonCode
from trading.errors import StoreError
from trading.store.kind import Kind
from trading.store.ref import Ref
from trading.store.storage import open_storage

T = TypeVar("T")


class Store:
    """Artifacts under one root. Writing the same bytes twice is one artifact; reading verifies the digest.

    Args:
        root: a folder, or an fsspec address.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = str(root)
        self.storage = open_storage(root)

    def put(self, kind: Kind[T], value: T) -> Ref[T]:
        """Keep a value and return its reference.

        Args:
            kind: how it becomes bytes.
            value: what to keep.
        """
        return self.put_bytes(kind.name, kind.encode(value))

    def get(self, kind: Kind[T], ref: Ref[T]) -> T:
        """The value of a reference.

        Args:
            kind: how it comes back from bytes.
            ref: what to read.

        Raises:
            StoreError: ``STORE_KIND`` if the reference is of another kind, ``STORE_MISSING`` or ``STORE_CORRUPT`` as
                of :meth:`get_bytes`.
        """
        if ref.kind != kind.name:
            raise StoreError(
                ReasonCode.STORE_KIND,
                f"a reference to {kind.name} is needed here, and {ref} is one to {ref.kind}.",
                remedy="Give the stage the reference that its parameter names.",
            )
        return kind.decode(self.get_bytes(ref))

    def put_bytes(self, kind: str, data: bytes) -> Ref[Any]:
        """Keep bytes and return their reference.

        Args:
            kind: what they are.
            data: the bytes.
        """
        digest = sha256(data)
        if not self.holds(digest):
            self.storage.write(_path(digest), data)
        return Ref(kind=kind, digest=digest)

    def get_bytes(self, ref: Ref[Any]) -> bytes:
        """The bytes of a reference, verified.

        Args:
            ref: what to read.

        Raises:
            StoreError: ``STORE_MISSING`` if they are not there, ``STORE_CORRUPT`` if they do not match the digest.
        """
        if not self.holds(ref.digest):
            raise StoreError(
                ReasonCode.STORE_MISSING,
                f"{ref} is not in {self.root}.",
                remedy="Run the night again: it makes what is missing.",
            )
        data = self.storage.read(_path(ref.digest))
        if sha256(data) != ref.digest:
            raise StoreError(
                ReasonCode.STORE_CORRUPT,
                f"{ref} in {self.root} has bytes of digest {sha256(data)[:12]}.",
                remedy=f"Delete {self.root}/{_path(ref.digest)} and run the night again.",
            )
        return data

    def holds(self, digest: str) -> bool:
        """Whether an artifact is there.

        Args:
            digest: SHA-256 of its bytes.
        """
        return self.storage.exists(_path(digest))


def _path(digest: str) -> str:
    return f"objects/{digest[:2]}/{digest}"
