"""Expectation-maximisation of a hidden Markov model in compiled loops; the reference of the Gaussian is hmmlearn.

The recursions are Rabiner's with scaling, in one pass forward and one back. The pass back knows later rows: it
estimates parameters on training rows and is no belief that anything may decide on.

Student's t is a Gaussian whose covariance is divided by a gamma variable of mean one. Which number that was at a row is
one more thing that is expected and not seen, small where the row is far out: so a far row moves mean and scale little.

Sources: Baum et al., Annals of Mathematical Statistics 41 (1970); Rabiner, Proc. IEEE 77 (1989), with the priors of
hmmlearn's ``GaussianHMM``; of Student's t, Peel and McLachlan, Statistics and Computing 10 (2000).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

import numpy as np

from trading.arrays import Floats, Ints
from trading.compiled import compile_vector_loop
from trading.steps.regimes import emission_terms

Covariance = Literal["full", "diagonal"]

COVARIANCE_PRIOR = 1e-2
"""Added to every number of a state's scatter, so that a state of one row has a covariance; as hmmlearn does."""


BLOCK = 512
"""Rows that are taken together, few enough to stay in the processor's nearest memory."""
RARELY = 8
"""Rows between two divisions that keep the recursions in range."""
TINY = 1e-60
"""Under this they are brought into range at once."""
SMALLEST = -690.0
"""Logarithm of the smallest density over the largest of its row."""
FEWEST_DOF, MOST_DOF = 1.0, 200.0
"""Between which degrees of freedom are fitted: Cauchy's tails, and tails that nothing tells from a Gaussian's."""
DOF_HALVINGS = 40
"""Of the distance between them: to within 1e-9."""


class HmmParameters(NamedTuple):
    """A hidden Markov model of S states over K features.

    Attributes:
        startprob: shape (S,).
        transmat: shape (S, S), rows are from-states.
        means: shape (S, K).
        covars: shape (S, K, K), positive definite; scale matrices if there are degrees of freedom.
        dof: shape (S,), degrees of freedom of Student's t; None is Gaussian.
    """

    startprob: Floats
    transmat: Floats
    means: Floats
    covars: Floats
    dof: Floats | None = None

    def arrays(self) -> dict[str, Floats]:
        """The parts that there are, by name."""
        return {name: part for name, part in self._asdict().items() if part is not None}


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
    x: Floats,
    start: HmmParameters,
    *,
    lengths: Ints | None = None,
    covariance: Covariance = "full",
    fit_dof: bool = False,
    iterations: int,
    tolerance: float,
) -> EmFit:
    """Climb from a start until an iteration gains less than the tolerance.

    Args:
        x: shape (n, K), finite rows in order.
        start: parameters to begin with.
        lengths: shape (B,), rows of each sequence, one after the other; None is one sequence.
        covariance: whether features of a state may depend on each other.
        fit_dof: whether the degrees of freedom of Student's t are fitted; else they stay those of the start.
        iterations: at most so many, at least one.
        tolerance: of the log likelihood of all rows, nats.

    Raises:
        numpy.linalg.LinAlgError: if a covariance stops being positive definite, as when a state closes on one row.
    """
    columns, parameters, path = np.ascontiguousarray(x.T, dtype=np.float64), start, list[float]()
    work = _work(len(start.startprob), columns.shape[1])
    for _ in range(iterations):
        expected = _expected(columns, parameters, work, lengths)
        path.append(expected.log_likelihood)
        parameters = maximisation(expected, parameters, covariance, fit_dof=fit_dof)
        if len(path) > 1 and path[-1] - path[-2] < tolerance:
            return EmFit(parameters, np.array(path), converged=True)
    return EmFit(parameters, np.array(path), converged=False)


