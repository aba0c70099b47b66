"""What stages keep comes back as it was, numbers that are not finite included."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support import random_model, small_bars
from trading.night import artifacts
from trading.night.artifacts import BACKTEST, BARS, FEATURES, MODEL, BacktestRecord, metrics_of, numbers
from trading.store import Kind, Store
from trading.store.kind import decode_arrays


def test_a_model_comes_back_as_it_was(tmp_path: Path) -> None:
    store, model = Store(tmp_path), random_model(2)
    ref = store.put(MODEL, model)
    again = store.get(MODEL, ref)
    assert again.spec == model.spec
    assert all(np.array_equal(again.arrays()[name], array) for name, array in model.arrays().items())
    assert store.put(MODEL, again) == ref


def test_bars_come_back_bit_for_bit(tmp_path: Path) -> None:
    store, bars = Store(tmp_path), small_bars(10)
    assert store.get(BARS, store.put(BARS, bars)).digest() == bars.digest()


def test_bars_come_back_with_their_funding_and_without_it_as_release_0_1_kept_them(tmp_path: Path) -> None:
    store, bars = Store(tmp_path), small_bars(10)
    charged = replace(bars, funding=np.arange(len(bars)) / 1024)
    again = store.get(BARS, store.put(BARS, charged))
    assert again.digest() == charged.digest()
    assert again.columns().funding.tolist() == charged.columns().funding.tolist()
    assert store.get(BARS, store.put(BARS, bars)).funding is None
    plain = decode_arrays(store.get_bytes(store.put(BARS, bars)))
    assert set(plain) == {"symbol", "interval", "ts", "open", "high", "low", "close", "volume"}


def test_features_keep_the_holes_of_their_warm_up(tmp_path: Path) -> None:
    store, values = Store(tmp_path), np.array([[np.nan, 1.0], [2.0, 3.0]])
    assert np.array_equal(store.get(FEATURES, store.put(FEATURES, values)), values, equal_nan=True)


def test_a_backtest_comes_back_with_numbers_that_are_not_finite(tmp_path: Path) -> None:
    store = Store(tmp_path)
    record = BacktestRecord(
        metrics={"sharpe": math.nan, "trades": 1.0},
        trades=[{"pnl": 1.5}],
        ledger_sha256="ab",
        ts=np.arange(2),
        equity=np.ones(2),
    )
    again = store.get(BACKTEST, store.put(BACKTEST, record))
    assert math.isnan(again.metrics["sharpe"])
    assert (again.trades, again.ledger_sha256) == (record.trades, "ab")
    assert (again.ts.tolist(), again.equity.tolist()) == ([0, 1], [1.0, 1.0])


def test_every_kind_has_a_name_of_its_own() -> None:
    kinds = [kind.name for kind in vars(artifacts).values() if isinstance(kind, Kind)]
    assert len(kinds) > 10
    assert len(set(kinds)) == len(kinds)


@given(st.dictionaries(st.text(max_size=5), st.floats()))
def test_metrics_survive_json_whatever_they_are(metrics: dict[str, float]) -> None:
    again = metrics_of(numbers(metrics))
    assert again.keys() == metrics.keys()
    assert all(
        again[name] == value or (math.isnan(value) and math.isnan(again[name])) for name, value in metrics.items()
    )
