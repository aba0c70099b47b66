"""Metrics of closed trades: of all, of each side, regime and reason, and how far they went for and against."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats, Ints
from trading.steps import account as a
from trading.steps.account import REASONS

NO_REGIME = -1


class TradeColumns(NamedTuple):
    """Closed trades as columns of shape (m,), in the order of closing.

    Attributes:
        quantity: signed as entered, units of the asset.
        fees: paid, quote currency.
        spread: paid, quote currency.
        slippage: paid, quote currency.
        funding: paid, quote currency; what was received is negative.
        pnl: after all costs, quote currency.
        reason: why it was left, a key of :data:`trading.steps.account.REASONS`.
        held: bars from the entry to the exit.
        regime: at the decision, a position in the regimes' names, or ``NO_REGIME``.
        mae: largest move against the trade while it was held, share of the entry price, zero or more.
        mfe: the same for it.
    """

    quantity: Floats
    fees: Floats
    spread: Floats
    slippage: Floats
    funding: Floats
    pnl: Floats
    reason: Ints
    held: Ints
    regime: Ints
    mae: Floats
    mfe: Floats


def trade_columns(records: Floats, regimes: Sequence[str] = ()) -> TradeColumns:
    """Trade records as columns.

    Args:
        records: shape (m, TRADE_SIZE), in the order of closing.
        regimes: names of the regimes that trades may name; without names, no trade names one.
    """
    regime = records[:, a.TRADE_REGIME].astype(np.int64) - 1
    return TradeColumns(
        quantity=records[:, a.TRADE_QUANTITY],
        fees=records[:, a.TRADE_FEES_PAID],
        spread=records[:, a.TRADE_SPREAD_PAID],
        slippage=records[:, a.TRADE_SLIPPAGE_PAID],
        funding=records[:, a.TRADE_FUNDING_PAID],
        pnl=records[:, a.TRADE_PNL],
        reason=records[:, a.TRADE_REASON].astype(np.int64),
        held=records[:, a.TRADE_HELD].astype(np.int64),
        regime=regime if regimes else np.full(len(records), NO_REGIME),
        mae=records[:, a.TRADE_MAE],
        mfe=records[:, a.TRADE_MFE],
    )


def win_rate(pnl: Floats) -> float:
    """Share of trades that gained; NaN without trades or if a gain is not a number.

    Args:
        pnl: shape (m,), gain of each trade after costs.
    """
    return float(np.mean(pnl > 0.0)) if len(pnl) and not np.isnan(pnl).any() else math.nan


def profit_factor(pnl: Floats) -> float:
    """Sum of gains over sum of losses; NaN without a loss or if a gain is not a number.

    Args:
        pnl: shape (m,), gain of each trade after costs.
    """
    gained = pnl > 0.0
    gains, losses = float(pnl[gained].sum()), float(-pnl[~gained].sum())
    return gains / losses if losses > 0.0 else math.nan


def longest_losing_streak(pnl: Floats) -> int:
    """Longest run of trades that did not gain.

    Args:
        pnl: shape (m,), gain of each trade after costs, in the order of closing.
    """
    gains = np.flatnonzero(pnl > 0.0)
    return int(np.max(np.diff(np.r_[-1, gains, len(pnl)]))) - 1


def trade_metrics(trades: TradeColumns, regimes: Sequence[str] = ()) -> dict[str, float]:
    """Every metric of trades that needs more than their gains.

    Args:
        trades: closed, in the order of closing.
        regimes: names of the regimes that trades may name.

    Returns:
        By name: counts and sums of long and short trades, of every regime and of every reason; ``cost_`` parts in
        quote currency; ``mean_bars_held``; ``mae_`` and ``mfe_`` as shares of the entry price.

    Raises:
        ValueError: if columns differ in length, a reason or regime has no name, or two regimes have one.
    """
    if len({len(column) for column in trades}) != 1:
        raise ValueError(f"trade columns of different lengths: {[len(column) for column in trades]}")
    named = {NO_REGIME: "none"} | dict(enumerate(regimes))
    if len(set(named.values())) != len(named):
        raise ValueError(f"two regimes of one name: {list(named.values())}")
    for what, labels, names in (("reasons", trades.reason, REASONS), ("regimes", trades.regime, named)):
        unknown = set(np.unique(labels).tolist()) - set(names)
        if unknown:
            raise ValueError(f"trades name {what} {sorted(unknown)}, known are {sorted(names)}")
    pnl = trades.pnl
    found = _group("long", pnl[trades.quantity > 0.0]) | _group("short", pnl[trades.quantity < 0.0])
    for label, name in named.items() if regimes else ():
        found |= _group(f"regime_{name}", pnl[trades.regime == label])
    found |= {f"exits_{name}": int(np.count_nonzero(trades.reason == label)) for label, name in REASONS.items()}
    found |= {f"cost_{name}": float(getattr(trades, name).sum()) for name in ("fees", "spread", "slippage", "funding")}
    found["mean_bars_held"] = _mean(trades.held)
    for name in ("mae", "mfe"):
        found |= _excursion(name, getattr(trades, name), pnl > 0.0)
    return found


def _group(name: str, pnl: Floats) -> dict[str, float]:
    return {
        f"{name}_trades": len(pnl),
        f"{name}_pnl": float(pnl.sum()),
        f"{name}_win_rate": win_rate(pnl),
        f"{name}_profit_factor": profit_factor(pnl),
    }


def _excursion(name: str, moves: Floats, gained: NDArray[np.bool_]) -> dict[str, float]:
    found: dict[str, float] = {}
    for part, chosen in (("", moves), ("_winners", moves[gained]), ("_losers", moves[~gained])):
        found[f"{name}_mean{part}"] = _mean(chosen)
        found[f"{name}_median{part}"] = float(np.median(chosen)) if len(chosen) else math.nan
    return found


def _mean(values: Floats | Ints) -> float:
    return float(np.mean(values)) if len(values) else math.nan
