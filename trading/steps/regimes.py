"""The causal regime filter: forward probabilities of a hidden Markov model, one bar at a time, never looking ahead.

Its states emit normal numbers or, with tails that are as heavy as degrees of freedom are few, Student's t.

Source: Rabiner, "A tutorial on hidden Markov models", Proc. IEEE 77 (1989), forward recursion with scaling.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from trading.arrays import Floats, Ints
from trading.steps.numbers import quantised
from trading.steps.opinion import CONFIDENCE, DIRECTION, DOUBT, EXTRAS

REGIMES = ("bull", "bear", "chop")
BULL, BEAR, CHOP = range(len(REGIMES))
BY_RANK = (1, -1, 0)
"""Signs of three states in the order of :data:`REGIMES`, as models of earlier releases have them."""


class RegimeModel(NamedTuple):
    """A hidden Markov model of S states over K standardised features.

    Attributes:
        columns: shape (K,), places of its features among those of the model.
        signs: shape (S,), 1 for a state of the bull regime, -1 of the bear regime, 0 of neither.
        startprob: shape (S,).
        transmat: shape (S, S), rows are from-states.
        means: shape (S, K).
        whiten: shape (S, K, K), inverse Cholesky factors of the covariances; of Student's t, of the scale matrices.
        log_norm: shape (S,), logarithms of the densities' norms.
        dof: shape (S,), degrees of freedom of Student's t; infinite where a state is Gaussian.
        threshold: long when P(bull) - P(bear) is over it, short when under its negative.
    """

    columns: Ints
    signs: Ints
    startprob: Floats
    transmat: Floats
    means: Floats
    whiten: Floats
    log_norm: Floats
    dof: Floats
    threshold: float


def emission_terms(covars: Floats, dof: Floats | None = None) -> tuple[Floats, Floats, Floats]:
    """What :func:`filter_step` needs of the covariances.

    Args:
        covars: shape (S, K, K), positive definite; of Student's t, its scale matrices.
        dof: shape (S,), over 0, degrees of freedom of Student's t; None is Gaussian.

    Returns:
        Inverse Cholesky factors (S, K, K), logarithms of the norms (S,) and degrees of freedom (S,), infinite if
        Gaussian.
    """
    factors = np.linalg.cholesky(covars)
    whiten = np.ascontiguousarray(np.linalg.inv(factors))
    size = covars.shape[1]
    log_determinant = 2.0 * np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    if dof is None:
        log_norm = -0.5 * (size * math.log(2.0 * math.pi) + log_determinant)
        tails = np.full(len(covars), math.inf)
    else:
        norms = [
            math.lgamma(0.5 * (v + size)) - math.lgamma(0.5 * v) - 0.5 * size * math.log(v * math.pi)
            for v in dof.tolist()
        ]
        log_norm = np.array(norms) - 0.5 * log_determinant
        tails = np.ascontiguousarray(dof, dtype=np.float64)
    return whiten.astype(np.float64), np.asarray(log_norm, dtype=np.float64), tails


def regime_step(
    model: RegimeModel, features: Floats, belief: Floats, work: Floats, started: int, opinion: Floats
) -> int:
    """Take the features of one bar into the belief and write the opinion that follows from it.

    Args:
        model: the hidden Markov model.
        features: shape (F,), standardised.
        belief: shape (S,), probabilities after the last bar; changed in place.
        work: shape (2, S), scratch.
        started: what this function returned for the last bar, 0 at first.
        opinion: shape (OPINION_SIZE,), written; its direction is NaN before the filter has started.

    Returns:
        1 once the filter has started.
    """
    started = filter_step(belief, work, started, model, features)
    if started == 0:
        for i in range(opinion.shape[0]):
            opinion[i] = math.nan
        return started
    bull, bear, chop, entropy = 0.0, 0.0, 0.0, 0.0
    for k in range(belief.shape[0]):
        chance = belief[k]
        if model.signs[k] > 0:
            bull += chance
        elif model.signs[k] < 0:
            bear += chance
        else:
            chop += chance
        if chance > 0.0:
            entropy -= chance * math.log(chance)
    direction = direction_step(bull, bear, model.threshold)
    opinion[DIRECTION] = direction
    opinion[CONFIDENCE] = 0.0
    if direction != 0:
        opinion[CONFIDENCE] = bull if direction > 0 else bear
    opinion[EXTRAS + BULL] = bull
    opinion[EXTRAS + BEAR] = bear
    opinion[EXTRAS + CHOP] = chop
    opinion[DOUBT] = entropy / math.log(float(belief.shape[0]))
    return started


def filter_step(belief: Floats, work: Floats, started: int, model: RegimeModel, features: Floats) -> int:
    """Update the regime probabilities in place with one observation.

    Args:
        belief: shape (S,), probabilities after the last bar; changed in place.
        work: shape (2, S), scratch.
        started: 0 before the first observation, else 1.
        model: the hidden Markov model.
        features: shape (F,), standardised features of this bar; the model looks at its own columns.

    Returns:
        1 once an observation was taken in; an observation that is not finite leaves everything as it was.
    """
    states = model.means.shape[0]
    for j in range(model.means.shape[1]):
        if not math.isfinite(features[model.columns[j]]):
            return started
    prior, score = work[0], work[1]
    predict_step(belief, prior, started, model)
    top = -math.inf
    for k in range(states):
        score[k] = density_step(model, features, k)
        if score[k] > top and prior[k] > 0.0:
            top = score[k]
    total = 0.0
    for k in range(states):
        prior[k] *= math.exp(score[k] - top) if prior[k] > 0.0 else 0.0
        total += prior[k]
    for k in range(states):
        belief[k] = prior[k] / total
    return 1


def predict_step(belief: Floats, prior: Floats, started: int, model: RegimeModel) -> None:
    """Write the regime probabilities of the next bar, before it is seen.

    Args:
        belief: shape (S,), probabilities after the last bar.
        prior: shape (S,), written.
        started: 0 before the first observation, else 1.
        model: the hidden Markov model.
    """
    states = model.means.shape[0]
    for k in range(states):
        chance = 0.0
        if started == 0:
            chance = model.startprob[k]
        else:
            for i in range(states):
                chance += belief[i] * model.transmat[i, k]
        prior[k] = chance


def density_step(model: RegimeModel, features: Floats, k: int) -> float:
    """Logarithm of the density of one bar's features in one state.

    Args:
        model: the hidden Markov model.
        features: shape (F,), standardised and finite; the model looks at its own columns.
        k: which state.
    """
    size = model.means.shape[1]
    distance = 0.0
    for row in range(size):
        z = 0.0
        for column in range(row + 1):
            z += model.whiten[k, row, column] * (features[model.columns[column]] - model.means[k, column])
        distance += z * z
    tail = model.dof[k]
    if math.isinf(tail):
        return model.log_norm[k] - 0.5 * distance
    return model.log_norm[k] - 0.5 * (tail + size) * math.log1p(distance / tail)


def direction_step(bull: float, bear: float, threshold: float) -> int:
    """The side of the regime signal; the lean is rounded to 1e-6 first.

    Args:
        bull: probability of the bull regime.
        bear: of the bear regime.
        threshold: of the lean, P(bull) - P(bear).

    Returns:
        1 long, -1 short, 0 none.
    """
    lean = quantised(bull - bear)
    if lean > threshold:
        return 1
    if lean < -threshold:
        return -1
    return 0
