"""Which features the regimes are found in: the first set, unless another is surely followed better."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.engines.base import TrainingData
from trading.engines.regimes.hmm import RegimeFit, fit_regimes, followed
from trading.engines.regimes.naming import weighted_mean
from trading.errors import ConfigError, TrainingError
from trading.settings.models import RegimeSpec

LEARNED = 2.0 / 3.0
"""Share of the training rows that sets of features are fitted on, to be compared over the rest."""
SURELY = 3.0
"""t-value of a difference that decides for another set. On embedded markets a lucky third reached 2.6 where the first
set was the better one over later bars; where the other was, the least was 4.8."""


def fit_best(data: TrainingData, spec: RegimeSpec) -> tuple[tuple[str, ...], RegimeFit]:
    """Fit the regimes over the first set of features, or over another that is surely followed better.

    Likelihoods of different features cannot be compared, and regimes are there to be followed. A difference that is
    within its error would be a coin that decides the night.

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
    apart = [_t(each.earned - compared[0].earned) for each in compared]
    told = [
        {"features": list(each.features), "t": _known(_t(each.earned)), "apart_t": _known(t), "problem": each.problem}
        for each, t in zip(compared, apart, strict=True)
    ]
    surely = [number for number, t in enumerate(apart) if t >= SURELY]
    surely.sort(key=lambda number: -apart[number])
    refused: TrainingError | None = None
    for number in dict.fromkeys((*surely, *range(len(sets)))):
        try:
            fit = fit_regimes(_rows(data, sets[number]), data.returns, spec, data.seed)
        except TrainingError as error:
            refused = refused or error
            continue
        return sets[number], replace(fit, report={**fit.report, "features": list(sets[number]), "compared": told})
    assert refused is not None
    raise refused


class _Compared(NamedTuple):
    """What a set earned at each bar of the last training rows, in its own deviations; nothing if it has no model."""

    features: tuple[str, ...]
    earned: Floats
    problem: str


def _compared(data: TrainingData, features: tuple[str, ...], spec: RegimeSpec) -> _Compared:
    rows, after = _rows(data, features), int(LEARNED * len(data.returns))
    try:
        fit = fit_regimes(rows[:after], data.returns[:after], spec, data.seed)
    except TrainingError as error:
        return _Compared(features, np.zeros(len(rows) - after - 1), error.message)
    earned = followed(fit, rows, data.returns, after=after)
    deviation = float(np.std(earned))
    return _Compared(features, earned / deviation if deviation > 0.0 else earned, "")


def _t(earned: Floats) -> float:
    return weighted_mean(np.ones(len(earned)), earned).t


def _known(t: float) -> float | None:
    return t if math.isfinite(t) else None


def _rows(data: TrainingData, features: tuple[str, ...]) -> Floats:
    unknown = [name for name in features if name not in data.feature_names]
    if unknown:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"regimes.features or regimes.alternatives name {', '.join(unknown)}, which is no feature.",
            remedy=f"Choose among {', '.join(data.feature_names)}.",
        )
    return np.ascontiguousarray(data.features[:, [data.feature_names.index(name) for name in features]])
