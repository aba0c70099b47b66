"""Which features the regimes are found in: the first set, unless another is surely followed better."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.engines.base import TrainingData
from trading.engines.regimes.hmm import RegimeFit, fit_regimes, followed
from trading.engines.regimes.naming import weighted_mean
from trading.engines.regimes.states import choose_states
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
    judged = len(sets) > 1 or spec.states == "auto"
    early = {each: _early(data, each, spec) for each in sets} if judged else {}
    compared = [_followed(data, each, early[each].fit) for each in sets] if len(sets) > 1 else []
    apart = [_t(earned - compared[0]) for earned in compared]
    told = [
        {"features": list(each), "t": _known(_t(earned)), "apart_t": _known(t), "problem": early[each].problem}
        for each, earned, t in zip(sets[: len(compared)], compared, apart, strict=True)
    ]
    surely = [number for number, t in enumerate(apart) if t >= SURELY]
    surely.sort(key=lambda number: -apart[number])
    refused: TrainingError | None = None
    for number in dict.fromkeys((*surely, *range(len(sets)))):
        features = sets[number]
        own = early[features] if judged else _Early(spec)
        if own.spec.states == "auto":
            refused = refused or own.error
            continue
        try:
            fit = fit_regimes(_rows(data, features), data.returns, own.spec, data.seed)
        except TrainingError as error:
            refused = refused or error
            continue
        chosen = {"states_scored": list(own.scored)} if own.scored else {}
        return features, replace(fit, report={**fit.report, "features": list(features), "compared": told, **chosen})
    assert refused is not None
    raise refused


class _Early(NamedTuple):
    """A set of features on the first training rows.

    Attributes:
        spec: with the number of states that was chosen, if one had to be and could be.
        fit: None if there is no usable model.
        error: why there is none; None if there is.
        scored: what numbers of states scored, if they were compared.
    """

    spec: RegimeSpec
    fit: RegimeFit | None = None
    error: TrainingError | None = None
    scored: Sequence[Mapping[str, Any]] = ()

    @property
    def problem(self) -> str:
        """The error in words; empty if there is none."""
        return "" if self.error is None else self.error.message


def _early(data: TrainingData, features: tuple[str, ...], spec: RegimeSpec) -> _Early:
    rows, learned = _rows(data, features), _learned(data)
    try:
        if spec.states != "auto":
            return _Early(spec, fit_regimes(rows[:learned], data.returns[:learned], spec, data.seed))
        chosen = choose_states(rows, data.returns, spec, data.seed, learned=learned)
    except TrainingError as error:
        return _Early(spec, error=error)
    return _Early(spec.model_copy(update={"states": chosen.states}), chosen.fit, scored=chosen.scored)


def _followed(data: TrainingData, features: tuple[str, ...], fit: RegimeFit | None) -> Floats:
    """What a set earned at each bar of the last training rows, in its own deviations; nothing if it has no model."""
    rows, learned = _rows(data, features), _learned(data)
    if fit is None:
        return np.zeros(len(rows) - learned - 1)
    earned = followed(fit, rows, data.returns, after=learned)
    deviation = float(np.std(earned))
    return earned / deviation if deviation > 0.0 else earned


def _learned(data: TrainingData) -> int:
    return int(LEARNED * len(data.returns))


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
