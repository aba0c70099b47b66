"""The trade ledger: rows for people, and one SHA-256 by which two runs prove that they traded the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, cast

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

Reason = Literal["stop", "target", "time"]


class ClosedTrade(NamedTuple):
    """One finished trade.

    Attributes:
        entry_ts: UTC milliseconds of the open of the bar on which it was entered.
        exit_ts: the same of the bar on which its last part left.
        quantity: signed, units of the asset.
        entry_price: average.
        exit_price: average.
        fees: quote currency.
        pnl: quote currency, after all costs.
        reason: why it was left.
    """

    entry_ts: int
    exit_ts: int
    quantity: float
    entry_price: float
    exit_price: float
    fees: float
    pnl: float
    reason: Reason


def closed_trade(record: Sequence[float]) -> ClosedTrade:
    """A trade by names.

    Args:
        record: TRADE_SIZE numbers, as :func:`trading.steps.venue.venue_step` writes them, ``tolist()``.
    """
    return ClosedTrade(
        entry_ts=int(record[TRADE_ENTRY_TS]),
        exit_ts=int(record[TRADE_EXIT_TS]),
        quantity=record[TRADE_QUANTITY],
        entry_price=record[TRADE_ENTRY],
        exit_price=record[TRADE_EXIT],
        fees=record[TRADE_FEES_PAID],
        pnl=record[TRADE_PNL],
        reason=cast("Reason", REASONS[int(record[TRADE_REASON])]),
    )


def ledger_row(trade: ClosedTrade) -> dict[str, Any]:
    """A row of the trade ledger; money is rounded where a last digit could differ between compiled and plain runs.

    Args:
        trade: the finished trade.
    """
    return {
        "entry_ts": trade.entry_ts,
        "exit_ts": trade.exit_ts,
        "quantity": round(trade.quantity, 9),
        "entry_price": round(trade.entry_price, 8),
        "exit_price": round(trade.exit_price, 8),
        "fees": round(trade.fees, 6),
        "pnl": round(trade.pnl, 6),
        "reason": trade.reason,
    }


def trade_row(record: Sequence[float]) -> dict[str, Any]:
    """A row of the trade ledger from a trade record; see :func:`closed_trade` and :func:`ledger_row`.

    Args:
        record: TRADE_SIZE numbers.
    """
    return ledger_row(closed_trade(record))


def ledger_sha256(rows: Iterable[dict[str, Any]]) -> str:
    """SHA-256 of the canonical JSON of trade rows, in the order they closed.

    Args:
        rows: from :func:`trade_row`, in the order of closing.
    """
    return digest_of(list(rows))
