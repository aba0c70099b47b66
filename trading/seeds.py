"""One seed tree: every random number of a night follows from one root and the path that names its use."""

from __future__ import annotations

import hashlib


def seed_for(root: int, *path: str | int) -> int:
    """A 32-bit seed for a use, for example ``seed_for(7, "SIM", "policy", 0)``.

    Neighbouring paths give unrelated seeds, and adding a use never changes another's.

    Args:
        root: the night's one seed.
        *path: what the seed is for, from the general to the particular: symbol, use, number.
    """
    text = "/".join([str(root), *map(str, path)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
