"""What a model decides on bars when asked from outside: signals, and the order it would place from a flat account."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import COLUMNS, Bars
from trading.model.model import TradingModel
from trading.steps.policy import ACTIONS

ORDER_COLUMNS = ("size_frac", "duration_bars", "stop_log", "target_log")


def decision_columns(model: TradingModel) -> dict[str, str]:
    """Names and MLflow types of the columns of :func:`decisions`: the engine's further numbers have its own names."""
    return {
        "ts": "long",
        **dict.fromkeys(model.spec.engine.extras, "double"),
        "direction": "long",
        "confidence": "double",
        "code": "string",
        **dict.fromkeys(ORDER_COLUMNS, "double"),
    }


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
    from trading.engines.stream import compute_signals
    from trading.simulation.denials import DENIALS
    from trading.simulation.parameters import fixed_action_of, model_parameters, policy_layers
    from trading.steps import account as a
    from trading.steps.breakers import ALLOWED
    from trading.steps.decision import close_step
    from trading.steps.observation import view_at
    from trading.steps.opinion import EXTRAS

    n, extras = len(bars), len(model.spec.engine.extras)
    signals = compute_signals(model, bars)
    columns, series = bars.columns(), signals.columns()
    account, parameters = a.new_account(model.spec.limits.initial_equity), model_parameters(model)
    layers, fixed = policy_layers(model), fixed_action_of(model)
    observation, action = np.empty(len(model.spec.observation_names)), np.empty(len(ACTIONS))
    orders = np.full((n, len(ORDER_COLUMNS)), math.nan)
    codes = np.full(n, str(ReasonCode.OK), dtype=object)
    for t in range(n):
        account[a.ORDER_QUANTITY] = 0.0
        view = view_at(columns, bars.interval, series, t)
        answer = close_step(account, parameters, view, layers, fixed, observation, action)
        if answer != ALLOWED:
            codes[t] = str(DENIALS[answer])
            continue
        share = account[a.ORDER_QUANTITY] * view.close / account[a.EQUITY]
        orders[t] = share, account[a.ORDER_DURATION], account[a.ORDER_STOP], account[a.ORDER_TARGET]
    seen = signals.opinions[:, EXTRAS : EXTRAS + extras]
    values = (bars.ts, *seen.T, signals.direction, signals.confidence, codes, *orders.T)
    return dict(zip(decision_columns(model), values, strict=True))


def bars_of(model: TradingModel, columns: dict[str, NDArray[Any]]) -> Bars:
    """Bars of the model's market from plain columns, refusing what no market can print.

    Args:
        model: names symbol and interval.
        columns: ``ts`` in UTC milliseconds, open, high, low, close, volume.

    Raises:
        DataError: naming the first wrong row.
    """
    ts = np.ascontiguousarray(columns["ts"], dtype=np.int64)
    values = {name: np.ascontiguousarray(columns[name], dtype=np.float64) for name in COLUMNS}
    finite = np.logical_and.reduce([np.isfinite(values[name]) for name in COLUMNS])
    _refuse(~finite, ReasonCode.BARS_NOT_FINITE, "has a value that is NaN or infinite")
    positive = np.logical_and.reduce([values[name] > 0 for name in COLUMNS if name != "volume"])
    _refuse(~positive | (values["volume"] < 0), ReasonCode.BARS_NOT_POSITIVE, "has a price or volume out of range")
    _refuse(np.r_[False, np.diff(ts) <= 0], ReasonCode.BARS_NOT_INCREASING, "is not later than the row before")
    top = np.maximum(values["open"], values["close"])
    bottom = np.minimum(values["open"], values["close"])
    _refuse((values["high"] < top) | (values["low"] > bottom), ReasonCode.BARS_HIGH_LOW, "has open or close outside")
    return Bars(symbol=model.spec.symbol, interval=model.spec.interval, ts=ts, **values)


def _refuse(wrong: NDArray[np.bool_], code: ReasonCode, what: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(code, f"row {row} {what}.", remedy="Pass clean bars, oldest first.", row=row)
