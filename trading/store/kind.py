"""Kinds of artifacts: under which name a value is kept, and how it becomes bytes and comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from safetensors.numpy import load, save

from trading.canonical import canonical_json, parse_json

T = TypeVar("T")
Arrays = dict[str, NDArray[Any]]

_JSON = "json"


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of artifact.

    Attributes:
        name: part of every reference to it.
        encode: the bytes of a value; equal values have equal bytes.
        decode: the value of such bytes.
    """

    name: str
    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]


def json_kind(name: str) -> Kind[Any]:
    """JSON data in its canonical form.

    Args:
        name: of the kind.
    """
    return Kind(name, canonical_json, parse_json)


def typed_kind(name: str, value_type: type[T]) -> Kind[T]:
    """Values of a type that pydantic knows, as canonical JSON.

    Args:
        name: of the kind.
        value_type: what the JSON is validated as.
    """
    adapter = TypeAdapter(value_type)
    return Kind(
        name,
        encode=lambda value: canonical_json(parse_json(adapter.dump_json(value))),
        decode=lambda data: adapter.validate_python(parse_json(data)),
    )


def encode_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Named arrays as safetensors, in an order that does not depend on how they are given.

    Args:
        arrays: by name.
    """
    return save({name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)})


def decode_arrays(data: bytes) -> Arrays:
    """What :func:`encode_arrays` wrote.

    Args:
        data: its bytes.
    """
    return load(data)


def encode_record(values: Any, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """JSON data and named arrays together.

    Args:
        values: the JSON data.
        arrays: by name.
    """
    return encode_arrays({_JSON: np.frombuffer(canonical_json(values), dtype=np.uint8), **arrays})


def decode_record(data: bytes) -> tuple[Any, Arrays]:
    """What :func:`encode_record` wrote.

    Args:
        data: its bytes.
    """
    arrays = decode_arrays(data)
    return parse_json(arrays.pop(_JSON).tobytes()), arrays
