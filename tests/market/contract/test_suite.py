from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.market.samples import HOUR_MS, clean_bars, raw_of
from trading.codes import ReasonCode
from trading.market.bars import COLUMNS
from trading.market.contract.bar import check_bar, first_breach
from trading.market.contract.suite import check_contract
from trading.market.raw import RawBars, raw_from_bars
from trading.results import CheckResult, blocking_failures
from trading.settings.models import MarketSpec

SPEC = MarketSpec()
RULES = [
    "schema",
    "finite",
    "positive",
    "high_low",
    "increasing",
    "on_grid",
    "jumps",
    "column_order",
    "gaps",
    "zero_volume",
]

# The first import of great-expectations takes seconds; no example may be blamed for it.
slow_start = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def failed(raw: RawBars, spec: MarketSpec = SPEC) -> dict[str, CheckResult]:
    results = check_contract(raw, spec)
    assert [result.name for result in results] == RULES
    return {result.name: result for result in results if not result.passed}


def named_rows(result: CheckResult) -> set[int]:
    return {row["row"] for row in result.evidence["rows"]}


def planted(raw: RawBars, rule: str, place: int) -> None:
    """Break one rule, and no other, at one bar."""
    data = raw.data.values
    if rule == "finite":
        name, value = (("close", np.nan), ("volume", np.inf))[place % 2]
        data[name][place] = value
    elif rule == "positive":
        data["volume"][place] = -1.0
    elif rule == "high_low":
        data["high"][place] = min(data["open"][place], data["close"][place]) - 0.001
        data["low"][place] = data["high"][place] - 0.001
    elif rule == "increasing":
        raw.ts[place] = raw.ts[place - 1]
    elif rule == "on_grid":
        raw.ts[place] += 1
    elif rule == "jumps":
        for name in ("open", "high", "low", "close"):
            data[name][place:] *= 100.0


def test_clean_bars_keep_the_contract() -> None:
    assert failed(raw_of(clean_bars(500))) == {}


@slow_start
@given(
    rule=st.sampled_from(["finite", "positive", "high_low", "increasing", "on_grid"]),
    places=st.sets(st.integers(1, 498), min_size=1, max_size=10),
)
def test_every_planted_fault_is_named_by_its_row(rule: str, places: set[int]) -> None:
    raw = raw_of(clean_bars(500))
    # A repeat of a repeat would move the first one's time.
    places = {place for place in places if place - 1 not in places}
    for place in sorted(places):
        planted(raw, rule, place)
    found = failed(raw)
    assert set(found) - {"gaps"} == {rule}
    assert named_rows(found[rule]) == {place + 2 for place in places}
    assert f"line {min(places) + 2} " in found[rule].message
    assert found[rule].observed == len(places)
    assert found[rule].remedy


def test_prices_in_another_unit_from_some_row_on_are_named_where_they_begin() -> None:
    raw = raw_of(clean_bars(500))
    planted(raw, "jumps", 321)
    found = failed(raw)
    assert set(found) == {"jumps"}
    assert found["jumps"].code == ReasonCode.BARS_JUMP
    assert named_rows(found["jumps"]) == {323}
    assert failed(raw, MarketSpec(max_jump=200.0)) == {}


def test_swapped_columns_are_found_out() -> None:
    bars = clean_bars(500)
    swapped = {
        "open and close": replace(bars, open=bars.close, close=bars.open),
        "high and low": replace(bars, high=bars.low, low=bars.high),
        "close and volume": replace(bars, close=bars.volume, volume=bars.close),
        "open and volume": replace(bars, open=bars.volume, volume=bars.open),
    }
    found = {name: set(failed(raw_of(wrong))) for name, wrong in swapped.items()}
    assert found["open and close"] == {"column_order"}
    assert "high_low" in found["high and low"]
    assert "high_low" in found["close and volume"]
    assert "high_low" in found["open and volume"]


def test_symbols_checked_at_the_same_time_do_not_see_each_other() -> None:
    def named(place: int) -> set[int]:
        raw = raw_of(clean_bars(200, seed=place))
        planted(raw, "positive", place)
        return named_rows(failed(raw)["positive"])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(named, range(5, 13))) == [{place + 2} for place in range(5, 13)]


def test_newest_first_is_named_as_going_back_and_nothing_else() -> None:
    raw = raw_of(clean_bars(500))
    found = failed(raw.take(np.arange(499, -1, -1)))
    assert set(found) == {"increasing"}
    assert "goes back" in found["increasing"].message
    assert "on_unsorted" in found["increasing"].remedy


