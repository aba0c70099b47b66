"""A stretch of bars against its reference: how far each measure has moved, and how far it moves by chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats, Ints
from trading.checks.drift.evidence import Stretch
from trading.checks.drift.features import DRAWS, chances, is_measurable
from trading.settings.models import DriftSpec
from trading.splits import Range
from trading.statistics.distances import psi_of_counts, quantile_edges
from trading.statistics.stationarity import Lengths, chance_of, codes_of, counts_of, draw_pairs

TAIL = 0.005
"""Share of the reference under the low and over the high cut: what has hardly been seen."""
SMALLEST_SHARE = 0.01
"""Given to an empty bin: a month holds few regimes, so bins that it does not visit say little."""
MINIMUM_WINDOWS = 20
"""Blocks that the pool holds beside one another, at least: of fewer, the largest says nothing about the next."""


class Compared(NamedTuple):
    """Bars of one comparison.

    Attributes:
        pool: that chance is drawn from; none of them is in ``current``.
        reference: to compare with.
        current: to compare.
    """

    pool: Range
    reference: Range
    current: Range


def compare_levels(series: Mapping[str, Floats], bars: Compared, spec: DriftSpec, *, seed: int) -> Stretch:
    """Compare series that never repeat a value for long: by PSI, and by the share of values hardly seen before.

    Args:
        series: of shape (n,), by name; a missing, infinite or never changing value in the pool or in the newest bars
            makes a NaN.
        bars: what is compared.
        spec: bins, blocks and limits.
        seed: of the stretches that are drawn.
    """
    usable = {name: values for name, values in series.items() if _is_usable(values, bars)}
    found = _blank(series, bars, spec, tails=True)
    if not usable:
        return found
    edges = [_with_tails(_part(values, bars.reference), spec.bins) for values in usable.values()]
    before, after, drawn = _counts(usable, edges, bars, spec, seed)
    count = len(usable)
    outside = [np.array([0, len(cuts)]) for cuts in edges]
    measured = np.r_[psi_of_counts(before, after, SMALLEST_SHARE), _tails(after, outside)]
    family = np.hstack([psi_of_counts(*drawn, SMALLEST_SHARE), _tails(drawn[1], outside)])
    chance = chance_of(family, spec.false_alarms)
    halves = slice(0, count), slice(count, None)
    psi_chance, tails_chance = (
        chances(list(usable), chance.expected[half], chance.limit[half], chance.spread[half]) for half in halves
    )
    return found.model_copy(
        update={
            "psi": {**found.psi, **dict(zip(usable, measured[:count].tolist(), strict=True))},
            "tails": {**found.tails, **dict(zip(usable, measured[count:].tolist(), strict=True))},
            "psi_chance": psi_chance,
            "tails_chance": tails_chance,
        }
    )


def compare_outputs(series: Mapping[str, Floats], bars: Compared, spec: DriftSpec, *, seed: int) -> Stretch:
    """Compare series that may stay at one value, or have none on some bars: by PSI, with a bin for "no value".

    Args:
        series: of shape (n,), by name; NaN is no value.
        bars: what is compared.
        spec: bins, blocks and limits.
        seed: of the stretches that are drawn.
    """
    found = _blank(series, bars, spec, tails=False)
    edges = [_edges(_part(values, bars.reference), spec.bins) for values in series.values()]
    before, after, drawn = _counts(series, edges, bars, spec, seed)
    chance = chance_of(psi_of_counts(*drawn, SMALLEST_SHARE), spec.false_alarms)
    return found.model_copy(
        update={
            "psi": dict(zip(series, psi_of_counts(before, after, SMALLEST_SHARE).tolist(), strict=True)),
            "psi_chance": chances(list(series), *chance),
        }
    )


def holds_enough(bars: Compared, spec: DriftSpec) -> bool:
    """Whether the pool holds enough blocks to know what chance does.

    Args:
        bars: what is to be compared.
        spec: bars of a block.
    """
    return bars.pool.size >= MINIMUM_WINDOWS * min(bars.current.size, spec.recent_bars)


def _blank(series: Mapping[str, Floats], bars: Compared, spec: DriftSpec, *, tails: bool) -> Stretch:
    unknown = dict.fromkeys(series, float("nan"))
    return Stretch(
        bars=bars.current.size,
        windows=bars.pool.size / min(bars.current.size, spec.recent_bars),
        psi=dict(unknown),
        tails=dict(unknown) if tails else {},
        minimum_psi=spec.minimum_psi,
        minimum_tails=spec.minimum_tails,
    )


def _counts(
    series: Mapping[str, Floats], edges: list[Floats], bars: Compared, spec: DriftSpec, seed: int
) -> tuple[Ints, Ints, tuple[Ints, Ints]]:
    """Counts of bins of reference, current stretch, and drawn pairs."""
    # Of a series with missing values the bin after the last holds these.
    bins = max(map(len, edges)) + 2
    before, after, pool = (
        codes_of([_part(values, part) for values in series.values()], edges)
        for part in (bars.reference, bars.current, bars.pool)
    )
    lengths = Lengths(bars.reference.size, bars.current.size, spec.recent_bars)
    drawn = draw_pairs(pool, bins, lengths, draws=DRAWS, rng=np.random.default_rng(seed))
    return counts_of(before, bins), counts_of(after, bins), drawn


def _tails(counts: Ints, outside: list[Ints]) -> Floats:
    """Share of values in the lowest and the highest bin of each series, of counts of shape (..., K, bins)."""
    total = counts[..., 0, :].sum(axis=-1)
    return np.stack([counts[..., k, pair].sum(axis=-1) / total for k, pair in enumerate(outside)], axis=-1)


def _with_tails(reference: Floats, bins: int) -> Floats:
    low, high = np.quantile(reference, [TAIL, 1.0 - TAIL])
    return np.unique(np.r_[low, quantile_edges(reference, bins), np.nextafter(high, np.inf)])


def _edges(reference: Floats, bins: int) -> Floats:
    known = reference[~np.isnan(reference)]
    return quantile_edges(known, bins) if len(known) else np.empty(0)


def _is_usable(values: Floats, bars: Compared) -> bool:
    reference, current = _part(values, bars.reference), _part(values, bars.current)
    return is_measurable(reference, current) and bool(np.isfinite(_part(values, bars.pool)).all())


def _part(values: Floats, part: Range) -> Floats:
    return values[part.start : part.stop]
