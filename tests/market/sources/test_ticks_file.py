from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.market.samples import START_MS
from trading.codes import ReasonCode
from trading.market.raw import Columns, RawBars
from trading.market.sources.ticks_file import bars_from_trades
from trading.settings.models import MarketSpec

SECOND_MS = 1_000
SPEC = MarketSpec()
FOREVER = START_MS + 10**9

TRADES = st.lists(st.tuples(st.integers(0, 5_000), st.floats(0.01, 1e6), st.floats(0.0, 1e6)), min_size=1, max_size=80)


def columns_of(trades: list[tuple[int, float, float]]) -> Columns:
    times, prices, volumes = zip(*trades, strict=True)
    return Columns(
        START_MS + np.array(times, dtype=np.int64),
        {"price": np.array(prices, dtype=np.float64), "volume": np.array(volumes, dtype=np.float64)},
        np.arange(2, len(trades) + 2, dtype=np.int64),
    )


def bars(trades: list[tuple[int, float, float]], until_ms: int = FOREVER, spec: MarketSpec = SPEC) -> RawBars:
    return bars_from_trades(
        columns_of(trades), interval=SECOND_MS, symbol="TEST", source="trades.csv", spec=spec, until_ms=until_ms
    )


@given(TRADES)
def test_bars_are_what_adding_one_trade_after_the_other_gives(trades: list[tuple[int, float, float]]) -> None:
    trades = sorted(trades, key=lambda trade: trade[0])
    expected: dict[int, list[float]] = {}
    for at, price, volume in trades:
        start = START_MS + at // SECOND_MS * SECOND_MS
        bar = expected.setdefault(start, [price, price, price, price, 0.0])
        bar[1], bar[2], bar[3], bar[4] = max(bar[1], price), min(bar[2], price), price, bar[4] + volume
    closed = {start: bar for start, bar in expected.items() if start + SECOND_MS <= START_MS + trades[-1][0]}
    found = bars(trades)
    assert found.ts.tolist() == list(closed)
    for at, name in enumerate(("open", "high", "low", "close", "volume")):
        assert found.column(name).tolist() == pytest.approx([bar[at] for bar in closed.values()])


@given(TRADES, st.integers(0, 6_000))
def test_a_moment_shows_no_later_trade_and_no_unfinished_bar(
    trades: list[tuple[int, float, float]], until: int
) -> None:
    trades = sorted(trades, key=lambda trade: trade[0])
    everything, visible = bars(trades), bars(trades, START_MS + until)
    assert all(visible.ts + SECOND_MS <= START_MS + until)
    n = len(visible)
    assert visible.ts.tolist() == everything.ts[:n].tolist()
    for name in ("open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(visible.column(name), everything.column(name)[:n])
    assert all(everything.ts[n:] + SECOND_MS > START_MS + until)


def test_a_second_without_a_trade_is_a_gap_and_no_invented_bar() -> None:
    found = bars([(0, 10.0, 1.0), (3_500, 11.0, 1.0), (4_000, 12.0, 1.0)])
    assert found.ts.tolist() == [START_MS, START_MS + 3_000]


@pytest.mark.parametrize(
    ("trade", "code"),
    [
        ((1_500, -1.0, 1.0), ReasonCode.BARS_NOT_POSITIVE),
        ((1_500, 0.0, 1.0), ReasonCode.BARS_NOT_POSITIVE),
        ((1_500, 10.0, -1.0), ReasonCode.BARS_NOT_POSITIVE),
        ((1_500, float("nan"), 1.0), ReasonCode.BARS_NOT_FINITE),
        ((1_500, 10.0, float("inf")), ReasonCode.BARS_NOT_FINITE),
        ((500, 10.0, 1.0), ReasonCode.BARS_NOT_INCREASING),
    ],
)
def test_a_bad_trade_is_named_and_stays_out_of_the_bars(trade: tuple[int, float, float], code: ReasonCode) -> None:
    found = bars([(0, 10.0, 1.0), (1_000, 10.0, 1.0), trade, (2_500, 10.0, 1.0)])
    failed = [check for check in found.checks if not check.passed]
    assert [check.code for check in failed] == [code]
    assert "line 4" in failed[0].message
    assert failed[0].evidence["rows"][0]["row"] == 4
    assert np.isfinite(found.column("volume")).all()


def test_trades_out_of_order_are_sorted_only_when_asked_and_it_is_told() -> None:
    trades = [(0, 10.0, 1.0), (1_500, 11.0, 1.0), (500, 12.0, 1.0), (2_500, 13.0, 1.0)]
    found = bars(trades, spec=MarketSpec(on_unsorted="sort"))
    assert all(check.passed for check in found.checks)
    assert found.column("close").tolist() == [12.0, 11.0]
    assert [step.message for step in found.repairs] == ["1 trades went back in time and were sorted"]
