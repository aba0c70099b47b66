"""The trade ledger: rows for people, and one SHA-256 by which two runs prove that they traded the same."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, cast

import numpy as np

from trading.arrays import Floats
from trading.canonical import canonical_json
from trading.steps.account import REASON_END, REASONS, TRADE_FIELDS, TRADE_QUANTITY, TRADE_SIZE

Reason = Literal["stop", "target", "time", "liquidation", "end", "signal", "crisis", "policy"]
Side = Literal["long", "short"]


class ClosedTrade(NamedTuple):
    """One finished trade, in the order of the trade record; what release 0.1 did not write is NaN, or 0 for a count.

    Attributes:
        entry_ts: UTC milliseconds of the open of the bar on which it was entered.
        exit_ts: the same of the bar on which its last part left.
        quantity: signed, units of the asset.
        entry_price: average.
        exit_price: average.
        fees: quote currency.
        pnl: quote currency, after all costs.
        reason: why it was left.
        spread: quote currency, inside the prices.
        slippage: quote currency, inside the prices.
        funding: quote currency, negative when received.
        held: bars at whose close it was open.
        confidence: effective, at the decision.
        regime: which of the engine's further numbers was largest at the decision, from 1; 0 none.
        mae: largest move against it, share of the entry price.
        mfe: largest move for it, share of the entry price.
    """

    entry_ts: int
    exit_ts: int
    quantity: float
    entry_price: float
    exit_price: float
    fees: float
    pnl: float
    reason: Reason
    spread: float = math.nan
    slippage: float = math.nan
    funding: float = math.nan
    held: int = 0
    confidence: float = math.nan
    regime: int = 0
    mae: float = math.nan
    mfe: float = math.nan

    @property
    def side(self) -> Side:
        """Whether it gained when the price rose."""
        return "long" if self.quantity > 0.0 else "short"


_REASON = TRADE_FIELDS.index("reason")
_WHOLE = tuple(TRADE_FIELDS.index(name) for name in ("entry_ts", "exit_ts", "held", "regime"))
_DIGITS = {
    "quantity": 9,
    "entry_price": 8,
    "exit_price": 8,
    "fees": 6,
    "spread": 6,
    "slippage": 6,
    "funding": 6,
    "pnl": 6,
    "confidence": 6,
    "mae": 8,
    "mfe": 8,
}
"""Decimals of what a ledger rounds, where a last digit could differ between compiled and plain runs."""
_EXACT = 2.0**52
"""From here on a float has no decimals."""
_UNSAID = ("spread", "slippage", "funding", "confidence", "mae", "mfe")
"""What a trade of release 0.1 does not say."""
LEDGER_COLUMNS = (
    "entry_ts",
    "exit_ts",
    "side",
    "quantity",
    "entry_price",
    "exit_price",
    "fees",
    "spread",
    "slippage",
    "funding",
    "pnl",
    "reason",
    "held",
    "confidence",
    "regime",
    "mae",
    "mfe",
)
"""Names of what a row says, in order."""
_NUMBERS = {reason: number for number, reason in REASONS.items()}
_FIRST = {reason: number for reason, number in _NUMBERS.items() if number <= REASON_END}
"""Reasons that a digest names; those that came later do not change the digest of a ledger without them."""


def closed_trade(record: Sequence[float]) -> ClosedTrade:
    """A trade by names.

    Args:
        record: TRADE_SIZE numbers, as :func:`trading.steps.venue.venue_step` writes them, ``tolist()``.
    """
    values: list[Any] = list(record)
    for place in _WHOLE:
        values[place] = int(values[place])
    values[_REASON] = cast("Reason", REASONS[int(values[_REASON])])
    return ClosedTrade(*values)


def trade_records(trades: Iterable[ClosedTrade]) -> Floats:
    """The records of trades by names, shape (number of trades, TRADE_SIZE): :func:`closed_trade` backwards.

    Args:
        trades: in the order of closing.
    """
    rows = [(*trade[:_REASON], _NUMBERS[trade.reason], *trade[_REASON + 1 :]) for trade in trades]
    return np.array(rows, dtype=np.float64).reshape(len(rows), TRADE_SIZE)


def ledger_rows(records: Floats) -> list[dict[str, Any]]:
    """Rows of the trade ledger; what a trade of release 0.1 does not say is None.

    Args:
        records: shape (m, TRADE_SIZE), in the order of closing.
    """
    columns = _ledger_columns(records)
    lists = {name: column.tolist() for name, column in columns.items()}
    for place in _WHOLE:
        lists[TRADE_FIELDS[place]] = columns[TRADE_FIELDS[place]].astype(np.int64).tolist()
    lists["reason"] = [REASONS[int(number)] for number in lists["reason"]]
    for name in _UNSAID:
        if np.isnan(columns[name]).any():
            lists[name] = [None if number != number else number for number in lists[name]]
    lists["side"] = np.where(records[:, TRADE_QUANTITY] > 0.0, "long", "short").tolist()
    rows = zip(*(lists[name] for name in LEDGER_COLUMNS), strict=True)
    return [dict(zip(LEDGER_COLUMNS, row, strict=True)) for row in rows]


def ledger_sha256(records: Floats) -> str:
    """SHA-256 by which two ledgers are equal: the names of the columns, then each column in the order of closing.

    A column is little-endian float64, rounded as in a row; a reason is its number, and what a trade of
    release 0.1 does not say is one and the same NaN. Written so because a long backtest has ten thousand trades.

    Args:
        records: shape (m, TRADE_SIZE), in the order of closing.
    """
    columns = _ledger_columns(records)
    digest = hashlib.sha256(canonical_json({"columns": list(columns), "reasons": _FIRST}))
    for column in columns.values():
        digest.update(column.astype("<f8").tobytes())
    return digest.hexdigest()


def _ledger_columns(records: Floats) -> dict[str, Floats]:
    """The rounded columns of a ledger by name; no zero is negative, as SQLite keeps no sign of it."""
    columns = dict(zip(TRADE_FIELDS, records.T, strict=True))
    rounded = {name: _rounded(column, _DIGITS[name]) if name in _DIGITS else column for name, column in columns.items()}
    return {name: np.where(np.isnan(column), np.nan, column) + 0.0 for name, column in rounded.items()}


def _rounded(column: Floats, digits: int) -> Floats:
    scale = 10.0**digits
    with np.errstate(over="ignore"):
        return np.where(np.abs(column) < _EXACT / scale, np.rint(column * scale) / scale, column)
