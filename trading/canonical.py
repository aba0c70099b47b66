"""Canonical JSON, SHA-256 digests and atomic writes: the same data is the same bytes everywhere."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, NoReturn


def canonical_json(value: Any) -> bytes:
    """Encode JSON data with sorted keys, no white space and shortest round-trip floats.

    Args:
        value: dicts with text keys, lists or tuples, text, numbers, booleans and None, nested at will.

    Raises:
        ValueError: if a number is NaN or infinite; JSON has no such numbers.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def parse_json(data: bytes | str) -> Any:
    """Decode JSON, refusing the NaN and Infinity literals that Python accepts by default.

    Args:
        data: one JSON document; bytes are UTF-8.
    """
    return json.loads(data, parse_constant=_refuse_constant)


def sha256(data: bytes) -> str:
    """The hexadecimal SHA-256 of bytes.

    Args:
        data: the whole content; nothing is encoded or normalised first.
    """
    return hashlib.sha256(data).hexdigest()


def digest_of(value: Any) -> str:
    """The SHA-256 of a value's canonical JSON.

    Args:
        value: JSON data, see :func:`canonical_json`.
    """
    return sha256(canonical_json(value))


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that a reader or a crash sees the old content or the new, never a part.

    Args:
        path: the file; its folder is made if it is missing.
        data: the whole new content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
