"""Expectation-maximisation of a Gaussian hidden Markov model in compiled loops; the reference is hmmlearn.

The recursions are Rabiner's with scaling, in one pass forward and one back. The pass back knows later rows: it
estimates parameters on training rows and is no belief that anything may decide on.

Sources: Baum et al., Annals of Mathematical Statistics 41 (1970); Rabiner, Proc. IEEE 77 (1989), with the priors of
hmmlearn's ``GaussianHMM``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.compiled import compile_loop
from trading.steps.regimes import emission_terms

Covariance = Literal["full", "diagonal"]

COVARIANCE_PRIOR = 1e-2
"""Added to every number of a state's scatter, so that a state of one row has a covariance; as hmmlearn does."""


class HmmParameters(NamedTuple):
    """A Gaussian hidden Markov model of S states over K features.

    Attributes:
        startprob: shape (S,).
        transmat: shape (S, S), rows are from-states.
        means: shape (S, K).
        covars: shape (S, K, K), positive definite.
    """

    startprob: Floats
    transmat: Floats
    means: Floats
    covars: Floats


@dataclass(frozen=True, eq=False)
class EmFit:
    """What expectation-maximisation made of a start.

    Attributes:
        parameters: after the last iteration.
        path: shape (iterations,), log likelihood of all rows, nats, as each iteration began.
        converged: whether the last iteration gained less than the tolerance.
    """

    parameters: HmmParameters
    path: Floats
    converged: bool


def fit_em(
    x: Floats, start: HmmParameters, *, covariance: Covariance = "full", iterations: int, tolerance: float
) -> EmFit:
    """Climb from a start until an iteration gains less than the tolerance.

    Args:
        x: shape (n, K), finite rows in order.
        start: parameters to begin with.
        covariance: whether features of a state may depend on each other.
        iterations: at most so many, at least one.
        tolerance: of the log likelihood of all rows, nats.

    Raises:
        numpy.linalg.LinAlgError: if a covariance stops being positive definite, as when a state closes on one row.
    """
    rows, parameters, path = np.ascontiguousarray(x, dtype=np.float64), start, list[float]()
    for _ in range(iterations):
        expected = expectation(rows, parameters)
        path.append(expected.log_likelihood)
        parameters = maximisation(expected, parameters, covariance)
        if len(path) > 1 and path[-1] - path[-2] < tolerance:
            return EmFit(parameters, np.array(path), converged=True)
    return EmFit(parameters, np.array(path), converged=False)


class Expected(NamedTuple):
    """What a pass forward and back says of the states, given all rows.

    Attributes:
        log_likelihood: of all rows, nats.
        posteriors: shape (n, S), probability of each state at each row.
        moves: shape (S, S), expected number of steps from one state to another.
        counts: shape (S,), expected number of rows of each state.
        sums: shape (S, K), of the rows, weighted by the posteriors.
        products: shape (S, K, K), of their outer products, weighted the same.
    """

    log_likelihood: float
    posteriors: Floats
    moves: Floats
    counts: Floats
    sums: Floats
    products: Floats


def expectation(x: Floats, parameters: HmmParameters) -> Expected:
    """The pass forward and back.

    Args:
        x: shape (n, K), contiguous finite rows in order.
        parameters: of the model.

    Raises:
        numpy.linalg.LinAlgError: if a covariance is not positive definite.
    """
    startprob, transmat, means, covars = (np.ascontiguousarray(part) for part in parameters)
    if not all(np.isfinite(part).all() for part in parameters):
        raise np.linalg.LinAlgError("a parameter is not finite")
    whiten, log_norm = emission_terms(covars)
    return Expected(*_forward_backward(x, startprob, transmat, means, whiten, log_norm))


