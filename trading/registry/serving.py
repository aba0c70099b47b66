"""What a model decides on bars when asked from outside: signals, and the order it would place from a flat account."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import COLUMNS, Bars
from trading.model.model import ACTIONS, OBSERVATION_SIZE, TradingModel

DECISION_COLUMNS = {
    "ts": "long",
    "p_bull": "double",
    "p_bear": "double",
    "p_chop": "double",
    "direction": "long",
    "confidence": "double",
    "code": "string",
    "size_frac": "double",
    "duration_bars": "double",
    "stop_log": "double",
    "target_log": "double",
}
"""Names and MLflow types of the columns of :func:`decisions`."""


def decisions(model: TradingModel, bars: Bars) -> dict[str, NDArray[Any]]:
    """Every bar's signal, and the order that would follow at its close if no position were open.

    The account is flat and holds the initial equity on every bar; each bar sees only itself and the bars before.

    Returns:
        Columns of :data:`DECISION_COLUMNS`: regime probabilities (NaN during the warm-up), direction (1 or -1),
        effective confidence, ``code`` (OK, or why there is no order), and the order: notional as a signed share of
        equity, longest holding time in bars, and distances of stop and target in log price. Without an order these
        four are NaN.
    """
    from trading.simulation.denials import DENIALS
    from trading.simulation.parameters import model_parameters
    from trading.simulation.signals import compute_signals
    from trading.steps.account import EQUITY, ORDER_DURATION, ORDER_QUANTITY, ORDER_STOP, ORDER_TARGET, new_state
    from trading.steps.breakers import ALLOWED
    from trading.steps.decision import close_step

    n = len(bars)
    signals = compute_signals(model, bars)
    state, parameters = new_state(model.spec.risk.initial_equity), model_parameters(model)
    observation, action = np.empty(OBSERVATION_SIZE), np.empty(len(ACTIONS))
    orders = np.full((n, 4), math.nan)
    codes = np.full(n, str(ReasonCode.OK), dtype=object)
    for t in range(n):
        state[ORDER_QUANTITY] = 0.0
        close = float(bars.close[t])
        code = close_step(
            state, parameters, int(bars.ts[t]) + bars.interval, close, signals.raw[t], signals.scaled[t],
            signals.beliefs[t], int(signals.warm[t]), int(signals.direction[t]), float(signals.confidence[t]),
            model.w0, model.b0, model.w1, model.b1, model.w2, model.b2, observation, action,
        )  # fmt: skip
        if code != ALLOWED:
            codes[t] = str(DENIALS[code])
            continue
        share = state[ORDER_QUANTITY] * close / state[EQUITY]
        orders[t] = share, state[ORDER_DURATION], state[ORDER_STOP], state[ORDER_TARGET]
    columns = (bars.ts, *signals.beliefs.T, signals.direction, signals.confidence, codes, *orders.T)
    return dict(zip(DECISION_COLUMNS, columns, strict=True))


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
