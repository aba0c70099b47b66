"""An engine's opinion of a bar as a row of numbers, and the calibrated confidence that decisions see."""

from __future__ import annotations

import math

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


def confidence_step(opinion: Floats, knots_x: Floats, knots_y: Floats) -> float:
    """Effective confidence: the engine's own through the calibrator, rounded to 1e-6; 0 without a direction.

    Args:
        opinion: shape (OPINION_SIZE,).
        knots_x: shape (M,), raw confidences of the calibrator's piecewise-linear map.
        knots_y: shape (M,), what they mean.
    """
    if side_step(opinion) == 0:
        return 0.0
    return quantised(interpolate(opinion[CONFIDENCE], knots_x, knots_y))


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
