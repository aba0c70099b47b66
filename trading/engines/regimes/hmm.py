"""Fitting the regime model: a Gaussian HMM by hmmlearn, several starts, best likelihood, degenerate fits refused."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.errors import TrainingError
from trading.seeds import seed_for
from trading.settings.models import RegimeSpec
from trading.steps.regimes import REGIMES

WORST_CONDITION = 1e8


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
    best: tuple[float, int, Any] | None = None
    for start in range(spec.seeds):
        number = seed_for(seed, "start", start) % 2**31
        candidate, score, problem = _fit_one(scaled, spec, number)
        starts.append({"seed": number, "log_likelihood": score, "problem": problem})
        if not problem and (best is None or score > best[0]):
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
        startprob=np.ascontiguousarray(hmm.startprob_[order]),
        transmat=np.ascontiguousarray(hmm.transmat_[np.ix_(order, order)]),
        means=np.ascontiguousarray(hmm.means_[order]),
        covars=np.ascontiguousarray(hmm.covars_[order]),
        log_likelihood=score,
        seed=number,
        report={
            "starts": starts,
            "mean_return": dict(zip(REGIMES, state_returns[order].tolist(), strict=True)),
            "occupancy": dict(zip(REGIMES, occupancy.mean(axis=0)[order].tolist(), strict=True)),
        },
    )


def _fit_one(scaled: Floats, spec: RegimeSpec, seed: int) -> tuple[Any, float, str]:
    from hmmlearn.hmm import GaussianHMM

    hmm = GaussianHMM(
        n_components=3,
        covariance_type="full",
        n_iter=spec.iterations,
        tol=spec.tolerance * len(scaled) * 1e-4,
        random_state=seed,
        implementation="scaling",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=RuntimeWarning)
        try:
            hmm.fit(scaled)
            score = float(hmm.score(scaled)) / len(scaled)
        except ValueError as error:
            return None, -np.inf, f"EM failed: {error}"
    return hmm, score, _problem(hmm, scaled, spec, score)


def _problem(hmm: Any, scaled: Floats, spec: RegimeSpec, score: float) -> str:
    parts = (hmm.startprob_, hmm.transmat_, hmm.means_, hmm.covars_)
    if not (np.isfinite(score) and all(np.isfinite(part).all() for part in parts)):
        return "parameters are not finite"
    worst = max(float(np.linalg.cond(covariance)) for covariance in hmm.covars_)
    if not worst <= WORST_CONDITION:
        return f"a covariance is nearly singular (condition {worst:.1e})"
    rarest = float(_occupancy(hmm, scaled).mean(axis=0).min())
    if not rarest >= spec.min_occupancy:
        return f"a state holds {rarest:.1%} of bars, under {spec.min_occupancy:.1%}"
    return ""


def _occupancy(hmm: Any, scaled: Floats) -> Floats:
    """State probabilities of the training rows by the causal filter, as a decision would have seen them.

    hmmlearn's own probabilities know the rows to come; states are not even named by those.
    """
    from trading.engines.regimes.beliefs import filtered_probabilities

    return filtered_probabilities(hmm.startprob_, hmm.transmat_, hmm.means_, hmm.covars_, scaled)


def _naming(state_returns: Floats) -> list[int]:
    bull, bear = int(np.argmax(state_returns)), int(np.argmin(state_returns))
    return [bull, bear, 3 - bull - bear]