class Expected(NamedTuple):
    """What a pass forward and back says of the states, given all rows.

    Attributes:
        log_likelihood: of all rows, nats.
        posteriors: shape (n, S), probability of each state at each row.
        begins: shape (S,), expected number of sequences that begin in each state.
        moves: shape (S, S), expected number of steps from one state to another.
        counts: shape (S,), expected number of rows of each state.
        masses: shape (S,), sum of the weights of the rows: the posteriors, of Student's t times how near each row is.
        nearness: shape (S,), sum over rows of the posterior times ``log u - u`` of how near each is; None if Gaussian.
        sums: shape (S, K), of the rows, weighted.
        products: shape (S, K, K), of their outer products, weighted.
    """

    log_likelihood: float
    posteriors: Floats
    begins: Floats
    moves: Floats
    counts: Floats
    masses: Floats
    nearness: Floats | None
    sums: Floats
    products: Floats


def expectation(x: Floats, parameters: HmmParameters, lengths: Ints | None = None) -> Expected:
    """The pass forward and back.

    Args:
        x: shape (n, K), finite rows in order.
        parameters: of the model.
        lengths: shape (B,), rows of each sequence; None is one sequence.

    Raises:
        numpy.linalg.LinAlgError: if a covariance is not positive definite.
    """
    columns = np.ascontiguousarray(x.T, dtype=np.float64)
    return _expected(columns, parameters, _work(len(parameters.startprob), columns.shape[1]), lengths)


class _Work(NamedTuple):
    """What the passes write for every row: shapes (S, n), (n, S), (S, n). Made once for all iterations."""

    density: Floats
    alpha: Floats
    posteriors: Floats


def _work(states: int, n: int) -> _Work:
    return _Work(np.empty((states, n)), np.empty((n, states)), np.empty((states, n)))


def _expected(columns: Floats, parameters: HmmParameters, work: _Work, lengths: Ints | None) -> Expected:
    """The pass forward and back; the posteriors stay until the next one is written into the same memory."""
    startprob, transmat, means, covars = (np.ascontiguousarray(part) for part in parameters[:4])
    if not all(np.isfinite(part).all() for part in parameters.arrays().values()):
        raise np.linalg.LinAlgError("a parameter is not finite")
    whiten, log_norm, dof = emission_terms(covars, parameters.dof)
    states, size = means.shape
    loops, (density, alpha, posteriors) = _loops(states, size), work
    moves, counts, sums = np.zeros((states, states)), np.zeros(states), np.zeros((states, size))
    products = np.zeros((states, size, size))
    if parameters.dof is None:
        near = None
        total = loops.densities(columns, means, whiten, log_norm, density)
    else:
        near = np.empty_like(density)
        total = loops.student_densities(columns, means, whiten, log_norm, dof, density, near)
    if lengths is None:
        total += loops.forward(startprob, transmat, density, alpha)
        loops.backward(transmat, density, alpha, posteriors, moves)
        begins = posteriors[:, 0]
    else:
        ends = np.cumsum(lengths)
        for first, stop in zip(ends - lengths, ends, strict=True):
            own = np.zeros_like(moves)
            total += loops.forward(startprob, transmat, density[:, first:stop], alpha[first:stop])
            loops.backward(transmat, density[:, first:stop], alpha[first:stop], posteriors[:, first:stop], own)
            moves += own
        begins = posteriors[:, ends - lengths].sum(axis=1)
    if near is None:
        loops.gather(columns, posteriors, counts, sums, products)
        return Expected(total, posteriors.T, begins, moves, counts, counts, None, sums, products)
    masses = np.zeros(states)
    loops.gather(columns, posteriors * near, masses, sums, products)
    counts, nearness = posteriors.sum(axis=1), (posteriors * (np.log(near) - near)).sum(axis=1)
    return Expected(total, posteriors.T, begins, moves, counts, masses, nearness, sums, products)


def maximisation(
    expected: Expected, before: HmmParameters, covariance: Covariance, *, fit_dof: bool = False
) -> HmmParameters:
    """The parameters that make the rows likeliest if the states are as expected.

    Args:
        expected: of the states.
        before: parameters that this was expected under; a move that was impossible stays so.
        covariance: whether features of a state may depend on each other.
        fit_dof: whether the degrees of freedom of Student's t are fitted too.
    """
    counts, size = expected.counts, expected.sums.shape[1]
    startprob = np.where(before.startprob == 0.0, 0.0, expected.begins)
    transmat = np.where(before.transmat == 0.0, 0.0, expected.moves)
    means = expected.sums / expected.masses[:, None]
    scatter = expected.products - means[:, :, None] * expected.sums[:, None, :]
    if covariance == "full":
        covars = (COVARIANCE_PRIOR + 0.5 * (scatter + scatter.transpose(0, 2, 1))) / counts[:, None, None]
    else:
        diagonal = (COVARIANCE_PRIOR + np.diagonal(scatter, axis1=1, axis2=2)) / np.maximum(counts, 1e-5)[:, None]
        covars = np.eye(size) * diagonal[:, None, :]
    dof = _likeliest_dof(expected, before, size) if fit_dof else before.dof
    return HmmParameters(_normalised(startprob[None, :])[0], _normalised(transmat), means, covars, dof)


