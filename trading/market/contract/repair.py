"""Repairs bars in the ways, and only in the ways, that the settings name; every repair is counted and reported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from trading.arrays import Ints
from trading.market.contract.gaps import fewest_bars, longest_stretch, missing_before
from trading.market.raw import RawBars, Repair, is_increasing
from trading.moments import moment_text
from trading.settings.models import MarketSpec

_NAMED = 20


def repair(raw: RawBars, spec: MarketSpec) -> RawBars:
    """Apply ``on_duplicate``, ``on_unsorted`` and ``on_gap``, in this order; with their defaults nothing changes.

    Duplicates go first, while the file's order still says which of them is the last. Gaps can be told only when times
    increase, so without the options needed for that nothing is cut, and the contract says what is wrong.

    Args:
        raw: bars in the order of their source.
        spec: names the repairs.
    """
    for step in (_without_duplicates, _sorted, _longest_stretch):
        raw = step(raw, spec)
    return raw


def _without_duplicates(raw: RawBars, spec: MarketSpec) -> RawBars:
    if spec.on_duplicate == "error" or len(raw) == 0:
        return raw
    unique, first, inverse = np.unique(raw.ts, return_index=True, return_inverse=True)
    if len(unique) == len(raw):
        return raw
    last = np.full(len(unique), -1, dtype=np.int64)
    np.maximum.at(last, inverse, np.arange(len(raw)))
    kept = np.sort(first if spec.on_duplicate == "keep-first" else last)
    partner = (first if spec.on_duplicate == "keep-first" else last)[inverse]
    dropped = np.setdiff1d(np.arange(len(raw)), kept)
    kept_twins = partner[dropped]
    unequal = [raw.column(name)[dropped] != raw.column(name)[kept_twins] for name in raw.names]
    differ = int(np.logical_or.reduce(unequal).sum())
    message = (
        f"{len(dropped)} rows repeat a time and were dropped ({spec.on_duplicate}); {differ} of them differ from the "
        "row that was kept"
    )
    return _repaired(raw, kept, f"on_duplicate={spec.on_duplicate}", dropped, message)


def _sorted(raw: RawBars, spec: MarketSpec) -> RawBars:
    backward = np.flatnonzero(np.diff(raw.ts) < 0) + 1
    if spec.on_unsorted == "error" or len(backward) == 0:
        return raw
    message = f"time went back at {len(backward)} rows and the bars were sorted"
    return _repaired(raw, np.argsort(raw.ts, kind="stable"), "on_unsorted=sort", backward, message)


def _longest_stretch(raw: RawBars, spec: MarketSpec) -> RawBars:
    if spec.on_gap != "keep-longest" or not is_increasing(raw.ts):
        return raw
    missing = missing_before(raw.ts, raw.interval, spec, raw.hours)
    if len(raw) >= fewest_bars(missing, spec.max_gap_share):
        return raw
    start, stop = longest_stretch(missing, spec.max_gap_share)
    dropped = np.r_[np.arange(start), np.arange(stop, len(raw))]
    message = (
        f"kept {stop - start} of {len(raw)} bars, {moment_text(raw.ts[start])} to {moment_text(raw.ts[stop - 1])}, the "
        f"longest stretch with at most {spec.max_gap_share:.2%} missing"
    )
    return _repaired(raw, np.arange(start, stop), "on_gap=keep-longest", dropped, message)


def _repaired(raw: RawBars, kept: Ints, option: str, touched: Ints, message: str) -> RawBars:
    rows = tuple(raw.data.rows[touched[:_NAMED]].tolist())
    return replace(raw.take(kept), repairs=(*raw.repairs, Repair(option, len(touched), message, rows)))
