"""The pointer from the model watch to the runner: one small file, replaced whole, that names a verified bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import Field, ValidationError

from trading.canonical import canonical_json, write_atomic
from trading.codes import ReasonCode
from trading.errors import RegistryError
from trading.values import Frozen

POINTER_NAME = "current.json"


class Pointer(Frozen):
    """Which bundle to trade, and where it lies."""

    folder: str = Field(description="Absolute path of the bundle.")
    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description="What the bundle's digest must be.")
    version: int | None = Field(default=None, description="Registered version; null if it came by path.")
    epoch: int | None = Field(default=None, description="Promotion ledger's epoch; null if it came by path.")
    override: str = Field(default="", description="The operator's override that put it into Production, if one did.")
    despite_gates: bool = Field(default=False, description="Whether that override went against its own verdict.")


class ModelSource(Protocol):
    """Where a runner learns which bundle to trade; asked at every bar boundary, so it must be quick."""

    def current(self) -> Pointer | None:
        """The bundle to trade from the next bar on, or None if there is none yet.

        Raises:
            RegistryError: if what should name it is damaged.
        """
        ...


@dataclass(frozen=True)
class FixedModel:
    """A bundle that the user named; it never changes."""

    pointer: Pointer

    def current(self) -> Pointer | None:
        return self.pointer


class PointerFile:
    """The pointer in a file; it is read again only when the file was replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._pointer: Pointer | None = None

    def current(self) -> Pointer | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._seen, self._pointer = None, None
            return None
        # The name is given to a new file at each change, so its number changes too.
        key = (found.st_ino, found.st_mtime_ns)
        if key != self._seen:
            try:
                self._pointer = Pointer.model_validate_json(self._path.read_bytes())
            except (ValidationError, FileNotFoundError) as error:
                raise RegistryError(
                    ReasonCode.BUNDLE_INVALID,
                    f"{self._path} is no pointer to a bundle.",
                    remedy="Delete it; the model watch writes it again.",
                ) from error
            self._seen = key
        return self._pointer


def write_pointer(path: Path, pointer: Pointer) -> None:
    """Replace the pointer; a reader sees the old or the new one.

    Args:
        path: the pointer file.
        pointer: the bundle to trade from the next bar on; it is verified already.
    """
    write_atomic(path, canonical_json(pointer.model_dump(mode="json")))
