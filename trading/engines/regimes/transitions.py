"""The transition matrix of a model by the names of its states."""

from __future__ import annotations

from trading.engines.regimes.naming import names_of
from trading.model.model import TradingModel

Transitions = dict[str, dict[str, float]]


def transitions(model: TradingModel) -> Transitions | None:
    """Probability of the next bar's state, by name of this bar's and then of the next one's.

    Args:
        model: of any engine.

    Returns:
        Rows that sum to one; None if its engine is not ``regimes``.
    """
    if model.spec.engine.name != "regimes":
        return None
    names = names_of(model.spec.engine.options)
    return {
        name: dict(zip(names, row, strict=True))
        for name, row in zip(names, model.engine["transmat"].tolist(), strict=True)
    }
