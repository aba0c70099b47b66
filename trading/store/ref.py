"""References: small, serialisable names of bytes that say what the bytes are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import ConfigDict

T = TypeVar("T")


@dataclass(frozen=True)
class Ref(Generic[T]):
    """The name of an artifact: ``Ref[Bars]`` is a reference to bars.

    The type in brackets is for whoever reads and for the type checker. In JSON a reference is its kind and its digest,
    and the store refuses one of another kind when it is read.

    Attributes:
        kind: what the bytes are, see :class:`trading.store.Kind`.
        digest: their SHA-256.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: str
    digest: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.digest[:12]}"


def refs_in(value: Any) -> list[Ref[Any]]:
    """Every reference in JSON data, in its order.

    Args:
        value: JSON data; a reference in it is its kind and its digest, and nothing else.
    """
    if isinstance(value, dict):
        if set(value) == {"kind", "digest"}:
            return [Ref(kind=str(value["kind"]), digest=str(value["digest"]))]
        return [ref for item in value.values() for ref in refs_in(item)]
    if isinstance(value, list):
        return [ref for item in value for ref in refs_in(item)]
    return []
