"""Maps of one side from an opinion to a probability: a linear score, and a curve that never falls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from trading.arrays import Floats
from trading.simulation.outcomes import Outcomes
from trading.steps.opinion import LOG_ODDS, OFFSET, SCORE_CLIP, SCORE_FEATURES, SURE

Method = Literal["base_rate", "isotonic", "platt", "temperature", "logistic", "pooled"]

MINIMUM_OUTCOMES = 30
DIGITS = 9
"""Numbers are rounded to this many digits, so that a last digit of an optimiser cannot change a bundle's digest."""
CURVE = np.linspace(-8.0, 8.0, 129)
"""Knots of the logistic curve, an eighth apart: between them a straight line is within 2e-4 of it."""
LOG_ODDS_UNIT = 5.0
"""Log odds of an engine weigh in this unit, in which they spread about as far as a standardised feature."""
WEIGHT_VARIANCE = 0.1
"""Prior variance of a score's weights, each in the unit of its input."""
TRUST = 0.5
"""Prior standard deviation of what validation may change of a score: its offset from 0 and its slope from 1."""


class SideMap(NamedTuple):
    """A row of the calibrator: weights of the score, and the knots of the curve."""

    weights: Floats
    x: Floats
    y: Floats

    def __call__(self, outcomes: Outcomes) -> Floats:
        """Probabilities of some opinions, as the confidence step gives them but for its rounding.

        Args:
            outcomes: opinions of this side.
        """
        return np.interp(_inputs(outcomes) @ self.weights, self.x, self.y)


def fit_map(
    method: Method, learned: Outcomes, mapped: Outcomes | None = None, *, horizon_bars: int, rate: float
) -> SideMap:
    """Fit one side's map.

    Outcomes of neighbouring bars overlap, so that each counts as one in ``horizon_bars``. No probability is surer than
    these can prove. A map that would fall, where more score was not more often right, is the base rate instead.

    Args:
        method: ``base_rate``, the same probability always; of the log odds ``platt``, a ridge regression (Platt 1999),
            ``temperature`` (Guo et al. 2017) or ``isotonic`` (Zadrozny and Elkan 2002); ``logistic``, a ridge
            regression on log odds and features; or ``pooled``, the mean of the scores of ``platt`` and ``logistic`` (a
            logarithmic opinion pool, Genest and Zidek 1986).
        learned: outcomes of this side that a regression, or the base rate to begin with, is taken from.
        mapped: those that the curve is fitted on, and that may move and stretch what was learned; None fits all of it
            on what is learned from.
        horizon_bars: bars until an outcome is known.
        rate: base rate where there are too few outcomes to know this side's own.
    """
    own = learned if mapped is None else mapped
    features, hits, n = own.features.shape[1], int(own.won.sum()), len(own.index)
    if n < MINIMUM_OUTCOMES:
        return _level(rate, features)
    level = _level((hits + 1) / (n + 2), features)
    if hits in (0, n):
        return level
    match method:
        case "base_rate":
            found = None if mapped is None else _base_rate(learned, mapped, horizon_bars)
        case "logistic":
            found = _regressed(learned, mapped, horizon_bars, features=True)
        case "isotonic":
            found = _isotonic(own, horizon_bars)
        case "platt":
            found = _regressed(learned, mapped, horizon_bars, features=False)
        case "temperature":
            found = _temperature(own, horizon_bars)
        case "pooled":
            found = _pooled([_regressed(learned, mapped, horizon_bars, features=more) for more in (False, True)])
    return level if found is None else found


def _level(rate: float, features: int) -> SideMap:
    """One probability, whatever is said."""
    y = round(rate, DIGITS)
    return SideMap(np.zeros(SCORE_FEATURES + features), np.array([0.0, 1.0]), np.array([y, y]))


def _base_rate(learned: Outcomes, mapped: Outcomes, horizon_bars: int) -> SideMap | None:
    """How often this side is right: a logistic score without any input, so that inputs alone tell the two apart."""
    n, hits = len(learned.index), int(learned.won.sum())
    if n < MINIMUM_OUTCOMES:
        return None
    odds = float(np.log((hits + 1.0) / (n - hits + 1.0)))
    offset, _ = _moved(np.full(len(mapped.index), odds), mapped, horizon_bars, stretch=False)
    return _level(1.0 / (1.0 + float(np.exp(-odds - offset))), mapped.features.shape[1])


def _temperature(mapped: Outcomes, horizon_bars: int) -> SideMap | None:
    odds = _inputs(mapped)[:, LOG_ODDS]
    slope = float(_minimised(lambda at: _loss(at[0] * odds, mapped.won), [0.1])[0])
    return _curved(_weights(mapped, 0.0, slope), slope, len(odds) / horizon_bars)


