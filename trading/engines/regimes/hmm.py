"""Fitting the regime model: an HMM from many starts, the best that is usable, states named by what follows."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from trading.arrays import Floats, Ints
from trading.codes import ReasonCode
from trading.engines.regimes.beliefs import filtered_probabilities
from trading.engines.regimes.em import HmmParameters, fit_em, log_likelihood
from trading.engines.regimes.naming import Following, followings, names_of, order_of
from trading.engines.regimes.recency import drawn_blocks
from trading.engines.regimes.starts import start_of
from trading.errors import TrainingError
from trading.seeds import seed_for
from trading.settings.models import RegimeSpec

WORST_CONDITION = 1e8
OTHERS = 10
"""The best starts, the chosen one among them, that are held against each other."""
FIRST_DOF = 8.0
"""Degrees of freedom that a climb begins with if they are fitted: heavy tails, and a variance that is there."""
THREADS = 2
"""Climbs at a time; the compiled loops let other threads run."""


@dataclass(frozen=True, eq=False)
class RegimeFit:
    """A fitted regime model, states in the order bull, bear, chop.

    Attributes:
        parameters: S states over K standardised features.
        signs: shape (S,), see :class:`trading.steps.regimes.RegimeModel`.
        log_likelihood: of the rows that were learned from, per bar.
        seed: the start that won.
        report: what followed each state, its occupancy, what became of every start, and the models of the next best.
    """

    parameters: HmmParameters
    signs: tuple[int, ...]
    log_likelihood: float
    seed: int
    report: dict[str, Any] = field(default_factory=dict)


class Start(NamedTuple):
    """What became of one start.

    Attributes:
        seed: of the start.
        kind: how it was made.
        parameters: None if EM failed.
        log_likelihood: of the rows that were learned from, nats a bar.
        converged: whether the last iteration gained less than the tolerance.
        problem: why the model is not usable; empty if it is.
    """

    seed: int
    kind: str
    parameters: HmmParameters | None
    log_likelihood: float
    converged: bool
    problem: str


def fit_regimes(scaled: Floats, returns: Floats, spec: RegimeSpec, seed: int) -> RegimeFit:
    """Fit the states on the training split and name them by the bars that follow them.

    Preferred are starts all of whose states last, whatever their likelihood: a mixture of up bars and down bars often
    describes bars better than any regimes do. A state that does not last gives no direction.

    Args:
        scaled: shape (n, K), standardised regime features of the training rows.
        returns: shape (n,), log return of the same bars, for naming only.
        spec: number of starts and limits.
        seed: root of the starts' seeds.

    Raises:
        TrainingError: ``HMM_DEGENERATE`` if no start gave a usable model.
    """
    learned = learned_rows(scaled, spec, seed)
    starts = climbs(learned, spec, seed)
    usable = [start for start in starts if start.parameters is not None and not start.problem]
    if not usable:
        raise TrainingError(
            ReasonCode.HMM_DEGENERATE,
            f"none of {spec.seeds} starts gave a usable regime model: {_problems(starts)}.",
            remedy="Use more history, other regime features, or a smaller regimes.min_occupancy.",
        )
    ranked = sorted(usable, key=lambda start: (_shortest(start) >= spec.min_bars, start.log_likelihood), reverse=True)
    best = ranked[0]
    assert best.parameters is not None
    named = _named(best.parameters, scaled, returns, spec)
    report = {**_report(named, best, starts, scaled), **learned.report}
    return RegimeFit(
        parameters=named.parameters,
        signs=tuple(named.signs),
        log_likelihood=best.log_likelihood,
        seed=best.seed,
        report={**report, "others": _other_starts(ranked, scaled, returns, spec)},
    )


def followed(fit: RegimeFit, scaled: Floats, returns: Floats, *, after: int) -> Floats:
    """What following the regimes earned at each bar: the lean at a close times the next bar's return.

    Args:
        fit: of the first rows.
        scaled: shape (n, K), standardised regime features, those rows and later ones.
        returns: shape (n,), log return of the same bars.
        after: rows that the fit knows; only later ones count.

    Returns:
        Shape (n - after - 1,), zeros if it never leans.
    """
    beliefs = filtered_probabilities(fit.parameters, scaled)
    lean = (beliefs @ np.array(fit.signs, dtype=np.float64))[after:-1]
    return np.asarray(lean * returns[after + 1 :], dtype=np.float64)


class Learned(NamedTuple):
    """The rows that EM learns from.

    Attributes:
        rows: shape (m, K), sequences one after the other.
        lengths: shape (B,), rows of each sequence; None is one sequence.
        ordered: shape (n, K), all training rows as they came.
        report: how many rows there are, and as how many they count; empty if all count alike.
    """

    rows: Floats
    lengths: Ints | None
    ordered: Floats
    report: dict[str, Any]


def learned_rows(scaled: Floats, spec: RegimeSpec, seed: int) -> Learned:
    """All training rows, or blocks of them of which newer ones are drawn more often.

    Args:
        scaled: shape (n, K), standardised regime features of the training rows.
        spec: half-life, 0 for none.
        seed: root of the draw's seed.
    """
    if spec.half_life_bars == 0:
        return Learned(scaled, None, scaled, {})
    drawn = drawn_blocks(scaled, spec.half_life_bars, seed_for(seed, "recency"))
    counts = {"half_life_bars": spec.half_life_bars, "bars": len(scaled), "effective_bars": drawn.effective}
    return Learned(drawn.rows, drawn.lengths, scaled, {"recency": counts})


def climbs(learned: Learned, spec: RegimeSpec, seed: int) -> list[Start]:
    """What becomes of every start.

    Args:
        learned: what EM learns from.
        spec: number of starts and limits.
        seed: root of the starts' seeds.
    """
    if spec.states == "auto":
        raise ValueError("the number of states has to be chosen before any of them is fitted")
    states = spec.states
    seeds = [seed_for(seed, "start", number) % 2**31 for number in range(spec.seeds)]
    begun = [start_of(number, learned.rows, states, own) for number, own in enumerate(seeds)]

    def climb(number: int) -> Start:
        kind, start = begun[number]
        return _climbed(learned, spec, seeds[number], kind, start)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(climb, range(spec.seeds)))


def _climbed(learned: Learned, spec: RegimeSpec, seed: int, kind: str, start: HmmParameters) -> Start:
    try:
        hmm, total, converged = _FITTERS[spec.fitter](learned, spec, start)
    except (ValueError, np.linalg.LinAlgError) as error:
        return Start(seed, kind, None, -math.inf, converged=False, problem=f"EM failed: {error}")
    score = total / len(learned.rows)
    return Start(seed, kind, hmm, score, converged, _problem(hmm, learned.ordered, spec, score))


def _compiled(learned: Learned, spec: RegimeSpec, start: HmmParameters) -> tuple[HmmParameters, float, bool]:
    rows, lengths = learned.rows, learned.lengths
    student, fitted = spec.emissions == "student", spec.degrees_of_freedom == "fitted"
    if student:
        start = start._replace(dof=np.full(len(start.means), FIRST_DOF if fitted else spec.degrees_of_freedom))
    fit = fit_em(
        rows,
        start,
        lengths=lengths,
        fit_dof=student and fitted,
        iterations=spec.iterations,
        tolerance=_tolerance(rows, spec),
    )
    return fit.parameters, log_likelihood(rows, fit.parameters, lengths), fit.converged


def _by_hmmlearn(learned: Learned, spec: RegimeSpec, start: HmmParameters) -> tuple[HmmParameters, float, bool]:
    from hmmlearn.hmm import GaussianHMM

    hmm: Any = GaussianHMM(
        n_components=len(start.startprob),
        covariance_type="full",
        n_iter=spec.iterations,
        tol=_tolerance(learned.rows, spec),
        init_params="",
        implementation="scaling",
    )
    hmm.startprob_, hmm.transmat_, hmm.means_, hmm.covars_, _ = start
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=RuntimeWarning)
        hmm.fit(learned.rows, learned.lengths)
        found = HmmParameters(hmm.startprob_, hmm.transmat_, hmm.means_, hmm.covars_)
        return found, float(hmm.score(learned.rows, learned.lengths)), bool(hmm.monitor_.converged)


_FITTERS: dict[str, Callable[[Learned, RegimeSpec, HmmParameters], tuple[HmmParameters, float, bool]]] = {
    "compiled": _compiled,
    "hmmlearn": _by_hmmlearn,
}


def _tolerance(rows: Floats, spec: RegimeSpec) -> float:
    """Of the log likelihood of all rows, nats; the settings name it a row."""
    return spec.tolerance * len(rows) * 1e-4


def _problem(hmm: HmmParameters, scaled: Floats, spec: RegimeSpec, score: float) -> str:
    if not (np.isfinite(score) and all(np.isfinite(part).all() for part in hmm.arrays().values())):
        return "parameters are not finite"
    worst = max(float(np.linalg.cond(covariance)) for covariance in hmm.covars)
    if not worst <= WORST_CONDITION:
        return f"a covariance is nearly singular (condition {worst:.1e})"
    # By the causal filter, as a decision would have seen them: the probabilities of a fit know the rows to come.
    rarest = float(filtered_probabilities(hmm, scaled).mean(axis=0).min())
    if not rarest >= spec.min_occupancy:
        return f"a state holds {rarest:.1%} of bars, under {spec.min_occupancy:.1%}"
    return ""


def _bars(hmm: HmmParameters) -> Floats:
    """How long each state lasts on average."""
    return 1.0 / np.maximum(1.0 - np.diagonal(hmm.transmat), 1e-12)


def _shortest(start: Start) -> float:
    return 0.0 if start.parameters is None else float(_bars(start.parameters).min())


class _Named(NamedTuple):
    """A model whose states are in order, and what is known of each."""

    parameters: HmmParameters
    signs: list[int]
    following: list[Following]
    lasts: Floats
    beliefs: Floats


def _named(hmm: HmmParameters, scaled: Floats, returns: Floats, spec: RegimeSpec) -> _Named:
    beliefs, lasts = filtered_probabilities(hmm, scaled), _bars(hmm)
    following = followings(beliefs, returns)
    signs = [
        state.sign(spec.min_t) if bars >= spec.min_bars else 0 for state, bars in zip(following, lasts, strict=True)
    ]
    order = order_of(signs, following)
    return _Named(
        HmmParameters(
            startprob=np.ascontiguousarray(hmm.startprob[order]),
            transmat=np.ascontiguousarray(hmm.transmat[np.ix_(order, order)]),
            means=np.ascontiguousarray(hmm.means[order]),
            covars=np.ascontiguousarray(hmm.covars[order]),
            dof=None if hmm.dof is None else np.ascontiguousarray(hmm.dof[order]),
        ),
        [signs[k] for k in order],
        [following[k] for k in order],
        lasts[order],
        beliefs[:, order],
    )


def _report(named: _Named, best: Start, starts: Sequence[Start], scaled: Floats) -> dict[str, Any]:
    occupancy = named.beliefs.mean(axis=0)
    return {
        "states": [
            {
                "name": name,
                "sign": sign,
                "next_return": state.earned.mean,
                "next_return_t": state.earned.t,
                "apart_t": state.apart.t,
                "occupancy": float(occupancy[k]),
                "bars": float(named.lasts[k]),
            }
            for k, (name, sign, state) in enumerate(
                zip(names_of({"signs": named.signs}), named.signs, named.following, strict=True)
            )
        ],
        "sure": float(named.beliefs.max(axis=1).mean()),
        "converged": best.converged,
        "log_likelihood": best.log_likelihood,
        "starts": [
            {
                "seed": start.seed,
                "kind": start.kind,
                "log_likelihood": start.log_likelihood,
                "converged": start.converged,
                "problem": start.problem,
                "shortest": _shortest(start),
                "agreement": _agreement(start, named.beliefs, scaled),
            }
            for start in starts
        ],
    }


def _other_starts(ranked: Sequence[Start], scaled: Floats, returns: Floats, spec: RegimeSpec) -> list[dict[str, Any]]:
    """The models that the next best starts gave, as plain data: what would have been, had the best not been found."""
    found = list[dict[str, Any]]()
    for start in ranked[1:OTHERS]:
        assert start.parameters is not None
        named = _named(start.parameters, scaled, returns, spec)
        parts = {name: part.tolist() for name, part in named.parameters.arrays().items()}
        found.append({"seed": start.seed, "log_likelihood": start.log_likelihood, "signs": named.signs, **parts})
    return found


def _agreement(start: Start, beliefs: Floats, scaled: Floats) -> float | None:
    """Share of bars at which a start's likeliest state is that of the best, states being matched to share most."""
    if start.parameters is None:
        return None
    from scipy.optimize import linear_sum_assignment

    own, states = filtered_probabilities(start.parameters, scaled).argmax(axis=1), beliefs.shape[1]
    shared = np.zeros((states, states))
    np.add.at(shared, (own, beliefs.argmax(axis=1)), 1.0)
    return float(shared[linear_sum_assignment(-shared)].sum() / len(own))


def _problems(starts: Sequence[Start]) -> str:
    told = [start.problem for start in starts]
    return "; ".join(f"{told.count(each)} times: {each}" for each in sorted(set(told)))
