"""What a model says of its regimes by their names: the transition matrix, and the probabilities of a bar."""

from __future__ import annotations

import math

from trading.arrays import Floats
from trading.engines.regimes.naming import names_of
from trading.model.model import TradingModel
from trading.steps.opinion import EXTRAS
from trading.steps.regimes import REGIMES

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


def beliefs(model: TradingModel, opinion: Floats) -> dict[str, float]:
    """Probability of each regime at the close of a bar, by name.

    Args:
        model: of any engine.
        opinion: shape (OPINION_SIZE,), of its engine.

    Returns:
        Numbers that sum to one; empty if its engine is not ``regimes``, or has no opinion yet.
    """
    if model.spec.engine.name != "regimes":
        return {}
    found: dict[str, float] = dict(zip(REGIMES, opinion[EXTRAS : EXTRAS + len(REGIMES)].tolist(), strict=True))
    return found if all(map(math.isfinite, found.values())) else {}
