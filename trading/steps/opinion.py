"""An engine's opinion of a bar as a row of numbers, and the calibrated confidence that decisions see."""

from __future__ import annotations

import math
from typing import NamedTuple

from trading.arrays import Floats
from trading.steps.numbers import interpolate, quantised

EXTRA_NUMBERS = 3
OPINION_FIELDS = (
    "direction",  # 1 long, -1 short, 0 none; NaN while the engine has not seen enough bars
    "confidence",  # 0 to 1, before calibration; 0 without a direction
    *(
        f"extra_{number + 1}" for number in range(EXTRA_NUMBERS)
    ),  # what else the policy may see; 0 if the engine has none
    "doubt",  # 0 sure to 1 undecided
)
DIRECTION, CONFIDENCE, EXTRAS = 0, 1, 2
DOUBT = EXTRAS + EXTRA_NUMBERS
OPINION_SIZE = len(OPINION_FIELDS)

SCORE_TERMS = ("offset", "confidence", "log_odds")
"""What a score adds up beside the model's features, in the order of its weights."""
OFFSET, RAW, LOG_ODDS = range(len(SCORE_TERMS))
SCORE_FEATURES = len(SCORE_TERMS)
"""Place of the first feature's weight."""
LONG_ROW, SHORT_ROW = 0, 1
SURE = 1e-6
"""Log odds are those of a confidence at least this far from 0 and 1: under it, no engine's digits mean anything."""
SCORE_CLIP = 5.0
"""Features count up to this many standard deviations, as in the observation."""


class Calibrator(NamedTuple):
    """Two maps from an opinion to how often it is right, first row long and second row short.

    A score, linear in the engine's confidence, its log odds and the features, is read on a curve that never falls.

    Attributes:
        weights: shape (2, SCORE_FEATURES + F), of the score; a term of weight 0 is not looked at.
        x: shape (2, M), increasing scores.
        y: shape (2, M), what they mean; constant beyond the outer ones.
    """

    weights: Floats
    x: Floats
    y: Floats


def is_warm(opinion: Floats) -> int:
    """1 once the engine has an opinion, 0 while it has not seen enough bars.

    Args:
        opinion: shape (OPINION_SIZE,), NaN while the engine has none.
    """
    return 0 if math.isnan(opinion[DIRECTION]) else 1


def side_step(opinion: Floats) -> int:
    """Direction of the opinion; none while there is no opinion.

    Args:
        opinion: shape (OPINION_SIZE,), NaN while the engine has none.
    """
    return 0 if math.isnan(opinion[DIRECTION]) else int(opinion[DIRECTION])


def confidence_step(opinion: Floats, features: Floats, calibrator: Calibrator, modifier: float) -> float:
    """Effective confidence: how often such an opinion is right, times a modifier; 0 without a direction.

    It is rounded to 1e-6; NaN, which decides nothing, if a number that the score looks at is not finite.

    Args:
        opinion: shape (OPINION_SIZE,), of the bar.
        features: shape (F,), standardised, of the same bar.
        calibrator: of the model.
        modifier: of the depth of its training, over 0 and up to 1.
    """
    side = side_step(opinion)
    if side == 0:
        return 0.0
    row = LONG_ROW if side > 0 else SHORT_ROW
    score = score_step(opinion[CONFIDENCE], features, calibrator.weights[row])
    return quantised(modifier * interpolate(score, calibrator.x[row], calibrator.y[row]))


def score_step(raw: float, features: Floats, weights: Floats) -> float:
    """The score of one side; NaN if a number that it looks at is not finite.

    Args:
        raw: confidence of the engine.
        features: shape (F,), standardised.
        weights: shape (SCORE_FEATURES + F,).
    """
    score = weights[OFFSET]
    if weights[RAW] != 0.0:
        score += weights[RAW] * raw
    if weights[LOG_ODDS] != 0.0:
        score += weights[LOG_ODDS] * log_odds(raw)
    for i in range(features.shape[0]):
        weight = weights[SCORE_FEATURES + i]
        if weight != 0.0:
            if not math.isfinite(features[i]):
                return math.nan
            score += weight * min(max(features[i], -SCORE_CLIP), SCORE_CLIP)
    return score


def log_odds(p: float) -> float:
    """Logarithm of p over 1 - p, of a p kept a millionth away from 0 and 1; NaN of NaN.

    Args:
        p: probability.
    """
    if not math.isfinite(p):
        return math.nan
    inside = min(max(p, SURE), 1.0 - SURE)
    return math.log(inside / (1.0 - inside))


def binary_entropy(p: float) -> float:
    """Entropy of a yes-or-no question in bits: how undecided a confidence is when nothing else is known.

    Args:
        p: probability of yes; outside of (0, 1) there is no doubt.
    """
    if not 0.0 < p < 1.0:
        return 0.0
    return -(p * math.log(p) + (1.0 - p) * math.log(1.0 - p)) / math.log(2.0)


def regime_number(opinion: Floats) -> int:
    """Which of the engine's further numbers is largest, counted from 1; 0 if one of them is no number.

    Of an engine whose further numbers are probabilities of regimes, this is the most likely regime.

    Args:
        opinion: shape (OPINION_SIZE,), of the engine.
    """
    largest = 0
    for k in range(EXTRA_NUMBERS):
        if not math.isfinite(opinion[EXTRAS + k]):
            return 0
        if opinion[EXTRAS + k] > opinion[EXTRAS + largest]:
            largest = k
    return largest + 1
