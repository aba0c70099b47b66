"""The trade ledger: rows for people, and one SHA-256 by which two runs prove that they traded the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, cast

from trading.canonical import digest_of
from trading.steps.account import REASONS, TRADE_FIELDS

Reason = Literal["stop", "target", "time", "liquidation", "end"]
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


def ledger_row(trade: ClosedTrade) -> dict[str, Any]:
    """A row of the trade ledger; money is rounded where a last digit could differ between compiled and plain runs.

    Args:
        trade: the finished trade.
    """
    # By position and without a helper for each number: a long backtest has ten thousand rows.
    entry_ts, exit_ts, quantity, entry_price, exit_price, fees, pnl, reason, *rest = trade
    spread, slippage, funding, held, confidence, regime, mae, mfe = rest
    # A negative zero is a zero, as SQLite keeps no sign of it; what an old row does not say is NaN, which no number is.
    return {
        "entry_ts": entry_ts,
        "exit_ts": exit_ts,
        "side": "long" if quantity > 0.0 else "short",
        "quantity": round(quantity, 9) + 0.0,
        "entry_price": round(entry_price, 8) + 0.0,
        "exit_price": round(exit_price, 8) + 0.0,
        "fees": round(fees, 6) + 0.0,
        "spread": round(spread, 6) + 0.0 if spread == spread else None,
        "slippage": round(slippage, 6) + 0.0 if slippage == slippage else None,
        "funding": round(funding, 6) + 0.0 if funding == funding else None,
        "pnl": round(pnl, 6) + 0.0,
        "reason": reason,
        "held": held,
        "confidence": round(confidence, 6) + 0.0 if confidence == confidence else None,
        "regime": regime,
        "mae": round(mae, 8) + 0.0 if mae == mae else None,
        "mfe": round(mfe, 8) + 0.0 if mfe == mfe else None,
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
