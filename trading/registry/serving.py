"""What a model decides on bars when asked from outside: signals, and the order it would place from a flat account."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import COLUMNS, Bars
from trading.market.contract.bar import first_breach
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

MAX_JUMP = "max_jump"
"""Key of a logged model's configuration: the limit that the night held its bars to."""


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


def bars_of(model: TradingModel, columns: dict[str, NDArray[Any]], max_jump: float | None = None) -> Bars:
    """Bars of the model's market from plain columns, if they keep the contract of a bar.

    Args:
        model: names symbol and interval.
        columns: ``ts`` in UTC milliseconds, open, high, low, close, volume.
        max_jump: largest ratio, up or down, between an open and the close before; None not to compare.

    Raises:
        DataError: naming the first row that breaks a rule, with the code of the rule.
    """
    cells = [_whole(columns["ts"]), *(_cells(columns[name]) for name in COLUMNS)]
    found = first_breach(zip(*cells, strict=True), model.spec.interval, max_jump=max_jump)
    if found is not None:
        row, breach = found
        raise DataError(breach.code, f"row {row}: {breach.message}", remedy=breach.remedy, row=row)
    ts, *numbers = cells
    values = {name: np.array(column, dtype=np.float64) for name, column in zip(COLUMNS, numbers, strict=True)}
    return Bars(symbol=model.spec.symbol, interval=model.spec.interval, ts=np.array(ts, dtype=np.int64), **values)


def _whole(ts: NDArray[Any]) -> list[object]:
    """The cells of a time column; whole numbers that a table kept as floats are whole numbers."""
    return [int(cell) if isinstance(cell, float) and cell.is_integer() else cell for cell in _cells(ts)]


def _cells(column: NDArray[Any]) -> list[object]:
    """Numbers as Python's own; anything else, such as a calendar time, as it is, for the contract to refuse."""
    return column.tolist() if column.dtype.kind in "iuf" else list(column)
