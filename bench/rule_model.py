"""The strategy that peers are compared on: the engine ``moving_average``, a fixed action, ``simple`` costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.peers.asked import Asked, Trade
from tests.support.models import INSTRUMENT, KNOWN, SIMPLE, USUAL_WINDOWS, limits_of, make_model, one_map
from trading.engines.base import parsed_options
from trading.engines.stream import compute_signals
from trading.engines.table import engine_class
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.model.spec import ActionBounds, EngineIdentity, PolicyShape
from trading.simulation.backtest import BacktestResult
from trading.simulation.parameters import model_parameters
from trading.steps import account as a
from trading.steps.booking import open_trade
from trading.steps.observation import signal_at
from trading.steps.sizing import order_step

ENGINE = "moving_average"
FEE_BPS = 4.0
EQUITY = 10_000.0
ACTION = (0.0, 0.0, 0.0, 0.0)
BRIEF = (0.0, -1.0, 0.0, 0.0)
BOUNDS = ActionBounds(min_duration=2, max_duration=162, min_stop=0.2, max_stop=1.0, min_target=0.4, max_target=1.6)
"""Stops and targets near enough that every reason to leave is common: 18 bars (2 if brief), 0.6 and 1.0 deviations."""


def rule_model(interval: int, *, tick: float, action: tuple[float, ...] = ACTION) -> TradingModel:
    """The model: a rule and a fixed action, a fee, and nothing else that a fill costs.

    Args:
        interval: milliseconds of a bar.
        tick: smallest price step.
        action: size, duration, stop and target in [-1, 1].
    """
    kind = engine_class(ENGINE)
    arrays = {
        "scaler.mean": np.zeros(len(KNOWN)),
        "scaler.deviation": np.ones(len(KNOWN)),
        **one_map([0.0, 1.0], [0.0, 1.0]),
    }
    costs: dict[str, Any] = {
        "fee_bps": FEE_BPS, "maker_fee_bps": FEE_BPS, "spread_bps": 0.0, "impact_bps": 0.0, "max_participation": 1.0,
    }  # fmt: skip
    return make_model(
        arrays,
        interval=interval,
        windows=USUAL_WINDOWS,
        engine=EngineIdentity(
            name=ENGINE,
            tag=kind.tag,
            revision=kind.revision,
            options=parsed_options(ENGINE, kind, {}).model_dump(),
            extras=kind.extras,
        ),
        policy=PolicyShape(kind="fixed", action=action),
        actions=BOUNDS,
        costs=SIMPLE.model_copy(update=costs),
        instrument=INSTRUMENT.model_copy(update={"tick": tick}),
        limits=limits_of(initial_equity=EQUITY, halt_drawdown=1.0, volatility_target=100.0),
    )


def asked_of(model: TradingModel, bars: Bars, result: BacktestResult) -> Asked:
    """The entries of a backtest as a peer is asked for them: the bracket by the same steps, nothing of the exits.

    Args:
        model: that traded.
        bars: of the whole series.
        result: of the backtest, every fill at the open after the decision.
    """
    p, signals, account = model_parameters(model), compute_signals(model, bars), a.new_account(1.0)
    columns, said, action = bars.columns(), signals.columns(), np.array(model.spec.policy.action)
    entry = np.searchsorted(bars.ts, result.closed[:, a.TRADE_ENTRY_TS].astype(np.int64))
    quantity = result.closed[:, a.TRADE_QUANTITY]
    rows = []
    for t, filled, price in zip(
        entry.tolist(), quantity.tolist(), result.closed[:, a.TRADE_ENTRY].tolist(), strict=True
    ):
        account[a.EQUITY] = model.spec.limits.initial_equity
        order_step(account, p, action, signal_at(columns, said, t - 1))
        open_trade(account, p, int(bars.ts[t]), filled, price)
        rows.append((account[a.STOP], account[a.TARGET], account[a.DURATION]))
    stop, target, duration = np.array(rows).T
    return Asked(
        ts=bars.ts,
        open=bars.open,
        high=bars.high,
        low=bars.low,
        close=bars.close,
        interval=bars.interval,
        tick=model.spec.instrument.tick,
        lot=model.spec.instrument.lot,
        fee=model.spec.costs.fee_bps * 1e-4,
        entry=entry,
        quantity=quantity,
        stop=stop,
        target=target,
        duration=duration.astype(np.int64),
    )


def our_trades(bars: Bars, result: BacktestResult) -> list[Trade]:
    """A ledger in the words of a peer.

    Args:
        bars: of the whole series.
        result: of the backtest.
    """
    closed = result.closed
    entry, left = (
        np.searchsorted(bars.ts, closed[:, column].astype(np.int64)).tolist()
        for column in (a.TRADE_ENTRY_TS, a.TRADE_EXIT_TS)
    )
    reasons = [a.REASONS[int(number)] for number in closed[:, a.TRADE_REASON]]
    prices = (closed[:, column].tolist() for column in (a.TRADE_ENTRY, a.TRADE_EXIT))
    entered, exited = prices
    return [Trade(*row) for row in zip(entry, entered, left, exited, reasons, strict=True)]
