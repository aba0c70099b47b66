"""Regime probabilities and opinions of a whole series by the compiled filter step."""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats
from trading.compiled import compile_loop
from trading.engines.regimes.em import HmmParameters
from trading.steps.regimes import (
    RegimeModel,
    density_step,
    emission_terms,
    filter_step,
    predict_step,
    regime_step,
)


def filtered_probabilities(parameters: HmmParameters, x: Floats) -> Floats:
    """Probabilities of the states at every row given that row and the rows before, shape (n, S).

    Args:
        parameters: of the hidden Markov model.
        x: shape (n, K), finite standardised regime features.
    """
    return _belief_loop(_model(parameters), np.ascontiguousarray(x))


def foretold(parameters: HmmParameters, x: Floats) -> Floats:
    """Logarithm of the density that the filter gave every row before it was seen, shape (n,), nats.

    Their sum is the log likelihood of the rows; each of them knows the rows before it alone.

    Args:
        parameters: of the hidden Markov model.
        x: shape (n, K), finite standardised regime features.
    """
    return _foretold_loop(_model(parameters), np.ascontiguousarray(x))


def _model(parameters: HmmParameters) -> RegimeModel:
    """As the steps take it; its columns are those of the rows."""
    startprob, transmat, means, covars, tails = parameters
    whiten, log_norm, dof = emission_terms(covars, tails)
    return RegimeModel(
        columns=np.arange(means.shape[1], dtype=np.int64),
        signs=np.zeros(len(startprob), dtype=np.int64),
        startprob=np.ascontiguousarray(startprob, dtype=np.float64),
        transmat=np.ascontiguousarray(transmat, dtype=np.float64),
        means=np.ascontiguousarray(means, dtype=np.float64),
        whiten=whiten,
        log_norm=log_norm,
        dof=dof,
        threshold=0.0,
    )


@compile_loop
def regime_loop(model, features, belief, started, rows):
    """Write the opinion of every bar, going on from a belief; returns whether the filter has started.

    Args:
        model: the hidden Markov model, a :class:`trading.steps.regimes.RegimeModel`.
        features: shape (n, F), standardised features of the bars; the model picks its own columns.
        belief: shape (S,), probabilities of the states after the last bar seen; changed in place.
        started: 0 before the first bar with complete features, 1 from then on.
        rows: shape (n, OPINION_SIZE), written.
    """
    work = np.empty((2, belief.shape[0]))
    for t in range(features.shape[0]):
        started = regime_step(model, features[t], belief, work, started, rows[t])
    return started


@compile_loop
def _belief_loop(model, x):
    out = np.empty((x.shape[0], model.means.shape[0]))
    belief = np.empty(model.means.shape[0])
    work = np.empty((2, belief.shape[0]))
    started = 0
    for t in range(x.shape[0]):
        started = filter_step(belief, work, started, model, x[t])
        out[t] = belief
    return out


@compile_loop
def _foretold_loop(model, x):
    out = np.empty(x.shape[0])
    states = model.means.shape[0]
    belief, prior, score = np.empty(states), np.empty(states), np.empty(states)
    work = np.empty((2, states))
    started = 0
    for t in range(x.shape[0]):
        predict_step(belief, prior, started, model)
        top = -math.inf
        for k in range(states):
            score[k] = density_step(model, x[t], k)
            if prior[k] > 0.0:
                top = max(top, score[k])
        mass = 0.0
        for k in range(states):
            if prior[k] > 0.0:
                mass += prior[k] * math.exp(score[k] - top)
        out[t] = top + math.log(mass)
        started = filter_step(belief, work, started, model, x[t])
    return out
