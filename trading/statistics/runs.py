"""Runs of losses: how likely chance alone makes a row of them so long."""

from __future__ import annotations

import math


def losing_run_probability(longest: int, *, trades: int, win_rate: float) -> float:
    """Probability that somewhere among independent trades more than so many in a row lose.

    With ``r = longest + 1`` and the chance q of a loss, n trades have no run of r losses with the probability
    ``f(n) = f(n - 1) - (1 - q) q^r f(n - r - 1)``: a first run of r that ends at n comes after a win at ``n - r``
    (Feller, *An Introduction to Probability Theory and Its Applications* I, 1968, XIII.7).

    Args:
        longest: losses in a row that are allowed.
        trades: how many.
        win_rate: chance that a trade gains.

    Returns:
        0 to 1; NaN if the win rate is no share.
    """
    if longest < 0 or trades < 0:
        raise ValueError(f"a run of {longest} among {trades} trades; both are counts")
    if not 0.0 <= win_rate <= 1.0:
        return math.nan
    run, whole = longest + 1, (1.0 - win_rate) ** (longest + 1)
    without = [1.0] * min(run, trades + 1)
    for n in range(run, trades + 1):
        without.append(1.0 - whole if n == run else without[n - 1] - win_rate * whole * without[n - run - 1])
    return min(max(1.0 - without[trades], 0.0), 1.0)
