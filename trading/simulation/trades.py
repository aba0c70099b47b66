"""The trade ledger: rows for people, and one SHA-256 by which two runs prove that they traded the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trading.arrays import Floats
from trading.canonical import digest_of
from trading.steps.account import (
    REASONS,
    TRADE_ENTRY,
    TRADE_ENTRY_TS,
    TRADE_EXIT,
    TRADE_EXIT_TS,
    TRADE_FEES_PAID,
    TRADE_PNL,
    TRADE_QUANTITY,
    TRADE_REASON,
)


def trade_row(trade: Floats) -> dict[str, Any]:
    """One trade by name; money is rounded where a last digit could differ between compiled and plain runs."""
    return {
        "entry_ts": int(trade[TRADE_ENTRY_TS]),
        "exit_ts": int(trade[TRADE_EXIT_TS]),
        "quantity": round(float(trade[TRADE_QUANTITY]), 9),
        "entry_price": round(float(trade[TRADE_ENTRY]), 8),
        "exit_price": round(float(trade[TRADE_EXIT]), 8),
        "fees": round(float(trade[TRADE_FEES_PAID]), 6),
        "pnl": round(float(trade[TRADE_PNL]), 6),
        "reason": REASONS[int(trade[TRADE_REASON])],
    }


def ledger_sha256(rows: Iterable[dict[str, Any]]) -> str:
    """SHA-256 of the canonical JSON of trade rows, in the order they closed."""
    return digest_of(list(rows))
