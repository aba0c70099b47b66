"""The whole table of price paths, by topic."""

from __future__ import annotations

import pytest

from tests.simulation.paths import (
    carry,
    entries,
    extremes,
    halts,
    latency,
    liquidations,
    rounding,
    slippage,
    stops,
    targets,
)

TOPICS = (entries, rounding, stops, targets, extremes, slippage, latency, carry, liquidations, halts)
TABLE = [path for topic in TOPICS for path in topic.ROWS]
by_name = pytest.mark.parametrize("path", TABLE, ids=lambda path: path.name)
