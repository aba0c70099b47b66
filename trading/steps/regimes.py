"""The causal regime filter: forward probabilities of a Gaussian HMM, one bar at a time, never looking ahead.

Source: Rabiner, "A tutorial on hidden Markov models", Proc. IEEE 77 (1989), forward recursion with scaling.
"""

from __future__ import annotations

import math

import numpy as np

from trading.arrays import Floats
from trading.steps.numbers import interpolate, quantised

BULL, BEAR, CHOP = 0, 1, 2
STATES = 3


def emission_terms(covars: Floats) -> tuple[Floats, Floats]:
    """What :func:`filter_step` needs of the covariances: inverse Cholesky factors (3, K, K), log norms (3,)."""
    factors = np.linalg.cholesky(covars)
    whiten = np.ascontiguousarray(np.linalg.inv(factors))
    size = covars.shape[1]
    log_determinant = 2.0 * np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    log_norm = -0.5 * (size * math.log(2.0 * math.pi) + log_determinant)
    return whiten.astype(np.float64), np.asarray(log_norm, dtype=np.float64)


def filter_step(
    belief: Floats,
    started: int,
    startprob: Floats,
    transmat: Floats,
    means: Floats,
    whiten: Floats,
    log_norm: Floats,
    x: Floats,
) -> int:
    """Update the regime probabilities in place with one observation.

    Args:
        belief: shape (3,), probabilities after the last bar; changed in place.
        started: 0 before the first observation, else 1.
        startprob: shape (3,); transmat: shape (3, 3), rows are from-states.
        means: shape (3, K); whiten, log_norm: from :func:`emission_terms`.
        x: shape (K,), standardised regime features of this bar.

    Returns:
        1 once an observation was taken in; an observation that is not finite leaves everything as it was.
    """
    states = means.shape[0]
    size = means.shape[1]
    for j in range(size):
        if not math.isfinite(x[j]):
            return started
    prior = np.empty(states)
    score = np.empty(states)
    top = -math.inf
    for k in range(states):
        chance = 0.0
        if started == 0:
            chance = startprob[k]
        else:
            for i in range(states):
                chance += belief[i] * transmat[i, k]
        prior[k] = chance
        distance = 0.0
        for row in range(size):
            z = 0.0
            for column in range(row + 1):
                z += whiten[k, row, column] * (x[column] - means[k, column])
            distance += z * z
        score[k] = log_norm[k] - 0.5 * distance
        if score[k] > top and chance > 0.0:
            top = score[k]
    total = 0.0
    for k in range(states):
        prior[k] *= math.exp(score[k] - top) if prior[k] > 0.0 else 0.0
        total += prior[k]
    for k in range(states):
        belief[k] = prior[k] / total
    return 1


def direction_step(belief: Floats, threshold: float) -> int:
    """The side of the regime signal: 1 long, -1 short, 0 none; the probabilities are rounded to 1e-6 first."""
    lean = quantised(belief[BULL] - belief[BEAR])
    if lean > threshold:
        return 1
    if lean < -threshold:
        return -1
    return 0


def confidence_step(belief: Floats, direction: int, knots_x: Floats, knots_y: Floats) -> float:
    """Effective confidence in the signal: its regime's probability through the calibrator, rounded to 1e-6.

    Args:
        belief: shape (3,), regime probabilities.
        direction: 1, -1 or 0; without a direction the confidence is 0.
        knots_x, knots_y: shape (M,), the calibrator's piecewise-linear map.
    """
    if direction == 0:
        return 0.0
    raw = belief[BULL] if direction > 0 else belief[BEAR]
    return quantised(interpolate(raw, knots_x, knots_y))
