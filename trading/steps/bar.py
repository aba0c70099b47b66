"""One closed bar as every step takes it."""

from __future__ import annotations

from typing import NamedTuple


class Bar(NamedTuple):
    """One closed bar: UTC milliseconds of its open, prices in quote currency, volume in units of the asset."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
