"""The calibrator: from an opinion to how often such an opinion is right, by the method that tells most."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.checks.skill import share_at_mode
from trading.codes import ReasonCode
from trading.errors import TrainingError
from trading.simulation.outcomes import Outcomes
from trading.steps.opinion import Calibrator
from trading.training.maps import DIGITS, Method, SideMap, fit_map

METHODS: tuple[Method, ...] = ("isotonic", "platt", "temperature", "logistic", "pooled")
SIDES = ((1, "long"), (-1, "short"))
FOLDS = 5
LEAST_GAIN = 0.001
"""Share of the base rate's log loss that a method has to save; whether it saved enough is for the gate to say."""


@dataclass(frozen=True, eq=False)
class FittedCalibrator:
    """A calibrator and how it was fitted.

    Attributes:
        calibrator: of the model.
        method: chosen; ``base_rate`` if no other told more.
        informative: False if confidence is the base rate of its side, since nothing told more.
        reason: why it is; empty if it is not.
        break_even: confidence at which following the signal gains nothing on average, 0 to 1.
        report: the same and what it was chosen by, as JSON data.
    """

    calibrator: Calibrator
    method: Method
    informative: bool
    reason: str
    break_even: float
    report: dict[str, Any]


def fit_calibrator(
    train: Outcomes, validation: Outcomes, methods: tuple[Method, ...] = METHODS, *, horizon_bars: int
) -> FittedCalibrator:
    """Choose a method by what it says of outcomes that it was not fitted on, and fit it to each side.

    Methods are compared by their log loss (a proper score). On the validation split over forward-chained folds: a map
    is fitted on the outcomes before a fold that were known as it began, a logistic score on the train split; it then
    moves and stretches that score a little. On the train split over blocks, each by what the others say of it: the
    validation split alone holds so few independent outcomes that the choice would be chance. For the same reason both
    sides share the method, and of methods that lose no more than the best by a standard error over folds (Breiman et
    al. 1984) the one is taken that says the same least often: an engine that is nearly always equally sure makes a
    constant of a map of its confidence alone. If no method beats the base rate of each side, the map is that rate, and
    says so.

    Args:
        train: outcomes of the train split.
        validation: of the validation split.
        methods: to choose from.
        horizon_bars: bars until an outcome is known.

    Raises:
        TrainingError: with code ``CALIBRATION_INPUT`` if a confidence is not a number between 0 and 1, or a feature not
            finite.
    """
    for outcomes in (train, validation):
        _refuse_unusable(outcomes)
    judged, scores = _scores(train, validation, ("base_rate", *methods), horizon_bars)
    method = _chosen(judged, scores)
    outcomes = int(judged.sum())
    told = method != "base_rate"
    reason = "" if told else _why_flat(outcomes, len(train.index) + len(validation.index), methods)
    break_even = _break_even(train, validation)
    calibrator = calibrator_of(method, train, validation, horizon_bars=horizon_bars)
    report = {
        "method": method,
        "informative": told,
        "reason": reason,
        "break_even": break_even,
        "horizon_bars": horizon_bars,
        "log_loss": {name: float(score.loss.sum()) / outcomes for name, score in scores.items()} if outcomes else {},
        "share_at_mode": {name: float(score.alike.sum()) / outcomes for name, score in scores.items()}
        if outcomes
        else {},
        "base_rate": _rate(validation),
        "sides": [
            {"side": name, "outcomes": len(own.index), "base_rate": _rate(own)}
            for name, own in ((name, validation.chosen(validation.side == side)) for side, name in SIDES)
        ],
    }
    return FittedCalibrator(calibrator, method, told, reason, break_even, report)


def calibrator_of(
    method: Method, learned: Outcomes, mapped: Outcomes | None = None, *, horizon_bars: int
) -> Calibrator:
    """Both sides' maps of one method.

    Args:
        method: how to fit.
        learned: outcomes that a logistic score is fitted on.
        mapped: those that the curve is fitted on; None fits all of it on what is learned from.
        horizon_bars: bars until an outcome is known.
    """
    return _both_sides(list(_side_maps(method, learned, mapped, horizon_bars).values()))


def _side_maps(method: Method, learned: Outcomes, mapped: Outcomes | None, horizon_bars: int) -> dict[int, SideMap]:
    rate = _rate(learned if mapped is None else mapped)
    maps: dict[int, SideMap] = {}
    for side, _ in SIDES:
        known = learned.chosen(learned.side == side)
        own = None if mapped is None else mapped.chosen(mapped.side == side)
        maps[side] = fit_map(method, known, own, horizon_bars=horizon_bars, rate=rate)
    return maps


def blocks(known: Outcomes, start: int, stop: int, *, horizon_bars: int) -> Iterator[tuple[int, int, Outcomes]]:
    """Blocks of a range, each with the outcomes that know nothing of it.

    Args:
        known: outcomes of the range.
        start: first bar.
        stop: bar after the last one.
        horizon_bars: bars until an outcome is known.

    Yields:
        First bar of the block, the bar after its last one, and the outcomes that end before it or begin after the last
        of its own has ended.
    """
    edges = np.linspace(start, stop, FOLDS + 1).astype(np.int64).tolist()
    for low, high in itertools.pairwise(edges):
        yield (
            low,
            high,
            known.chosen((known.index + horizon_bars + 1 < low) | (known.index > high + horizon_bars)),
        )