def _likeliest_dof(expected: Expected, before: HmmParameters, size: int) -> Floats | None:
    """Degrees of freedom of each state that are likeliest if rows are as near as expected (equation 30 of the source).

    Their equation has one root, as the logarithm less the digamma function falls; it is halved in on within the bounds.
    """
    if expected.nearness is None or before.dof is None:
        return None
    from scipy.special import digamma

    half = 0.5 * (before.dof + size)
    known = 1.0 + expected.nearness / expected.counts + digamma(half) - np.log(half)
    low, high = np.full_like(known, FEWEST_DOF), np.full_like(known, MOST_DOF)
    for _ in range(DOF_HALVINGS):
        middle = 0.5 * (low + high)
        rising = np.log(0.5 * middle) - digamma(0.5 * middle) + known > 0.0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return 0.5 * (low + high)


def log_likelihood(x: Floats, parameters: HmmParameters, lengths: Ints | None = None) -> float:
    """Of rows in order, nats.

    Args:
        x: shape (n, K), finite.
        parameters: of the model.
        lengths: shape (B,), rows of each sequence; None is one sequence.

    Raises:
        numpy.linalg.LinAlgError: if a covariance is not positive definite.
    """
    return expectation(x, parameters, lengths).log_likelihood


def _normalised(rows: Floats) -> Floats:
    """Rows that sum to one; a row of zeros, of a state that is never left, stays one."""
    total = rows.sum(axis=1, keepdims=True)
    return rows / np.where(total == 0.0, 1.0, total)


@compile_vector_loop
def _exponential(x):
    """Of a number that is not over 0: the series at a 512th of it, squared nine times.

    Within 1e-12 of itself where it is over 1e-13, within 1e-6 where it is over 1e-60. The library's function takes one
    number at a time.
    """
    y = max(x, SMALLEST) * (1.0 / 512.0)
    series = 1.0 + y * (1.0 / 8.0)
    series = 1.0 + y * series * (1.0 / 7.0)
    series = 1.0 + y * series * (1.0 / 6.0)
    series = 1.0 + y * series * (1.0 / 5.0)
    series = 1.0 + y * series * (1.0 / 4.0)
    series = 1.0 + y * series * (1.0 / 3.0)
    series = 1.0 + y * series * (1.0 / 2.0)
    series = 1.0 + y * series
    series *= series
    series *= series
    series *= series
    series *= series
    series *= series
    series *= series
    series *= series
    series *= series
    return series * series


class _Loops(NamedTuple):
    """The passes over the rows, which lie in columns, shape (K, n)."""

    densities: Callable[..., float]
    student_densities: Callable[..., float]
    forward: Callable[..., float]
    backward: Callable[..., None]
    gather: Callable[..., None]


