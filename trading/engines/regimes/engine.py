"""The regimes engine: long in a rising regime, short in a falling one, by the causal filter of an HMM.

Source: Hamilton, "A new approach to the economic analysis of nonstationary time series and the business cycle",
Econometrica 57 (1989).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, FiniteFloat

from trading.arrays import Floats
from trading.engines.base import Engine, EngineOptions, EngineSetup, Fitted, Opinion, TrainingData, unusable_data
from trading.market.bars import Bars
from trading.settings.models import RegimeSpec
from trading.steps.bar import Bar
from trading.steps.opinion import CONFIDENCE, DOUBT, EXTRAS, OPINION_SIZE, is_warm, side_step
from trading.steps.regimes import BY_RANK, REGIMES, RegimeModel, emission_terms, regime_step
from trading.values import Frozen


class RegimeOptions(EngineOptions):
    """What of the settings the filter needs."""

    features: tuple[str, ...] = Field(min_length=1)
    threshold: FiniteFloat
    signs: tuple[Literal[-1, 0, 1], ...] = BY_RANK
    memory_bars: int = Field(default=0, ge=0)
    emissions: Literal["gaussian", "student"] = "gaussian"


class Regimes(Engine):
    """Regimes over standardised features; the confidence is the belief in the direction's regime."""

    tag: ClassVar[str] = "hmm_v1"
    extras: ClassVar[tuple[str, ...]] = tuple(f"p_{regime}" for regime in REGIMES)
    Options: ClassVar[type[Frozen]] = RegimeSpec
    BundleOptions: ClassVar[type[Frozen] | None] = RegimeOptions

    def __init__(self, setup: EngineSetup) -> None:
        super().__init__(setup)
        self.model = regime_model(self.options, setup)
        states = len(self.model.signs)
        self.belief = np.full(states, np.nan)
        self._work = np.empty((2, states))
        self._started = 0

    @classmethod
    def fit(cls, data: TrainingData, options: Any) -> Fitted:
        """Fit the hidden Markov model, see :func:`trading.engines.regimes.choice.fit_best`."""
        from trading.engines.regimes.choice import fit_best

        spec = RegimeSpec.model_validate(options)
        features, fit = fit_best(data, spec)
        return Fitted(
            options={
                "features": list(features),
                "threshold": spec.direction_threshold,
                "signs": list(fit.signs),
                "memory_bars": spec.memory_bars,
                "emissions": spec.emissions,
            },
            arrays=fit.parameters.arrays(),
            report=fit.report,
        )

    @classmethod
    def lookback(cls, options: Any) -> int:
        """Bars that the filter remembers."""
        return int(options.memory_bars)

    def on_bar(self, bar: Bar, features: Floats) -> Opinion | None:
        row = np.empty(OPINION_SIZE)
        self.write(bar, features, row)
        if is_warm(row) == 0:
            return None
        return Opinion(side_step(row), float(row[CONFIDENCE]), tuple(row[EXTRAS:DOUBT].tolist()), float(row[DOUBT]))

    def write(self, bar: Bar, features: Floats, row: Floats) -> None:
        self._started = regime_step(self.model, features, self.belief, self._work, self._started, row)

    def opinions(self, bars: Bars, features: Floats) -> Floats:
        from trading.engines.regimes.beliefs import regime_loop

        rows = np.empty((len(bars), OPINION_SIZE))
        self._started = regime_loop(self.model, np.ascontiguousarray(features), self.belief, self._started, rows)
        return rows

    def save(self) -> dict[str, Floats]:
        return {"belief": self.belief.copy(), "started": np.array([float(self._started)])}

    def restore(self, state: Mapping[str, Floats]) -> None:
        self.belief[:] = state["belief"]
        self._started = int(state["started"][0])


def regime_model(options: RegimeOptions, setup: EngineSetup) -> RegimeModel:
    """The hidden Markov model of a bundle, as the filter step takes it.

    Args:
        options: of the bundle.
        setup: arrays ``startprob`` (S,), ``transmat`` (S, S), ``means`` (S, K) and ``covars`` (S, K, K); of Student's t
            ``dof`` (S,) too.

    Raises:
        RegistryError: ``BUNDLE_INVALID`` if a part is missing, misshapen, or no probability, covariance or degree of
            freedom.
    """
    features = options.features
    unknown = [name for name in features if name not in setup.feature_names]
    if unknown:
        raise unusable_data("regimes", f"features {', '.join(unknown)} are not among the model's")
    states, size = len(options.signs), len(features)
    if not states:
        raise unusable_data("regimes", "no state has a sign")
    shapes: dict[str, tuple[int, ...]] = {
        "startprob": (states,),
        "transmat": (states, states),
        "means": (states, size),
        "covars": (states, size, size),
    }
    if options.emissions == "student":
        shapes["dof"] = (states,)
    found = {name: array.shape for name, array in setup.arrays.items()}
    if found != shapes:
        raise unusable_data("regimes", f"arrays have shapes {found}, expected {shapes}")
    startprob, transmat, means, covars, *tails = (np.ascontiguousarray(setup.arrays[name]) for name in shapes)
    if not all((part > 0.0).all() for part in tails):
        raise unusable_data("regimes", "degrees of freedom are not over 0")
    for name, rows in (("startprob", startprob[None, :]), ("transmat", transmat)):
        if not ((rows >= 0.0).all() and (np.abs(rows.sum(axis=1) - 1.0) <= 1e-6).all()):
            raise unusable_data("regimes", f"{name} holds rows that are no probabilities")
    try:
        whiten, log_norm, dof = emission_terms(covars, *tails)
    except np.linalg.LinAlgError:
        raise unusable_data("regimes", "a covariance is not positive definite") from None
    columns = np.array([setup.feature_names.index(name) for name in features], dtype=np.int64)
    signs = np.array(options.signs, dtype=np.int64)
    return RegimeModel(columns, signs, startprob, transmat, means, whiten, log_norm, dof, options.threshold)
