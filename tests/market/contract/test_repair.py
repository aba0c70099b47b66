from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.market.samples import HOUR_MS, clean_bars, raw_of, spec_for
from trading.market.bars import COLUMNS
from trading.market.contract.repair import repair
from trading.market.raw import RawBars, raw_from_bars
from trading.settings.models import MarketSpec


def assert_same(found: RawBars, expected: RawBars) -> None:
    np.testing.assert_array_equal(found.ts, expected.ts)
    for name in COLUMNS:
        np.testing.assert_array_equal(found.column(name), expected.column(name))


@given(st.permutations(range(30)), st.sets(st.integers(0, 29)))
def test_with_the_defaults_nothing_is_ever_changed(order: list[int], repeated: set[int]) -> None:
    raw = raw_of(clean_bars(30)).take(np.array([*order, *sorted(repeated)]))
    assert_same(repair(raw, MarketSpec()), raw)
    assert repair(raw, MarketSpec()).repairs == ()


@given(st.permutations(range(30)))
def test_sorting_restores_the_order_and_says_how_many_rows_went_back(order: list[int]) -> None:
    raw = raw_of(clean_bars(30))
    found = repair(raw.take(np.array(order)), MarketSpec(on_unsorted="sort"))
    assert_same(found, raw)
    backward = int((np.diff(order) < 0).sum())
    assert [step.count for step in found.repairs] == ([backward] if backward else [])


@given(st.sets(st.integers(0, 29), min_size=1))
def test_keep_last_keeps_the_last_in_file_order_and_keep_first_the_first(repeated: set[int]) -> None:
    raw = raw_of(clean_bars(30))
    places = np.sort(np.array([*range(30), *repeated]))
    first = np.r_[True, np.diff(places) > 0]
    doubled = raw.take(places)
    doubled.column("volume")[~first] += 1.0
    kept_first = repair(doubled, MarketSpec(on_duplicate="keep-first"))
    kept_last = repair(doubled, MarketSpec(on_duplicate="keep-last"))
    assert_same(kept_first, raw)
    changed = np.isin(np.arange(30), sorted(repeated))
    np.testing.assert_array_equal(kept_last.column("volume"), raw.column("volume") + changed)
    for found in (kept_first, kept_last):
        (step,) = found.repairs
        assert step.count == len(repeated)
        assert f"{len(repeated)} of them differ" in step.message


def test_a_block_that_was_downloaded_twice_is_repaired_by_keep_last_alone() -> None:
    raw = raw_of(clean_bars(30))
    doubled = raw.take(np.r_[np.arange(20), np.arange(15, 30)])
    assert_same(repair(doubled, MarketSpec(on_duplicate="keep-last")), raw)


def test_keep_longest_says_which_stretch_it_kept() -> None:
    bars = clean_bars(1000)
    raw = raw_of(bars).take(np.r_[np.arange(100), np.arange(300, 700), np.arange(900, 1000)])
    found = repair(raw, MarketSpec(on_gap="keep-longest"))
    assert len(found) == 400
    assert found.ts[0] == bars.ts[300]
    assert (np.diff(found.ts) == HOUR_MS).all()
    (step,) = found.repairs
    assert step.count == 200
    assert step.message.startswith("kept 400 of 600 bars, 2024-01-13 12:00 UTC to 2024-01-30 03:00 UTC,")


def test_keep_longest_leaves_bars_alone_whose_gaps_are_allowed_or_whose_order_is_wrong() -> None:
    raw = raw_of(clean_bars(1000))
    few = raw.take(np.r_[np.arange(500), np.arange(505, 1000)])
    assert repair(few, MarketSpec(on_gap="keep-longest")).repairs == ()
    backward = raw.take(np.r_[np.arange(500, 1000), np.arange(100)])
    assert repair(backward, MarketSpec(on_gap="keep-longest")).repairs == ()


def test_a_repair_moves_funding_with_its_bars() -> None:
    bars = replace(clean_bars(20), funding=np.arange(20) / 1024)
    order = np.r_[0:5, 7, 6, 5, 7:20]
    raw = raw_from_bars(bars, "memory").take(order)
    mended = repair(raw, spec_for("x", on_duplicate="keep-last", on_unsorted="sort")).bars()
    assert mended.digest() == bars.digest()
