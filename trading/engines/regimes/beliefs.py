"""Regime probabilities and opinions of a whole series by the compiled filter step."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats
from trading.compiled import compile_loop
from trading.steps.regimes import RegimeModel, emission_terms, filter_step, regime_step


def filtered_probabilities(startprob: Floats, transmat: Floats, means: Floats, covars: Floats, x: Floats) -> Floats:
    """Probabilities of the states at every row given that row and the rows before, shape (n, S).

    Args:
        startprob: shape (S,).
        transmat: shape (S, S), rows are from-states.
        means: shape (S, K).
        covars: shape (S, K, K).
        x: shape (n, K), finite standardised regime features.
    """
    whiten, log_norm = emission_terms(covars)
    model = RegimeModel(
        columns=np.arange(x.shape[1], dtype=np.int64),
        signs=np.zeros(len(startprob), dtype=np.int64),
        startprob=np.ascontiguousarray(startprob, dtype=np.float64),
        transmat=np.ascontiguousarray(transmat, dtype=np.float64),
        means=np.ascontiguousarray(means, dtype=np.float64),
        whiten=whiten,
        log_norm=log_norm,
        threshold=0.0,
    )
    return _belief_loop(model, np.ascontiguousarray(x))


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
