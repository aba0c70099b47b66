"""Fitting the regime model: a Gaussian HMM, several starts, best likelihood, degenerate fits refused."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.engines.regimes.em import HmmParameters, fit_em, log_likelihood
from trading.errors import TrainingError
from trading.seeds import seed_for
from trading.settings.models import RegimeSpec
from trading.steps.regimes import REGIMES

WORST_CONDITION = 1e8
MIN_COVARIANCE = 1e-3
"""Added to the variances that a climb begins with."""
STAYS = 0.9
"""Chance of staying in a state that a climb begins with."""


@dataclass(frozen=True, eq=False)
class RegimeFit:
    """A fitted regime model, states in the order bull, bear, chop.

    Attributes:
        startprob: shape (3,).
        transmat: shape (3, 3), rows are from-states.
        means: shape (3, K), standardised.
        covars: shape (3, K, K).
        log_likelihood: of the training sequence, per bar.
        seed: the start that won.
        report: mean return and occupancy of each state, and what became of every start.
    """

    startprob: Floats
    transmat: Floats
    means: Floats
    covars: Floats
    log_likelihood: float
    seed: int
    report: dict[str, Any] = field(default_factory=dict)


def fit_regimes(scaled: Floats, returns: Floats, spec: RegimeSpec, seed: int) -> RegimeFit:
    """Fit three regimes on the training split and name them by what their bars earned.

    Args:
        scaled: shape (n, K), standardised regime features of the training rows.
        returns: shape (n,), log return of the same bars, for naming only.
        spec: number of starts and limits.
        seed: root of the starts' seeds.

    Raises:
        TrainingError: ``HMM_DEGENERATE`` if no start gave a usable model.
    """
    starts: list[dict[str, Any]] = []
    best: tuple[float, int, HmmParameters] | None = None
    for start in range(spec.seeds):
        number = seed_for(seed, "start", start) % 2**31
        candidate, score, problem = _fit_one(scaled, spec, number)
        starts.append({"seed": number, "log_likelihood": score, "problem": problem})
        if candidate is not None and not problem and (best is None or score > best[0]):
            best = (score, number, candidate)
    if best is None:
        raise TrainingError(
            ReasonCode.HMM_DEGENERATE,
            f"none of {spec.seeds} starts gave a usable regime model: {[start['problem'] for start in starts]}.",
            remedy="Use more history, other regime features, or a smaller regimes.min_occupancy.",
        )
    score, number, hmm = best
    occupancy = _occupancy(hmm, scaled)
    state_returns = (occupancy.T @ returns) / occupancy.sum(axis=0)
    order = _naming(state_returns)
    return RegimeFit(
        startprob=np.ascontiguousarray(hmm.startprob[order]),
        transmat=np.ascontiguousarray(hmm.transmat[np.ix_(order, order)]),
        means=np.ascontiguousarray(hmm.means[order]),
        covars=np.ascontiguousarray(hmm.covars[order]),
        log_likelihood=score,
        seed=number,
        report={
            "starts": starts,
            "mean_return": dict(zip(REGIMES, state_returns[order].tolist(), strict=True)),
            "occupancy": dict(zip(REGIMES, occupancy.mean(axis=0)[order].tolist(), strict=True)),
        },
    )


def _fit_one(scaled: Floats, spec: RegimeSpec, seed: int) -> tuple[HmmParameters | None, float, str]:
    try:
        hmm, total = _FITTERS[spec.fitter](scaled, spec, seed)
    except (ValueError, np.linalg.LinAlgError) as error:
        return None, -np.inf, f"EM failed: {error}"
    score = total / len(scaled)
    return hmm, score, _problem(hmm, scaled, spec, score)


def _by_hmmlearn(scaled: Floats, spec: RegimeSpec, seed: int) -> tuple[HmmParameters, float]:
    from hmmlearn.hmm import GaussianHMM

    hmm: Any = GaussianHMM(
        n_components=len(REGIMES),
        covariance_type="full",
        n_iter=spec.iterations,
        tol=_tolerance(scaled, spec),
        random_state=seed,
        implementation="scaling",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=RuntimeWarning)
        hmm.fit(scaled)
        return HmmParameters(hmm.startprob_, hmm.transmat_, hmm.means_, hmm.covars_), float(hmm.score(scaled))


def _compiled(scaled: Floats, spec: RegimeSpec, seed: int) -> tuple[HmmParameters, float]:
    start = k_means_start(scaled, len(REGIMES), seed)
    fit = fit_em(scaled, start, iterations=spec.iterations, tolerance=_tolerance(scaled, spec))
    return fit.parameters, log_likelihood(scaled, fit.parameters)


_FITTERS: dict[str, Callable[[Floats, RegimeSpec, int], tuple[HmmParameters, float]]] = {
    "hmmlearn": _by_hmmlearn,
    "compiled": _compiled,
}


def k_means_start(scaled: Floats, states: int, seed: int) -> HmmParameters:
    """Where a climb begins: the centres of k-means, one covariance for all, states that mostly stay.

    Args:
        scaled: shape (n, K), standardised regime features of the training rows.
        states: how many.
        seed: of k-means.
    """
    from sklearn.cluster import KMeans

    arguments: dict[str, Any] = {"n_clusters": states, "n_init": 1, "random_state": seed}
    centres: Any = KMeans(**arguments).fit(scaled).cluster_centers_
    size = scaled.shape[1]
    spread = np.atleast_2d(np.cov(scaled.T)) + MIN_COVARIANCE * np.eye(size)
    stay = np.full((states, states), (1.0 - STAYS) / (states - 1)) if states > 1 else np.ones((1, 1))
    np.fill_diagonal(stay, STAYS if states > 1 else 1.0)
    return HmmParameters(np.full(states, 1.0 / states), stay, np.asarray(centres), np.stack([spread] * states))


def _tolerance(scaled: Floats, spec: RegimeSpec) -> float:
    """Of the log likelihood of all rows, nats; the settings name it a row."""
    return spec.tolerance * len(scaled) * 1e-4


def _problem(hmm: HmmParameters, scaled: Floats, spec: RegimeSpec, score: float) -> str:
    if not (np.isfinite(score) and all(np.isfinite(part).all() for part in hmm)):
        return "parameters are not finite"
    worst = max(float(np.linalg.cond(covariance)) for covariance in hmm.covars)
    if not worst <= WORST_CONDITION:
        return f"a covariance is nearly singular (condition {worst:.1e})"
    rarest = float(_occupancy(hmm, scaled).mean(axis=0).min())
    if not rarest >= spec.min_occupancy:
        return f"a state holds {rarest:.1%} of bars, under {spec.min_occupancy:.1%}"
    return ""


def _occupancy(hmm: HmmParameters, scaled: Floats) -> Floats:
    """State probabilities of the training rows by the causal filter, as a decision would have seen them.

    The probabilities of a fit know the rows to come; states are not even named by those.
    """
    from trading.engines.regimes.beliefs import filtered_probabilities

    return filtered_probabilities(*hmm, scaled)


def _naming(state_returns: Floats) -> list[int]:
    bull, bear = int(np.argmax(state_returns)), int(np.argmin(state_returns))
    return [bull, bear, 3 - bull - bear]
