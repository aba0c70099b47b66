"""Which regime of one model is which of another."""

from __future__ import annotations

from typing import Any

import numpy as np

from trading.arrays import Floats
from trading.engines.regimes.naming import names_of
from trading.model.model import TradingModel


def match_regimes(candidate: TradingModel, champion: TradingModel) -> dict[str, Any]:
    """Match a model's regimes to the champion's by their means in the champion's units (Hungarian method).

    Args:
        candidate: the new model.
        champion: the model in Production.

    Returns:
        ``mapping`` from each regime to the champion's nearest, ``distance`` and whether ``names_agree``; a mapping
        without entries and a ``reason`` if the two cannot be compared.
    """
    from scipy.optimize import linear_sum_assignment

    if (candidate.spec.engine.name, champion.spec.engine.name) != ("regimes", "regimes"):
        return _incomparable("other engines")
    if _features(candidate) != _features(champion):
        return _incomparable("other regime features")
    if len(candidate.engine["means"]) != len(champion.engine["means"]):
        return _incomparable("another number of states")
    own, others = names_of(candidate.spec.engine.options), names_of(champion.spec.engine.options)
    ours, _ = _means_in_units_of_features(candidate)
    theirs, deviation = _means_in_units_of_features(champion)
    distance = np.linalg.norm((ours[:, None, :] - theirs[None, :, :]) / deviation, axis=2)
    rows, matched = linear_sum_assignment(distance)
    mapping = {own[row]: others[column] for row, column in zip(rows, matched, strict=True)}
    return {
        "mapping": mapping,
        "distance": {own[row]: float(distance[row, column]) for row, column in zip(rows, matched, strict=True)},
        "names_agree": all(name == nearest for name, nearest in mapping.items()),
    }


def _features(model: TradingModel) -> list[str]:
    return list(model.spec.engine.options["features"])


def _means_in_units_of_features(model: TradingModel) -> tuple[Floats, Floats]:
    columns = [model.spec.feature_names.index(name) for name in _features(model)]
    deviation = model.scaler_deviation[columns]
    return model.engine["means"] * deviation + model.scaler_mean[columns], deviation


def _incomparable(reason: str) -> dict[str, Any]:
    return {"names_agree": False, "mapping": {}, "distance": None, "reason": reason}
