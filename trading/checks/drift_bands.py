"""How sure a population stability index is: its band from stretches of the later data drawn again."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats, Ints
from trading.seeds import seed_for
from trading.statistics.distances import psi_of_counts, quantile_edges
from trading.statistics.resample import Band, quantile_band, resampled_positions

DRAWS = 150


def psi_bands(
    reference: Floats, current: Floats, names: tuple[str, ...], *, bins: int, block: int, seed: int
) -> dict[str, Band]:
    """90 % band of each feature's PSI, from blocks of the current data drawn again; none for what has no PSI.

    Args:
        reference: shape (n, F), features on the training split.
        current: shape (m, F), the same on the test split.
        names: of the F features.
        bins: quantile bins of the reference.
        block: mean length of a block, bars.
        seed: of the draws.
    """
    binned: dict[str, tuple[Ints, Ints, float]] = {}
    for place, name in enumerate(names):
        known, seen = reference[:, place], current[:, place]
        if not (len(known) and len(seen) and np.isfinite(known).all() and np.isfinite(seen).all() and np.ptp(known)):
            continue
        edges = quantile_edges(known, bins)
        counts = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
        bin_of = np.searchsorted(edges, seen, side="right")
        binned[name] = bin_of, counts, _binned_psi(counts, bin_of)
    if not binned:
        return {}
    drawn: dict[str, list[float]] = {name: [] for name in binned}
    rng = np.random.default_rng(seed_for(seed, "bands", "psi"))
    used = max(1, min(block, len(current) // 3))
    for positions in resampled_positions(rng, len(current), DRAWS, used):
        for name, (bin_of, counts, _) in binned.items():
            drawn[name].append(_binned_psi(counts, bin_of[positions]))
    # Noise only adds to a PSI, so draws lie above it: what counts is how they differ from each other.
    moved = {name: np.array(values) - np.mean(values) + binned[name][2] for name, values in drawn.items()}
    return {name: quantile_band(np.maximum(values, 0.0)) for name, values in moved.items()}


def _binned_psi(counts: Ints, bin_of: Ints) -> float:
    return float(psi_of_counts(counts, np.bincount(bin_of, minlength=len(counts))))
