"""What a model decides on bars when asked from outside: signals, and the order it would place from a flat account."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import COLUMNS, FUNDING, Bars
from trading.market.contract.bar import first_breach
from trading.model.model import TradingModel
from trading.steps.policy import ACTIONS

ORDER_COLUMNS = ("size_frac", "duration_bars", "stop_log", "target_log")


def decision_columns(model: TradingModel) -> dict[str, str]:
    """Names and MLflow types of the columns of :func:`decisions`: the engine's further numbers have its own names.

    Args:
        model: its engine names the further numbers.
    """
    return {
        "ts": "long",
        **dict.fromkeys(model.spec.engine.extras, "double"),
        "direction": "long",
        "confidence": "double",
        "code": "string",
        **dict.fromkeys(ORDER_COLUMNS, "double"),
    }


MAX_JUMP = "max_jump"
"""Key of a logged model's configuration: the limit that the night held its bars to."""


def decisions(model: TradingModel, bars: Bars) -> dict[str, NDArray[Any]]:
    """Every bar's signal, and the order that would follow at its close if no position were open.

    The account is flat and holds the initial equity on every bar; each bar sees only itself and the bars before.

    Args:
        model: that decides.
        bars: oldest first.

    Returns:
        Columns of :func:`decision_columns`: the engine's further numbers (NaN during the warm-up), direction (1 or -1),
        effective confidence, ``code`` (OK, or why there is no order), and the order: notional as a signed share of
        equity, longest holding time in bars, and distances of stop and target in log price. Without an order these
        four are NaN.
    """
    from trading.engines.checked import checked_signals
    from trading.simulation.denials import DENIALS
    from trading.simulation.parameters import model_parameters, policy_of
    from trading.steps import account as a
    from trading.steps.breakers import ALLOWED
    from trading.steps.decision import close_step
    from trading.steps.observation import view_at
    from trading.steps.opinion import EXTRAS

    n, extras = len(bars), len(model.spec.engine.extras)
    signals = checked_signals(model, bars)
    columns, series = bars.columns(), signals.columns()
    account, parameters = a.new_account(model.spec.limits.initial_equity), model_parameters(model)
    policy = policy_of(model)
    observation, action = np.empty(len(model.spec.observation_names)), np.empty(len(ACTIONS))
    orders = np.full((n, len(ORDER_COLUMNS)), math.nan)
    codes = np.full(n, str(ReasonCode.OK), dtype=object)
    for t in range(n):
        account[a.ORDER_QUANTITY] = 0.0
        view = view_at(columns, series, t)
        answer = close_step(account, parameters, view, policy, observation, action)
        if answer != ALLOWED:
            codes[t] = str(DENIALS[answer])
            continue
        share = account[a.ORDER_QUANTITY] * view.signal.close / account[a.EQUITY]
        orders[t] = share, account[a.ORDER_DURATION], account[a.ORDER_STOP], account[a.ORDER_TARGET]
    seen = signals.opinions[:, EXTRAS : EXTRAS + extras]
    values = (bars.ts, *seen.T, signals.direction, signals.confidence, codes, *orders.T)
    return dict(zip(decision_columns(model), values, strict=True))


def bars_of(model: TradingModel, columns: dict[str, NDArray[Any]], max_jump: float | None = None) -> Bars:
    """Bars of the model's market from plain columns, if they keep the contract of a bar.

    Args:
        model: names symbol and interval.
        columns: ``ts`` in UTC milliseconds, open, high, low, close, volume, and funding if it is known.
        max_jump: largest ratio, up or down, between an open and the close before; None not to compare.

    Raises:
        DataError: naming the first row that breaks a rule, with the code of the rule.
    """
    names = (*COLUMNS, FUNDING) if FUNDING in columns else COLUMNS
    cells = [_whole(columns["ts"]), *(_cells(columns[name]) for name in names)]
    found = first_breach(zip(*cells, strict=True), model.spec.interval, max_jump=max_jump)
    if found is not None:
        row, breach = found
        raise DataError(breach.code, f"row {row}: {breach.message}", remedy=breach.remedy, row=row)
    ts, *numbers = cells
    values = {name: np.array(column, dtype=np.float64) for name, column in zip(names, numbers, strict=True)}
    return Bars(symbol=model.spec.symbol, interval=model.spec.interval, ts=np.array(ts, dtype=np.int64), **values)


def _whole(ts: NDArray[Any]) -> list[object]:
    """The cells of a time column; whole numbers that a table kept as floats are whole numbers."""
    return [int(cell) if isinstance(cell, float) and cell.is_integer() else cell for cell in _cells(ts)]


def _cells(column: NDArray[Any]) -> list[object]:
    """Numbers as Python's own; anything else, such as a calendar time, as it is, for the contract to refuse."""
    return column.tolist() if column.dtype.kind in "iuf" else list(column)