@cache
def _loops(states: int, size: int) -> _Loops:
    """The passes for so many states and features: numbers known to the compiler, so that it takes short loops apart."""

    @compile_vector_loop
    def densities(columns, means, whiten, log_norm, density):
        """Write every density over the largest of its row; return the sum of the logarithms of those."""
        n = columns.shape[1]
        for k in range(states):
            for t in range(n):
                squared = 0.0
                for i in range(size):
                    part = 0.0
                    for j in range(i + 1):
                        part += whiten[k, i, j] * (columns[j, t] - means[k, j])
                    squared += part * part
                density[k, t] = log_norm[k] - 0.5 * squared
        total, largest = 0.0, np.empty(n)
        for t in range(n):
            top = density[0, t]
            for k in range(1, states):
                top = max(top, density[k, t])
            largest[t] = top
            total += top
        for k in range(states):
            for t in range(n):
                density[k, t] = _exponential(density[k, t] - largest[t])
        return total

    @compile_vector_loop
    def student_densities(columns, means, whiten, log_norm, dof, density, near):
        """The same of Student's t; write how near every row is to every state too, 1 on average and 0 far out."""
        n = columns.shape[1]
        for k in range(states):
            for t in range(n):
                squared = 0.0
                for i in range(size):
                    part = 0.0
                    for j in range(i + 1):
                        part += whiten[k, i, j] * (columns[j, t] - means[k, j])
                    squared += part * part
                density[k, t] = log_norm[k] - 0.5 * (dof[k] + size) * math.log1p(squared / dof[k])
                near[k, t] = (dof[k] + size) / (dof[k] + squared)
        total = 0.0
        for t in range(n):
            top = density[0, t]
            for k in range(1, states):
                top = max(top, density[k, t])
            for k in range(states):
                density[k, t] = _exponential(density[k, t] - top)
            total += top
        return total

    @compile_vector_loop
    def forward(startprob, transmat, density, alpha):
        """Write the forward probabilities up to a factor a row; return the logarithm of their mass in the end."""
        n = density.shape[1]
        total, room = 0.0, 0
        for t in range(n):
            mass = 0.0
            for k in range(states):
                prior = startprob[k]
                if t > 0:
                    prior = 0.0
                    for i in range(states):
                        prior += alpha[t - 1, i] * transmat[i, k]
                chance = prior * density[k, t]
                alpha[t, k] = chance
                mass += chance
            room += 1
            # A division waits for everything before it, so there is one only every few rows.
            if room == RARELY or not mass > TINY or t == n - 1:
                for k in range(states):
                    alpha[t, k] /= mass
                total += math.log(mass)
                room = 0
        return total

    @compile_vector_loop
    def backward(transmat, density, alpha, posteriors, moves):
        """Write the probabilities given all rows, and add up the moves."""
        n = density.shape[1]
        beta, later, weight = np.ones(states), np.empty(states), np.empty(states)
        for t in range(n - 1, -1, -1):
            if t < n - 1:
                for k in range(states):
                    later[k] = density[k, t + 1] * beta[k]
                for i in range(states):
                    back = 0.0
                    for k in range(states):
                        back += transmat[i, k] * later[k]
                    beta[i] = back
            whole, largest = 0.0, 0.0
            for k in range(states):
                weight[k] = alpha[t, k] * beta[k]
                whole += weight[k]
                largest = max(largest, beta[k])
            share = 1.0 / whole
            for k in range(states):
                posteriors[k, t] = weight[k] * share
            if t < n - 1:
                for i in range(states):
                    from_here = alpha[t, i] * share
                    for k in range(states):
                        moves[i, k] += from_here * later[k]
            if not largest > TINY or t % RARELY == 0:
                for k in range(states):
                    beta[k] /= largest
        for i in range(states):
            for k in range(states):
                moves[i, k] *= transmat[i, k]

    @compile_vector_loop
    def gather(columns, posteriors, counts, sums, products):
        """Add up the rows and their products, weighted by the posteriors; a block of rows stays close by."""
        n, weighted = columns.shape[1], np.empty(BLOCK)
        for begin in range(0, n, BLOCK):
            for k in range(states):
                weights = posteriors[k, begin : begin + BLOCK]
                count = len(weights)
                total = 0.0
                for t in range(count):
                    total += weights[t]
                counts[k] += total
                for i in range(size):
                    own = columns[i, begin : begin + BLOCK]
                    total = 0.0
                    for t in range(count):
                        weighted[t] = weights[t] * own[t]
                        total += weighted[t]
                    sums[k, i] += total
                    for j in range(i + 1):
                        other = columns[j, begin : begin + BLOCK]
                        total = 0.0
                        for t in range(count):
                            total += weighted[t] * other[t]
                        products[k, i, j] += total
        for k in range(states):
            for i in range(size):
                for j in range(i):
                    products[k, j, i] = products[k, i, j]

    return _Loops(densities, student_densities, forward, backward, gather)
