"""Content-addressed artifacts: bytes named by their SHA-256, and the memory of finished stages.

A local folder by default, any fsspec URL (``s3://bucket/prefix``) when asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from trading.canonical import canonical_json, digest_of, parse_json, sha256, write_atomic
from trading.codes import ReasonCode
from trading.errors import StoreError
from trading.market.bars import COLUMNS, Bars

Arrays = dict[str, NDArray[Any]]


class Ref(BaseModel):
    """A small, serialisable name of bytes: what they are, and their SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    digest: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.digest[:12]}"


class Store:
    """Artifacts under one root. Writing the same bytes twice is one artifact; reading verifies the digest."""

    def __init__(self, root: str | Path) -> None:
        self.root = str(root)
        self._fs, self._path = fsspec.core.url_to_fs(self.root)
        self._local = Path(self._path) if "file" in _protocols(self._fs) else None

    def put(self, kind: str, data: bytes) -> Ref:
        """Keep bytes and return their reference."""
        ref = Ref(kind=kind, digest=sha256(data))
        if not self._exists(_object_path(ref.digest)):
            self._write(_object_path(ref.digest), data)
        return ref

    def get(self, ref: Ref) -> bytes:
        """The bytes of a reference, verified.

        Raises:
            StoreError: if they are missing or do not match the digest.
        """
        if not self._exists(_object_path(ref.digest)):
            raise StoreError(
                ReasonCode.STORE_MISSING,
                f"{ref} is not in {self.root}.",
                remedy="Run the night again: it makes what is missing.",
            )
        data = self._read(_object_path(ref.digest))
        if sha256(data) != ref.digest:
            raise StoreError(
                ReasonCode.STORE_CORRUPT,
                f"{ref} in {self.root} has bytes of digest {sha256(data)[:12]}.",
                remedy=f"Delete {self.root}/{_object_path(ref.digest)} and run the night again.",
            )
        return data

    def put_json(self, kind: str, value: Any) -> Ref:
        """Keep JSON data in its canonical form."""
        return self.put(kind, canonical_json(value))

    def get_json(self, ref: Ref) -> Any:
        return parse_json(self.get(ref))

    def put_arrays(self, kind: str, arrays: Mapping[str, NDArray[Any]]) -> Ref:
        """Keep named arrays as safetensors."""
        return self.put(kind, save_tensors({name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}))

    def get_arrays(self, ref: Ref) -> Arrays:
        return load_tensors(self.get(ref))

    def put_bars(self, bars: Bars) -> Ref:
        """Keep bars; symbol and interval travel with the numbers."""
        name = np.frombuffer(bars.symbol.encode(), dtype=np.uint8)
        columns = {column: getattr(bars, column) for column in COLUMNS}
        return self.put_arrays(
            "bars", {"symbol": name, "interval": np.array([bars.interval]), "ts": bars.ts, **columns}
        )

    def get_bars(self, ref: Ref) -> Bars:
        arrays = self.get_arrays(ref)
        return Bars(
            symbol=arrays["symbol"].tobytes().decode(),
            interval=int(arrays["interval"][0]),
            ts=arrays["ts"],
            **{column: arrays[column] for column in COLUMNS},
        )

    def recall(self, stage: str, inputs: Any) -> Any | None:
        """What a finished stage returned for these inputs, or None if it has to run.

        The memory counts only while every artifact it names is still in the store.
        """
        path = _memo_path(stage, inputs)
        if not self._exists(path):
            return None
        output = parse_json(self._read(path))["output"]
        return output if all(self._exists(_object_path(digest)) for digest in _digests(output)) else None

    def remember(self, stage: str, inputs: Any, output: Any) -> None:
        """Write down that a stage finished; ``inputs`` and ``output`` are JSON data that may hold references."""
        self._write(_memo_path(stage, inputs), canonical_json({"inputs": inputs, "output": output}))

    def _exists(self, path: str) -> bool:
        return bool(self._fs.exists(f"{self._path}/{path}"))

    def _read(self, path: str) -> bytes:
        return bytes(self._fs.cat_file(f"{self._path}/{path}"))

    def _write(self, path: str, data: bytes) -> None:
        if self._local is not None:
            write_atomic(self._local / path, data)
        else:
            self._fs.pipe_file(f"{self._path}/{path}", data)


def _protocols(filesystem: Any) -> tuple[str, ...]:
    protocol = filesystem.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _object_path(digest: str) -> str:
    return f"objects/{digest[:2]}/{digest}"


def _memo_path(stage: str, inputs: Any) -> str:
    return f"stages/{stage}/{digest_of(inputs)}.json"


def _digests(value: Any) -> list[str]:
    if isinstance(value, dict):
        if set(value) == {"kind", "digest"}:
            return [str(value["digest"])]
        return [digest for item in value.values() for digest in _digests(item)]
    if isinstance(value, list):
        return [digest for item in value for digest in _digests(item)]
    return []
