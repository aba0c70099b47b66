"""Computes features again without the later bars: a value that changes when the future is taken away knew it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.market.bars import Bars
from trading.moments import moment_text
from trading.results import CheckResult, rule

Compute = Callable[[Bars], Floats]
"""From n bars to features of shape (n, F)."""

TOLERANCE = 1e-12
PAST_ONLY = "Compute it from bars up to and including its own; look for negative shifts and whole-sample statistics."


def check_prefix(compute: Compute, bars: Bars, names: Sequence[str], *, points: int, seed: int) -> CheckResult:
    """Compute the features again without the later bars, and compare every value up to there with the whole run's.

    Equal means to 1e-12 of its size, with NaN equal to NaN only; the observed number is how many features changed.

    Args:
        compute: the function to look at.
        bars: all bars of the night.
        names: of the F features.
        points: how many moments to look at.
        seed: of the moments.
    """
    whole = _table(compute, bars, names)
    moments = _moments(len(bars), points, seed)
    changed: dict[str, str] = {}
    for stop in moments:
        prefix = _table(compute, bars.slice(0, stop), names)
        differs = ~equal(prefix, whole[:stop])
        for column in map(int, np.flatnonzero(differs.any(axis=0))):
            row = int(np.flatnonzero(differs[:, column])[-1])
            at, end = moment_text(bars.ts[row]), moment_text(bars.ts[stop - 1])
            values = f"{whole[row, column]:.6g}, and {prefix[row, column]:.6g}"
            changed.setdefault(names[column], f"{names[column]} of {at} is {values} without the bars after {end}")
    if not moments:
        return rule(
            "prefix",
            passed=False,
            observed=None,
            threshold=0,
            code=ReasonCode.EVIDENCE_MISSING,
            message=f"no moment to compare among {len(bars)} bars",
            remedy="Give at least two bars and one point.",
        )
    return rule(
        "prefix",
        passed=not changed,
        observed=len(changed),
        threshold=0,
        code=ReasonCode.LEAK_PREFIX,
        message="; ".join(changed.values()),
        remedy=PAST_ONLY,
        evidence={"features": list(changed), "moments": [int(bars.ts[stop - 1]) for stop in moments]},
    )


def equal(a: Floats, b: Floats) -> NDArray[np.bool_]:
    """Whether numbers are equal but for their last digits; NaN is equal to NaN alone.

    Args:
        a: numbers of any shape.
        b: of the same shape.
    """
    return np.isclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)


def _table(compute: Compute, bars: Bars, names: Sequence[str]) -> Floats:
    table = np.asarray(compute(bars), dtype=np.float64)
    if table.shape != (len(bars), len(names)):
        raise ValueError(f"features of {len(bars)} bars have shape {table.shape}, expected {(len(bars), len(names))}")
    return table


def _moments(n: int, points: int, seed: int) -> list[int]:
    """Lengths of prefixes: random ones over all bars, and the one that misses only the last bar."""
    if n < 2 or points < 1:
        return []
    drawn = np.random.default_rng(seed).integers(1, n, size=points - 1)
    return sorted({int(stop) for stop in drawn} | {n - 1})
