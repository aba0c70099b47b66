"""Regime probabilities of a whole series by the compiled filter step."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats
from trading.compiled import compile_loop
from trading.steps.regimes import STATES, emission_terms, filter_step


def filtered_probabilities(startprob: Floats, transmat: Floats, means: Floats, covars: Floats, x: Floats) -> Floats:
    """Probabilities of the states at every row given that row and the rows before, shape (n, 3).

    Args:
        startprob: shape (3,); transmat: shape (3, 3); means: shape (3, K); covars: shape (3, K, K).
        x: shape (n, K), finite standardised regime features.
    """
    plain = (np.ascontiguousarray(part, dtype=np.float64) for part in (startprob, transmat, means))
    return _loop(*plain, *emission_terms(covars), np.ascontiguousarray(x))


@compile_loop
def _loop(startprob, transmat, means, whiten, log_norm, x):
    out = np.empty((x.shape[0], STATES))
    belief = np.empty(STATES)
    started = 0
    for t in range(x.shape[0]):
        started = filter_step(belief, started, startprob, transmat, means, whiten, log_norm, x[t])
        out[t] = belief
    return out
