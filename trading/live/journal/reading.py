"""What readers beside the runner ask a journal for, in whatever version its last runner left it."""

from __future__ import annotations

import sqlite3

from trading.live.journal.encoding import account_of
from trading.live.journal.upgrade import REASONS_1, TRADES_1, account_1
from trading.simulation.accounts import SavedAccount
from trading.simulation.trades import ClosedTrade

_TRADE_COLUMNS_2 = ("entry_ts", "exit_ts", "quantity", "entry_price", "exit_price", "fees", "pnl", "reason")


def read_account(db: sqlite3.Connection, version: int) -> SavedAccount | None:
    """The account at the last bar by field names, or None before the first.

    Args:
        db: of the journal.
        version: of its schema.
    """
    row = db.execute("SELECT account FROM snapshot").fetchone()
    if row is None:
        return None
    return account_1(row[0]) if version == 1 else account_of(row[0])


def read_trades(db: sqlite3.Connection, version: int) -> list[ClosedTrade]:
    """Every trade, in the order in which they closed.

    Args:
        db: of the journal.
        version: of its schema.
    """
    table = f"({TRADES_1})" if version == 1 else "trades"
    columns = _TRADE_COLUMNS_2 if version < 3 else ClosedTrade._fields
    rows = db.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY number")
    trades = [{name: value for name, value in zip(columns, row, strict=True) if value is not None} for row in rows]
    if version == 1:
        trades = [{**trade, "reason": REASONS_1[trade["reason"]]} for trade in trades]
    return [ClosedTrade(**trade) for trade in trades]
