from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.arrays import Floats
from trading.simulation.trades import closed_trade, ledger_rows, ledger_sha256, trade_records
from trading.steps import account as a
from trading.steps.account import REASONS, TRADE_FIELDS, TRADE_SIZE

WHOLE = ("entry_ts", "exit_ts", "held", "regime")
UNSAID = ("spread", "slippage", "funding", "confidence", "mae", "mfe")
DIGITS = {"quantity": 9, "entry_price": 8, "exit_price": 8, "mae": 8, "mfe": 8}

numbers = st.floats(-1e300, 1e300)


@st.composite
def records(draw: st.DrawFn) -> Floats:
    rows = draw(st.lists(st.lists(numbers, min_size=TRADE_SIZE, max_size=TRADE_SIZE), max_size=5))
    table = np.array(rows, dtype=np.float64).reshape(len(rows), TRADE_SIZE)
    for name in WHOLE:
        column = TRADE_FIELDS.index(name)
        table[:, column] = np.floor(np.abs(table[:, column]) % 2**40)
    table[:, a.TRADE_REASON] = 1.0 + np.arange(len(rows)) % len(REASONS)
    return table


@given(table=records())
def test_rows_are_the_records_rounded_and_by_name(table: Floats) -> None:
    rows = ledger_rows(table)
    assert len(rows) == len(table)
    for row, record in zip(rows, table, strict=True):
        said: dict[str, float] = dict(zip(TRADE_FIELDS, record.tolist(), strict=True))
        assert row["side"] == ("long" if said["quantity"] > 0.0 else "short")
        assert row["reason"] == REASONS[int(said["reason"])]
        assert {name: row[name] for name in WHOLE} == {name: int(said[name]) for name in WHOLE}
        for name in row.keys() - {"side", "reason", *WHOLE}:
            step = Decimal(1).scaleb(-DIGITS.get(name, 6))
            near = float(Decimal(said[name]).quantize(step, ROUND_HALF_EVEN)) if abs(said[name]) < 1e12 else said[name]
            # Half way between two decimals either is right.
            assert math.isclose(row[name], near, rel_tol=1e-15, abs_tol=float(step)), name
            assert math.isclose(row[name], said[name], rel_tol=1e-15, abs_tol=float(step) / 2.0 * (1 + 1e-6)), name


@given(table=records())
def test_trades_by_names_become_the_same_records_again(table: Floats) -> None:
    assert np.array_equal(trade_records(closed_trade(record) for record in table.tolist()), table)


def record() -> Floats:
    said = np.full(TRADE_SIZE, 0.25)
    said[a.TRADE_REASON] = 2.0
    return said


@pytest.mark.parametrize("name", TRADE_FIELDS)
def test_a_ledger_with_another_number_anywhere_has_another_digest(name: str) -> None:
    table, place = np.stack([record(), record()]), TRADE_FIELDS.index(name)
    before = ledger_sha256(table)
    table[1, place] += 1.0 if name in (*WHOLE, "reason") else 2e-6
    assert ledger_sha256(table) != before


def test_a_ledger_in_another_order_or_without_a_trade_has_another_digest() -> None:
    one, other = record(), record()
    other[a.TRADE_PNL] = 1.0
    found = {ledger_sha256(np.stack(rows)) for rows in ([one, other], [other, one], [one], [one, one, other])}
    assert len({*found, ledger_sha256(np.zeros((0, TRADE_SIZE)))}) == 5


def test_what_rounds_to_the_same_has_the_same_digest() -> None:
    one, other = record(), record()
    one[a.TRADE_PNL], other[a.TRADE_PNL] = 0.0, -0.0
    one[a.TRADE_FEES] += 1e-12
    one[a.TRADE_MAE] = math.nan
    other[a.TRADE_MAE] = np.frombuffer(np.uint64(0xFFF8000000000001).tobytes(), dtype=np.float64)[0]
    assert ledger_sha256(one[None]) == ledger_sha256(other[None])


def test_what_a_trade_of_release_0_1_does_not_say_is_nothing() -> None:
    old, new = record(), record()
    for name in UNSAID:
        old[TRADE_FIELDS.index(name)] = math.nan
    first, second = ledger_rows(np.stack([old, new]))
    assert {name for name, value in first.items() if value is None} == set(UNSAID)
    assert all(value is not None for value in second.values())


def test_the_digest_of_a_ledger_never_changes_between_releases() -> None:
    expected = "89f79eb0a3cad3e91b5f33da58b302724b66507defc85dc793ea48640f6316c2"
    assert ledger_sha256(np.stack([record(), 2.0 * record()])) == expected
