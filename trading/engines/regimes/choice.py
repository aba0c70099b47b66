"""Which features the regimes are found in: the set whose regimes were followed best on later training bars."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.engines.base import TrainingData
from trading.engines.regimes.hmm import RegimeFit, fit_regimes, followed
from trading.errors import ConfigError, TrainingError
from trading.settings.models import RegimeSpec

LEARNED = 2.0 / 3.0
"""Share of the training rows that sets of features are fitted on, to be compared over the rest."""


def fit_best(data: TrainingData, spec: RegimeSpec) -> tuple[tuple[str, ...], RegimeFit]:
    """Fit the regimes over the set of features that is followed best, or over the only one.

    Likelihoods of different features cannot be compared, and regimes are there to be followed.

    Args:
        data: of the training split.
        spec: sets of features, number of starts and limits.

    Returns:
        The features and the fit on the whole training split, whose report says how each set did.

    Raises:
        TrainingError: ``HMM_DEGENERATE`` if no set gave a usable model.
        ConfigError: ``CONFIG_INVALID`` if a feature is unknown.
    """
    sets = list(dict.fromkeys((spec.features, *spec.alternatives)))
    compared = [_compared(data, each, spec) for each in sets] if len(sets) > 1 else []
    ranked = sorted(range(len(compared)), key=lambda number: -compared[number]["t"]) if compared else [0]
    refused: TrainingError | None = None
    for number in ranked:
        try:
            fit = fit_regimes(_rows(data, sets[number]), data.returns, spec, data.seed)
        except TrainingError as error:
            refused = refused or error
            continue
        told = [{**each, "t": each["t"] if math.isfinite(each["t"]) else None} for each in compared]
        return sets[number], replace(fit, report={**fit.report, "features": list(sets[number]), "compared": told})
    assert refused is not None
    raise refused


def _compared(data: TrainingData, features: tuple[str, ...], spec: RegimeSpec) -> dict[str, Any]:
    rows, after = _rows(data, features), int(LEARNED * len(data.returns))
    try:
        fit = fit_regimes(rows[:after], data.returns[:after], spec, data.seed)
    except TrainingError as error:
        return {"features": list(features), "t": -math.inf, "problem": error.message}
    return {"features": list(features), "t": followed(fit, rows, data.returns, after=after), "problem": ""}


def _rows(data: TrainingData, features: tuple[str, ...]) -> Floats:
    unknown = [name for name in features if name not in data.feature_names]
    if unknown:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"regimes.features or regimes.alternatives name {', '.join(unknown)}, which is no feature.",
            remedy=f"Choose among {', '.join(data.feature_names)}.",
        )
    return np.ascontiguousarray(data.features[:, [data.feature_names.index(name) for name in features]])
