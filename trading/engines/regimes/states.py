"""How many states: the fewest that foretell later rows nearly as well as the best number does."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.engines.regimes.beliefs import foretold
from trading.engines.regimes.hmm import RegimeFit, fit_regimes
from trading.engines.regimes.naming import Mean, weighted_mean
from trading.errors import TrainingError
from trading.settings.models import RegimeSpec
from trading.settings.models.regimes import FEWEST_STATES, MOST_STATES

WITHIN_ERRORS = 1.0
"""Standard errors that fewer states may be behind the best number."""


class Chosen(NamedTuple):
    """A number of states, and what it was chosen by.

    Attributes:
        states: how many.
        fit: of so many, on the first rows.
        scored: what every number scored, as JSON data.
    """

    states: int
    fit: RegimeFit
    scored: list[dict[str, Any]]


def choose_states(rows: Floats, returns: Floats, spec: RegimeSpec, seed: int, *, learned: int) -> Chosen:
    """Fit every number of states on the first rows, and take the fewest that are not surely worse over the others.

    A number is judged by the log likelihood of the later rows, each foretold from those before it by the forward
    filter. More states always describe the rows that they were fitted on better; later rows they describe better only
    if they are there. Of numbers that are behind the best by no more than a standard error the fewest is taken (Breiman
    et al., Classification and Regression Trees, 1984); the error is that of the difference, row by row, since all of
    them foretell the same rows, and rows follow each other (Newey and West 1987).

    Args:
        rows: shape (n, K), standardised regime features of the training rows.
        returns: shape (n,), log return of the same bars.
        spec: number of starts and limits.
        seed: root of the starts' seeds.
        learned: rows that the fits see.

    Raises:
        TrainingError: ``HMM_DEGENERATE`` if no number gave a usable model.
    """
    found = dict[int, tuple[RegimeFit, Floats]]()
    problems = dict[int, str]()
    refused: TrainingError | None = None
    for states in range(FEWEST_STATES, MOST_STATES + 1):
        try:
            fit = fit_regimes(rows[:learned], returns[:learned], spec.model_copy(update={"states": states}), seed)
        except TrainingError as error:
            refused, problems[states] = refused or error, error.message
            continue
        found[states] = fit, foretold(fit.parameters, rows)[learned:]
    if not found:
        assert refused is not None
        raise refused
    best = max(found, key=lambda states: float(np.mean(found[states][1])))
    behind = {states: _mean(found[best][1] - scores) for states, (_, scores) in found.items()}
    states = min(number for number, far in behind.items() if number == best or far.t <= WITHIN_ERRORS)
    scored = [
        {
            "states": number,
            "log_likelihood": float(np.mean(found[number][1])) if number in found else None,
            "behind": behind[number].mean if number in found else None,
            "behind_t": behind[number].t if number in found and math.isfinite(behind[number].t) else None,
            "problem": problems.get(number, ""),
        }
        for number in range(FEWEST_STATES, MOST_STATES + 1)
    ]
    return Chosen(states, found[states][0], scored)


def _mean(values: Floats) -> Mean:
    return weighted_mean(np.ones(len(values)), values)
