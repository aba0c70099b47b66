"""Accounts, parameters and bars for tests of single steps, with their numbers by name."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats
from trading.steps.account import (
    ACCOUNT_FIELDS,
    PARAMETER_FIELDS,
    PARAMETERS_SIZE,
    TRADE_FIELDS,
    new_account,
)
from trading.steps.bar import Bar
from trading.steps.extremes import VenueBar
from trading.steps.observation import Signal

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

# Nothing costs anything, everything fills: a test changes what it is about.
_FREE = {"interval": HOUR_MS, "participation": 1.0, "lot": 0.5, "tick": 0.25, "size_cap": 1.0, "halt_drawdown": 1.0}


def account_of(cash: float = 1_000.0, **fields: float) -> Floats:
    """A flat account with some fields set.

    Args:
        cash: quote currency, also what it started with.
        **fields: further fields of the account by name.
    """
    account = new_account(cash)
    for name, value in fields.items():
        account[ACCOUNT_FIELDS.index(name)] = value
    return account


def parameters_of(**fields: float) -> Floats:
    """Packed parameters of a market where nothing costs anything, with some changed.

    Args:
        **fields: parameters by name, in the units of the steps.
    """
    packed = np.zeros(PARAMETERS_SIZE)
    for name, value in (_FREE | fields).items():
        packed[PARAMETER_FIELDS.index(name)] = value
    return packed


def changes(before: Floats, after: Floats) -> dict[str, float]:
    """What a step wrote that is not what was there: the fields of an account that differ, as they are now.

    Args:
        before: account, copied before the step.
        after: the same after it.
    """
    pairs = zip(ACCOUNT_FIELDS, before.tolist(), after.tolist(), strict=True)
    return {name: now for name, was, now in pairs if now != was and not (np.isnan(now) and np.isnan(was))}


def trade_fields(trade: Floats) -> dict[str, float]:
    """A trade record by name.

    Args:
        trade: shape (TRADE_SIZE,).
    """
    return dict(zip(TRADE_FIELDS, trade.tolist(), strict=True))


def bar_of(
    close: float = 100.0,
    *,
    ts: int = 0,
    opened: float = 100.0,
    high: float = 110.0,
    low: float = 90.0,
    volume: float = 1_000.0,
    funding: float = 0.0,
) -> Bar:
    """A closed bar of an hour, of which only what is named matters."""
    return Bar(ts, opened, high, low, close, volume, funding)


def seen_of(
    close: float = 100.0,
    *,
    ts: int = 0,
    opened: float = 100.0,
    high: float = 110.0,
    low: float = 90.0,
    volume: float = 1_000.0,
    sigma: float = 0.0,
) -> VenueBar:
    """A bar as fills see it, of which only what is named matters."""
    return VenueBar(ts, opened, high, low, close, volume, sigma)


def signal_of(
    direction: int = 1,
    *,
    close_ts: int = 0,
    close: float = 100.0,
    log_volatility: float = -4.0,
    warm: int = 1,
    confidence: float = 0.75,
    cash: int = 0,
) -> Signal:
    """A signal at the close of a bar, of which only what is named matters."""
    return Signal(close_ts, close, log_volatility, warm, direction, confidence, cash)
