"""What a candidate makes of each bar: its confidence, side, regime and action, as series that can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trading.arrays import Floats
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.steps.opinion import EXTRAS
from trading.steps.policy import ACTIONS

if TYPE_CHECKING:
    from trading.engines.stream import Signals


def model_outputs(model: TradingModel, bars: Bars, signals: Signals) -> dict[str, Floats]:
    """Series of shape (n,) by name; NaN where the candidate says nothing.

    Side (1, -1 or 0); effective confidence where there is a side; the most likely regime, or what else the engine says
    if its further numbers are no regimes; and each number of the action that a flat account would be given, where a
    decision is due.

    Args:
        model: the candidate.
        bars: of its market.
        signals: of the same bars.
    """
    # The simulation compiles when it is imported, and gates read the evidence without it.
    from trading.simulation.actions import flat_actions
    from trading.simulation.backtest import regime_names

    warm, extras = signals.warm == 1, model.spec.engine.extras
    seen = signals.opinions[:, EXTRAS : EXTRAS + len(extras)]
    side = signals.direction != 0
    outputs = {
        "direction": np.where(warm, signals.direction.astype(np.float64), np.nan),
        "confidence": np.where(side, signals.confidence, np.nan),
    }
    if regime_names(extras):
        most = np.argmax(np.nan_to_num(seen), axis=1).astype(np.float64)
        outputs["regime"] = np.where(np.isfinite(seen).all(axis=1), most, np.nan)
    else:
        outputs |= dict(zip(extras, np.ascontiguousarray(seen.T), strict=True))
    actions = flat_actions(model, bars, signals)
    return outputs | {f"action_{name}": actions[:, column] for column, name in enumerate(ACTIONS)}