class _Score(NamedTuple):
    """Of each fold, a method's log loss, summed over outcomes, and how many of these it says the same of."""

    loss: Floats
    alike: Floats


def _scores(
    train: Outcomes, validation: Outcomes, methods: tuple[Method, ...], horizon_bars: int
) -> tuple[Floats, dict[Method, _Score]]:
    """How many outcomes each fold has, and what each method scores on them, fitted on none of them."""
    folds = [fold for fold in _folds(train, validation, horizon_bars) if len(fold[2].index)]
    judged = np.array([float(len(fold.index)) for _, _, fold in folds])
    scores: dict[Method, _Score] = {method: _Score(np.zeros(len(folds)), np.zeros(len(folds))) for method in methods}
    for at, (learned, mapped, fold) in enumerate(folds):
        for method, score in scores.items():
            p = _stated(_side_maps(method, learned, mapped, horizon_bars), fold)
            score.loss[at] = -float(np.sum(np.log(np.where(fold.won, p, 1.0 - p))))
            score.alike[at] = share_at_mode(p) * len(p)
    return judged, scores


def _chosen(judged: Floats, scores: dict[Method, _Score]) -> Method:
    """Of methods that tell more than the base rate and are as good as the best, the one that says the same least."""
    enough = scores["base_rate"].loss.sum() * (1.0 - LEAST_GAIN)
    telling: list[Method] = [
        name for name, score in scores.items() if name != "base_rate" and score.loss.sum() < enough
    ]
    if not telling:
        return "base_rate"
    best = scores[min(telling, key=lambda name: scores[name].loss.sum())]
    as_good: list[Method] = [name for name in telling if _is_as_good(scores[name].loss - best.loss, judged)]
    return min(as_good, key=lambda name: scores[name].alike.sum())


def _is_as_good(lost: Floats, judged: Floats) -> bool:
    """Whether the mean loss is within its standard error of none, folds being weighted by their outcomes."""
    mean = lost.sum() / judged.sum()
    folds = len(judged)
    apart = float(np.sum((lost - mean * judged) ** 2)) * folds / max(folds - 1, 1)
    return bool(mean <= np.sqrt(apart) / judged.sum())


def _stated(maps: dict[int, SideMap], outcomes: Outcomes) -> Floats:
    p = np.empty(len(outcomes.index))
    for side, fitted in maps.items():
        own = outcomes.side == side
        p[own] = fitted(outcomes.chosen(own))
    return p


def _folds(
    train: Outcomes, validation: Outcomes, horizon_bars: int
) -> Iterator[tuple[Outcomes, Outcomes | None, Outcomes]]:
    """What a score and a curve are fitted on, and what judges them."""
    if len(train.index):
        start, stop = int(train.index[0]), int(train.index[-1]) + 1
        for low, high, others in blocks(train, start, stop, horizon_bars=horizon_bars):
            if len(others.index):
                yield others, None, train.chosen((train.index >= low) & (train.index < high))
    if len(validation.index):
        edges = np.linspace(validation.index[0], validation.index[-1] + 1, FOLDS + 1)
        for low, high in itertools.pairwise(edges[1:]):
            known = validation.chosen(validation.index + horizon_bars + 1 < low)
            if len(known.index):
                yield train, known, validation.chosen((validation.index >= low) & (validation.index < high))


def _both_sides(maps: list[SideMap]) -> Calibrator:
    """Rows of one length: beyond the last knot of the shorter curve, knots that say the same as it."""
    most = max(len(one.x) for one in maps)
    return Calibrator(
        weights=np.stack([one.weights for one in maps]),
        x=np.stack([np.r_[one.x, one.x[-1] + np.arange(1.0, most - len(one.x) + 1)] for one in maps]),
        y=np.stack([np.r_[one.y, np.full(most - len(one.y), one.y[-1])] for one in maps]),
    )


def _rate(outcomes: Outcomes) -> float:
    """The base rate, by Laplace's rule of succession."""
    return round((int(outcomes.won.sum()) + 1) / (len(outcomes.index) + 2), DIGITS)


def _break_even(train: Outcomes, validation: Outcomes) -> float:
    """The mean loss over the sum of mean loss and mean gain: so often a signal has to be right to pay."""
    gain = np.r_[train.gain, validation.gain]
    won = gain > 0.0
    if not won.any() or won.all():
        return 0.5
    lost = -float(gain[~won].mean())
    return round(lost / (lost + float(gain[won].mean())), DIGITS)


def _why_flat(judged: int, outcomes: int, methods: tuple[Method, ...]) -> str:
    if not judged:
        return f"{outcomes} outcomes are too few to compare methods on"
    return f"{', '.join(methods)}: none told more about later outcomes than the base rate of each side"


def _refuse_unusable(outcomes: Outcomes) -> None:
    raw: Floats = outcomes.raw
    wrong = int((~((raw >= 0.0) & (raw <= 1.0))).sum())
    broken = int((~np.isfinite(outcomes.features)).any(axis=1).sum())
    if wrong or broken:
        raise TrainingError(
            ReasonCode.CALIBRATION_INPUT,
            f"the calibrator needs a confidence between 0 and 1 and finite features of each of {len(raw)} outcomes; "
            f"{wrong} confidences and the features of {broken} bars are not.",
            remedy="Look for NaN in the features or the engine's confidence on the train and validation splits.",
        )
