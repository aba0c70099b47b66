from __future__ import annotations

import numpy as np

from trading.steps import account as a


def test_a_new_account_is_flat_and_owns_what_it_was_given() -> None:
    account = a.new_account(250.0)
    found = dict(zip(a.ACCOUNT_FIELDS, account.tolist(), strict=True))
    unknown = {name for name, value in found.items() if np.isnan(value)}
    assert unknown == {"stop", "target", "typical_range", "last_ts"}
    assert {name: value for name, value in found.items() if value and name not in unknown} == {
        "cash": 250.0,
        "equity": 250.0,
        "low_equity": 250.0,
        "peak": 250.0,
    }


def test_every_field_stands_at_the_place_of_its_name() -> None:
    for fields in (a.ACCOUNT_FIELDS, a.PARAMETER_FIELDS):
        assert [getattr(a, name.upper()) for name in fields] == list(range(len(fields)))
    renamed = {"entry_price": "ENTRY", "exit_price": "EXIT"} | {
        name: f"{name.upper()}_PAID" for name in ("fees", "spread", "slippage", "funding")
    }
    places = [getattr(a, f"TRADE_{renamed.get(name, name.upper())}") for name in a.TRADE_FIELDS]
    assert places == list(range(a.TRADE_SIZE))


def test_every_reason_has_a_name() -> None:
    assert list(a.REASONS.values()) == ["stop", "target", "time", "liquidation", "end", "signal", "crisis", "policy"]
    assert list(a.REASONS) == [1, 2, 3, 4, 5, 6, 7, 8]
