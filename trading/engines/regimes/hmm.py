"""Fitting the regime model: a Gaussian HMM by hmmlearn, several starts, best likelihood, degenerate fits refused."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.errors import TrainingError
from trading.model.model import REGIMES, TradingModel
from trading.seeds import seed_for
from trading.settings.models import RegimeSpec

WORST_CONDITION = 1e8


@dataclass(frozen=True, eq=False)
class RegimeFit:
    """A fitted regime model, states in the order bull, bear, chop.

    Attributes:
        startprob: shape (3,); transmat: shape (3, 3); means: shape (3, K); covars: shape (3, K, K).
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


def fit_scaler(raw: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each feature over training rows, shape (F,) each.

    Raises:
        TrainingError: if a feature is constant or not finite on the training rows.
    """
    mean, deviation = raw.mean(axis=0), raw.std(axis=0)
    bad = np.flatnonzero(~(np.isfinite(mean) & np.isfinite(deviation) & (deviation > 1e-12)))
    if len(bad):
        raise TrainingError(
            ReasonCode.NOT_FINITE,
            f"features {bad.tolist()} are constant or not finite on the training split.",
            remedy="Look at the data quality report: a frozen price or an empty volume column does this.",
        )
    return mean, deviation


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


def match_champion(fit: RegimeFit, scaler: tuple[Floats, Floats], champion: TradingModel) -> dict[str, Any]:
    """Match a fit's states to the champion's by their means in the champion's units (Hungarian method).

    Args:
        fit: the new regime model.
        scaler: mean and deviation of the regime features that ``fit`` was trained with, shape (K,) each.
        champion: the model in Production.

    Returns:
        ``mapping`` from each regime to the champion's nearest, ``distance`` and whether ``names_agree``.
    """
    from scipy.optimize import linear_sum_assignment

    from trading.steps.features import FEATURE_NAMES

    columns = [FEATURE_NAMES.index(name) for name in champion.spec.regime_features]
    ours = fit.means * scaler[1] + scaler[0]
    theirs = champion.means * champion.scaler_std[columns] + champion.scaler_mean[columns]
    if ours.shape != theirs.shape:
        return {"names_agree": False, "mapping": {}, "distance": None, "reason": "other regime features"}
    distance = np.linalg.norm((ours[:, None, :] - theirs[None, :, :]) / champion.scaler_std[columns], axis=2)
    rows, matched = linear_sum_assignment(distance)
    mapping = {REGIMES[row]: REGIMES[column] for row, column in zip(rows, matched, strict=True)}
    return {
        "mapping": mapping,
        "distance": {REGIMES[row]: float(distance[row, column]) for row, column in zip(rows, matched, strict=True)},
        "names_agree": all(ours_ == theirs_ for ours_, theirs_ in mapping.items()),
    }


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