def maximisation(expected: Expected, before: HmmParameters, covariance: Covariance) -> HmmParameters:
    """The parameters that make the rows likeliest if the states are as expected.

    Args:
        expected: of the states.
        before: parameters that this was expected under; a move that was impossible stays so.
        covariance: whether features of a state may depend on each other.
    """
    counts, size = expected.counts, expected.sums.shape[1]
    startprob = np.where(before.startprob == 0.0, 0.0, expected.posteriors[0])
    transmat = np.where(before.transmat == 0.0, 0.0, expected.moves)
    means = expected.sums / counts[:, None]
    scatter = expected.products - means[:, :, None] * expected.sums[:, None, :]
    if covariance == "full":
        covars = (COVARIANCE_PRIOR + 0.5 * (scatter + scatter.transpose(0, 2, 1))) / counts[:, None, None]
    else:
        diagonal = (COVARIANCE_PRIOR + np.diagonal(scatter, axis1=1, axis2=2)) / np.maximum(counts, 1e-5)[:, None]
        covars = np.eye(size) * diagonal[:, None, :]
    return HmmParameters(_normalised(startprob[None, :])[0], _normalised(transmat), means, covars)


def log_likelihood(x: Floats, parameters: HmmParameters) -> float:
    """Of rows in order, nats.

    Args:
        x: shape (n, K), finite.
        parameters: of the model.

    Raises:
        numpy.linalg.LinAlgError: if a covariance is not positive definite.
    """
    return expectation(np.ascontiguousarray(x, dtype=np.float64), parameters).log_likelihood


def _normalised(rows: Floats) -> Floats:
    """Rows that sum to one; a row of zeros, of a state that is never left, stays one."""
    total = rows.sum(axis=1, keepdims=True)
    return rows / np.where(total == 0.0, 1.0, total)


@compile_loop
def _forward_backward(x, startprob, transmat, means, whiten, log_norm):
    n, size = x.shape
    states = startprob.shape[0]
    density = np.empty((n, states))
    alpha = np.empty((n, states))
    scale = np.empty(n)
    away = np.empty(size)
    total = 0.0
    for t in range(n):
        top = -math.inf
        for k in range(states):
            for i in range(size):
                away[i] = x[t, i] - means[k, i]
            squared = 0.0
            for i in range(size):
                part = 0.0
                for j in range(i + 1):
                    part += whiten[k, i, j] * away[j]
                squared += part * part
            density[t, k] = log_norm[k] - 0.5 * squared
            top = max(top, density[t, k])
        mass = 0.0
        for k in range(states):
            density[t, k] = math.exp(density[t, k] - top)
            prior = 0.0
            if t == 0:
                prior = startprob[k]
            else:
                for i in range(states):
                    prior += alpha[t - 1, i] * transmat[i, k]
            alpha[t, k] = prior * density[t, k]
            mass += alpha[t, k]
        for k in range(states):
            alpha[t, k] /= mass
        scale[t] = mass
        total += math.log(mass) + top
    posteriors = np.empty((n, states))
    moves = np.zeros((states, states))
    counts = np.zeros(states)
    sums = np.zeros((states, size))
    products = np.zeros((states, size, size))
    beta = np.ones(states)
    later = np.empty(states)
    for t in range(n - 1, -1, -1):
        if t < n - 1:
            for k in range(states):
                later[k] = density[t + 1, k] * beta[k] / scale[t + 1]
            for i in range(states):
                back = 0.0
                for k in range(states):
                    step = transmat[i, k] * later[k]
                    back += step
                    moves[i, k] += alpha[t, i] * step
                beta[i] = back
        whole = 0.0
        for k in range(states):
            whole += alpha[t, k] * beta[k]
        for k in range(states):
            weight = alpha[t, k] * beta[k] / whole
            posteriors[t, k] = weight
            counts[k] += weight
            for i in range(size):
                weighted = weight * x[t, i]
                sums[k, i] += weighted
                for j in range(i + 1):
                    products[k, i, j] += weighted * x[t, j]
    for k in range(states):
        for i in range(size):
            for j in range(i):
                products[k, j, i] = products[k, i, j]
    return total, posteriors, moves, counts, sums, products