def test_missing_bars_fail_over_their_share_and_the_largest_gaps_are_named() -> None:
    raw = raw_of(clean_bars(1000))
    kept = raw.take(np.r_[np.arange(400), np.arange(408, 700), np.arange(705, 1000)])
    found = failed(kept)
    assert set(found) == {"gaps"}
    assert found["gaps"].observed == pytest.approx(0.013)
    assert [(gap["missing"], gap["row"]) for gap in found["gaps"].evidence["gaps"]] == [(8, 410), (5, 707)]
    assert "8 before line 410 2024-01-18 00:00" in found["gaps"].message
    assert failed(kept, MarketSpec(max_gap_share=0.013)) == {}


def test_on_gap_allow_turns_the_refusal_into_a_warning() -> None:
    raw = raw_of(clean_bars(1000))
    kept = raw.take(np.r_[np.arange(400), np.arange(500, 1000)])
    assert failed(kept)["gaps"].severity == "block"
    assert failed(kept, MarketSpec(on_gap="allow"))["gaps"].severity == "warn"


def test_bars_without_volume_fail_over_their_share() -> None:
    raw = raw_of(clean_bars(500))
    raw.column("volume")[:25] = 0.0
    assert failed(raw) == {}
    raw.column("volume")[:26] = 0.0
    found = failed(raw)
    assert set(found) == {"zero_volume"}
    assert len(named_rows(found["zero_volume"])) == 20


def test_a_history_without_bars_breaks_the_schema_instead_of_crashing() -> None:
    empty = raw_of(clean_bars(10)).take(np.zeros(10, dtype=np.bool_))
    assert "schema" in failed(empty)


@slow_start
@given(
    faults=st.lists(
        st.tuples(
            st.integers(0, 39),
            st.sampled_from(["ts", *COLUMNS]),
            st.sampled_from([0.0, -1.0, float("nan"), float("inf"), 50.0, 100.0, 150.0]),
        ),
        max_size=12,
    ),
    shifts=st.lists(st.tuples(st.integers(0, 39), st.sampled_from([-2 * HOUR_MS, -HOUR_MS, 1, 60_000])), max_size=4),
)
def test_the_contract_of_a_history_and_of_one_bar_name_the_same_rows_and_the_same_first_codes(
    faults: list[tuple[int, str, float]], shifts: list[tuple[int, int]]
) -> None:
    raw = raw_of(clean_bars(40))
    for place, name, value in faults:
        if name != "ts":
            raw.column(name)[place] = value
    for place, shift in shifts:
        raw.ts[place] += shift
    named: dict[int, list[ReasonCode]] = {}
    for result in check_contract(raw, SPEC):
        if not result.passed and result.name not in ("gaps", "zero_volume"):
            assert int(str(result.observed)) <= 20
            for row in named_rows(result):
                named.setdefault(row - 2, []).append(result.code)
    rows = [(int(raw.ts[place]), *(float(raw.column(name)[place]) for name in COLUMNS)) for place in range(40)]
    for place, row in enumerate(rows):
        before = (rows[place - 1][0], rows[place - 1][4]) if place else (None, None)
        usable = before[1] is not None and np.isfinite(before[1]) and before[1] > 0
        one = check_bar(before[0], row, HOUR_MS, previous_close=before[1] if usable else None, max_jump=SPEC.max_jump)
        assert (None if one is None else one.code) == next(iter(named.get(place, [])), None), row
    first = first_breach(rows, HOUR_MS, max_jump=SPEC.max_jump)
    assert (None if first is None else (first[0], first[1].code)) == min(
        ((place, codes[0]) for place, codes in named.items()), default=None
    )


def test_a_funding_that_is_not_finite_breaks_the_contract_and_a_negative_one_keeps_it() -> None:
    funding = np.full(600, -0.001)
    good = replace(clean_bars(600), funding=funding)
    assert blocking_failures(check_contract(raw_from_bars(good, "memory"), MarketSpec())) == []
    spoilt = replace(good, funding=np.where(np.arange(600) == 41, np.nan, funding))
    (found,) = blocking_failures(check_contract(raw_from_bars(spoilt, "memory"), MarketSpec()))
    assert found.code == ReasonCode.BARS_NOT_FINITE
    assert "bar 42 2024-01-02 17:00 UTC funding nan" in found.message
    assert found.evidence["rows"][0]["funding"] == "nan"
