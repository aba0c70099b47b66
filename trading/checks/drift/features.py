"""Drift of features: each one's distribution on the test split against the training split, beside what chance does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trading.arrays import Floats
from trading.checks.drift.evidence import TEST, Chance, DriftEvidence
from trading.settings.models import DriftSpec
from trading.statistics.distances import ks_distance, ks_of_counts, psi, psi_of_counts, quantile_edges
from trading.statistics.stationarity import Lengths, chance_of, codes_of, draw_pairs

DRAWS = 1_000
"""Pairs of stretches by which chance is known."""
MINIMUM_BLOCKS = 10
"""Blocks that the training split holds beside one another, at least: of fewer, no two pairs differ by much."""


def measure_drift(
    reference: Floats, current: Floats, names: Sequence[str], spec: DriftSpec, *, seed: int
) -> DriftEvidence:
    """PSI and Kolmogorov-Smirnov distance of every feature, and both of a market that never changes.

    A feature that is constant on the training split, or has a missing or infinite value on either split, has no
    measurable drift: its numbers are NaN and fail the drift gate. Chance is drawn out of the training split alone, so a
    shift that is there to be found widens no limit.

    Args:
        reference: shape (n, F), features on the training split.
        current: shape (m, F), features on the test split.
        names: of the F features.
        spec: bins, blocks and limits.
        seed: of the blocks that are drawn.
    """
    usable = [column for column in range(len(names)) if is_measurable(reference[:, column], current[:, column])]
    psi_by_name, ks_by_name = (dict.fromkeys(names, float("nan")) for _ in range(2))
    for column in usable:
        before, after = reference[:, column], current[:, column]
        psi_by_name[names[column]] = psi(before, after, spec.bins)
        ks_by_name[names[column]] = ks_distance(before, after)
    measured = [names[column] for column in usable]
    psi_chance, ks_chance = _chances(reference[:, usable], len(current), measured, spec, seed)
    return DriftEvidence(
        expected=tuple(names),
        psi=dict(psi_by_name),
        ks=dict(ks_by_name),
        critical_psi=spec.critical_psi,
        critical_ks=spec.critical_ks,
        psi_chance=psi_chance,
        ks_chance=ks_chance,
        insufficient=() if len(reference) >= MINIMUM_BLOCKS * spec.recent_bars else (TEST,),
    )


def is_measurable(reference: Floats, current: Floats) -> bool:
    """Whether both have values, all of them finite, and the reference more than one.

    Args:
        reference: shape (n,), values to compare with.
        current: shape (m,), values to compare.
    """
    if len(reference) == 0 or len(current) == 0:
        return False
    return bool(np.isfinite(reference).all() and np.isfinite(current).all() and np.ptp(reference) > 0)


def chances(names: Sequence[str], expected: Floats, limit: Floats, spread: Floats) -> dict[str, Chance]:
    """Chance as evidence, by the name of what was measured.

    Args:
        names: of K measures.
        expected: shape (K,).
        limit: shape (K,).
        spread: shape (K,).
    """
    columns = zip(names, expected.tolist(), limit.tolist(), spread.tolist(), strict=True)
    return {name: Chance(expected=mean, limit=most, spread=wide) for name, mean, most, wide in columns}


def _chances(
    reference: Floats, bars: int, names: list[str], spec: DriftSpec, seed: int
) -> tuple[dict[str, Chance], dict[str, Chance]]:
    """Chance of PSI and of the distance; both are one family, so that neither adds false alarms."""
    if not names:
        return {}, {}
    edges = [quantile_edges(column, spec.bins) for column in reference.T]
    bins = max(map(len, edges)) + 1
    lengths = Lengths(reference=len(reference), current=bars, block=spec.recent_bars)
    before, after = draw_pairs(
        codes_of(list(reference.T), edges), bins, lengths, draws=DRAWS, rng=np.random.default_rng(seed)
    )
    found = np.hstack([psi_of_counts(before, after), ks_of_counts(before, after)])
    whole = chance_of(found, spec.false_alarms)
    first, second = slice(0, len(names)), slice(len(names), None)
    return (
        chances(names, whole.expected[first], whole.limit[first], whole.spread[first]),
        chances(names, whole.expected[second], whole.limit[second], whole.spread[second]),
    )