def _isotonic(mapped: Outcomes, horizon_bars: int) -> SideMap | None:
    from sklearn.isotonic import IsotonicRegression

    odds = _inputs(mapped)[:, LOG_ODDS]
    model: Any = IsotonicRegression(increasing=True, out_of_bounds="clip")
    steps = model.fit_transform(odds, mapped.won.astype(np.float64))
    if not np.ptp(steps) > 1e-9:
        return None
    x: Floats = np.unique(np.round(np.asarray(model.X_thresholds_, dtype=np.float64), DIGITS))
    if len(x) < 2:
        return None
    # The outer steps hold few outcomes, and all of them may be alike: each step is pulled to the base rate by two.
    levels, which, counts = np.unique(np.round(steps, DIGITS), return_inverse=True, return_counts=True)
    rate, weight = float(mapped.won.mean()), counts / horizon_bars
    pulled = np.maximum.accumulate((weight * levels + 2.0 * rate) / (weight + 2.0))
    first = np.argsort(odds, kind="stable")
    y = np.asarray(np.interp(x, odds[first], pulled[which[first]]), dtype=np.float64)
    return SideMap(_weights(mapped, 0.0, 1.0), x, np.maximum.accumulate(np.round(y, DIGITS)))


def _regressed(learned: Outcomes, mapped: Outcomes | None, horizon_bars: int, *, features: bool) -> SideMap | None:
    """A score by ridge regression on the log odds, and on features if asked to; alone, log odds may not count less."""
    hits = int(learned.won.sum())
    if len(learned.index) < MINIMUM_OUTCOMES or hits in (0, len(learned.index)):
        return None
    from sklearn.linear_model import LogisticRegression

    inputs = _inputs(learned)
    inputs[:, LOG_ODDS] /= LOG_ODDS_UNIT
    told = slice(LOG_ODDS, None if features else LOG_ODDS + 1)
    model: Any = LogisticRegression(C=WEIGHT_VARIANCE, tol=1e-10, solver="newton-cholesky")
    model.fit(inputs[:, told], learned.won, sample_weight=np.full(len(inputs), 1.0 / horizon_bars))
    weights = np.zeros(inputs.shape[1])
    weights[told], weights[OFFSET] = model.coef_[0], model.intercept_[0]
    weights[LOG_ODDS] /= LOG_ODDS_UNIT
    if not (features or weights[LOG_ODDS] > 0.0):
        return None
    slope, n = 1.0, len(learned.index)
    if mapped is not None:
        n += len(mapped.index)
        offset, slope = _moved(_inputs(mapped) @ weights, mapped, horizon_bars)
        weights = weights * slope
        weights[OFFSET] += offset
    return _curved(np.round(weights, DIGITS), slope, n / horizon_bars)


def _pooled(maps: list[SideMap | None]) -> SideMap | None:
    """The mean of the scores that could be fitted, no surer than the least sure of them."""
    found = [one for one in maps if one is not None]
    if not found:
        return None
    y = np.clip(found[0].y, max(one.y[0] for one in found), min(one.y[-1] for one in found))
    return SideMap(np.round(np.mean([one.weights for one in found], axis=0), DIGITS), CURVE, y)


def _moved(score: Floats, mapped: Outcomes, horizon_bars: int, *, stretch: bool = True) -> tuple[float, float]:
    """Offset and slope by which outcomes move and stretch a score that is trusted to begin with."""

    def regretted(at: Floats) -> float:
        offset, slope = at[0], at[1] if stretch else 1.0
        prior = (offset**2 + (slope - 1.0) ** 2) / (2.0 * TRUST**2)
        return _loss(offset + slope * score, mapped.won) / horizon_bars + prior

    found = _minimised(regretted, [0.0, 1.0] if stretch else [0.0])
    return float(found[0]), float(found[1]) if stretch else 1.0


def _inputs(outcomes: Outcomes) -> Floats:
    """What a score is linear in, shape (m, SCORE_FEATURES + F), as the score step takes it."""
    raw = np.clip(outcomes.raw, SURE, 1.0 - SURE)
    return np.column_stack(
        [
            np.ones(len(raw)),
            outcomes.raw,
            np.log(raw / (1.0 - raw)),
            np.clip(outcomes.features, -SCORE_CLIP, SCORE_CLIP),
        ]
    )


def _weights(outcomes: Outcomes, offset: float, slope: float) -> Floats:
    """Weights of a score that is linear in the log odds alone."""
    weights = np.zeros(SCORE_FEATURES + outcomes.features.shape[1])
    weights[OFFSET], weights[LOG_ODDS] = round(offset, DIGITS), round(slope, DIGITS)
    return weights


def _curved(weights: Floats, slope: float, outcomes: float) -> SideMap | None:
    """A map on the logistic curve; none if it would fall."""
    if not slope > 0.0:
        return None
    return SideMap(weights, CURVE, _provable(1.0 / (1.0 + np.exp(-CURVE)), outcomes))


def _provable(p: Floats, outcomes: float) -> Floats:
    """Probabilities no surer than so many outcomes of their own can prove, by Laplace's rule of succession."""
    floor = 1.0 / (outcomes + 2.0)
    return np.round(np.clip(p, floor, 1.0 - floor), DIGITS)


def _loss(score: Floats, won: NDArray[np.bool_]) -> float:
    """Log loss of scores that are log odds, summed."""
    return float(np.sum(np.logaddexp(0.0, score) - np.where(won, score, 0.0)))


def _minimised(loss: Callable[[Floats], float], start: list[float]) -> Floats:
    """Where a smooth convex loss is least."""
    found: Any = minimize(loss, start, method="BFGS", options={"gtol": 1e-7})
    return np.asarray(found.x)
