"""Whether a stated confidence is still worth what it was: the newest outcomes against those of the validation split."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist

import numpy as np

from trading.arrays import Floats, Ints
from trading.checks.calibration import brier
from trading.checks.drift.evidence import ConditionalShift
from trading.settings.models import DriftSpec

MINIMUM_OUTCOMES = 30
"""Of the newest, at least: newest bars with few signals reach further back."""
MINIMUM_STRETCHES = 20
"""Stretches of outcomes that chance is drawn from, at least."""


def compare_outcomes(
    losses: Mapping[str, Floats], newest: tuple[Floats, Floats], spec: DriftSpec
) -> ConditionalShift | None:
    """Compare Brier scores, with an error that knows how outcomes overlap and how long regimes last.

    Neighbouring outcomes share most of their bars, and those of one regime share its luck, so the score of some
    hundred of them varies as that of a few dozen independent ones. How much it varies is seen in all stretches of as
    many outcomes in a row, one split at a time and each around the mean of its own (moving blocks, Kuensch, Annals of
    Statistics 17, 1989): what a split shares, its fit included, is no part of the error.

    Args:
        losses: squared distances of confidence and outcome by split, in order of time; those of ``validation`` are
            compared with.
        newest: confidence and outcome of the newest outcomes, shape (m,) each.
        spec: false alarms, and the difference that matters.

    Returns:
        None if there are too few outcomes to tell.
    """
    confidence, won = newest
    count, reference = len(confidence), losses["validation"]
    known = sum(map(len, losses.values()))
    if count < MINIMUM_OUTCOMES or len(reference) < count or known < MINIMUM_STRETCHES * count:
        return None
    spread = np.concatenate([_stretches(values, count) for values in losses.values()])
    # The reference is a mean too, of more outcomes, so chance moves the difference by more than it moves the newest.
    wider = float(np.sqrt(1.0 + count / len(reference)))
    error = float(spread.std()) * wider
    # Few stretches hold no rare one, and the normal law knows no skew: the wider of the two is the limit.
    reach = error * NormalDist().inv_cdf(1.0 - spec.false_alarms)
    return ConditionalShift(
        outcomes=count,
        brier=brier(confidence, won),
        reference_outcomes=len(reference),
        reference_brier=float(reference.mean()),
        error=error,
        limit=max(float(np.quantile(spread, 1.0 - spec.false_alarms)) * wider, reach),
        minimum=spec.minimum_brier,
        confidence=float(confidence.mean()),
        frequency=float(won.mean()),
    )


def newest_outcomes(index: Ints, start: int) -> slice:
    """The outcomes of the newest bars, and so many before that there are :data:`MINIMUM_OUTCOMES`.

    Args:
        index: shape (m,), bar of each outcome of the test split, in order of time.
        start: first of the newest bars.
    """
    first = int(np.searchsorted(index, start))
    return slice(max(min(first, len(index) - MINIMUM_OUTCOMES), 0), len(index))


def _stretches(values: Floats, length: int) -> Floats:
    """Mean of every stretch of some values in a row, less the mean of all."""
    if len(values) < length:
        return np.empty(0)
    running = np.concatenate([[0.0], np.cumsum(values)])
    return (running[length:] - running[:-length]) / length - values.mean()
