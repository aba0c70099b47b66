"""Train, validation and test as ranges of bars in time order, with gaps that no information crosses."""

from __future__ import annotations

import math
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from trading.codes import ReasonCode
from trading.errors import DataError
from trading.moments import moment_text
from trading.settings.models import SplitSpec
from trading.values import Frozen

SPLITS = ("train", "validation", "test")
MINIMUM_BARS = {"train": 500, "validation": 100, "test": 100}


class Range(NamedTuple):
    """Bars ``start`` up to but without ``stop``."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """Number of bars."""
        return self.stop - self.start


class Splits(Frozen):
    """Which bars train, calibrate and judge a model.

    A decision on a bar knows the ``lookback`` bars before it, fills at the next bar's open at the earliest, and is
    worth something only ``max_holding`` bars later. So the last decision of one split still uses ``max_holding + 1``
    bars after it, and the first decision of the next split must not look back at them.

    Attributes:
        train: half-open range of bar indices, the earliest of the three.
        validation: half-open range of bar indices after the gap that follows train.
        test: half-open range of bar indices after the gap that follows validation.
        bars: number of bars that were split.
        lookback: bars before its own that a decision looks at, at most.
        max_holding: bars until the outcome of a decision is known, at most.
    """

    train: Range
    validation: Range
    test: Range
    bars: int = Field(ge=1)
    lookback: int = Field(ge=0)
    max_holding: int = Field(ge=1)

    @model_validator(mode="after")
    def _within_the_bars(self) -> Splits:
        for name in SPLITS:
            part = self.part(name)
            if not 0 <= part.start < part.stop <= self.bars:
                raise ValueError(f"{name} {part.start}..{part.stop} is not a part of {self.bars} bars")
        return self

    @property
    def gap(self) -> int:
        """Bars needed between two splits."""
        return required_gap(self.lookback, self.max_holding)

    def part(self, name: str) -> Range:
        """A split by its name.

        Args:
            name: one of :data:`SPLITS`.
        """
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]


class Overlap(Frozen):
    """Bars that two splits both know: from where the later one looks back to, to where the earlier one's trades end.

    Attributes:
        earlier: the split that should end first.
        later: the split that should begin after it.
        first_bar: index of the first bar that both know.
        last_bar: index of the last one, included.
        gap: bars between the splits, negative if they share bars or are out of time order.
        needed: bars there must be.
        first_time: UTC time of the first bar.
        last_time: UTC time of the last bar.
    """

    earlier: str
    later: str
    first_bar: int
    last_bar: int
    gap: int
    needed: int
    first_time: str
    last_time: str

    def __str__(self) -> str:
        return (
            f"{self.earlier} and {self.later} are {self.gap} bars apart and need {self.needed}: both know the bars of "
            f"{self.first_time} to {self.last_time}"
        )


def required_gap(lookback: int, max_holding: int) -> int:
    """Bars to leave out between two splits: the later one's look-back, and the earlier one's unfinished trades.

    Args:
        lookback: bars before its own that a decision looks at, at most.
        max_holding: bars until the outcome of a decision is known, at most.
    """
    return lookback + max_holding + 1


def make_splits(n_bars: int, spec: SplitSpec, *, lookback: int, max_holding: int, warmup: int) -> Splits:
    """Divide bars after the warm-up by the shares of ``spec``, and leave the required gaps between the splits.

    Args:
        n_bars: bars there are.
        spec: shares of train and validation; the rest is the test split.
        lookback: longest look-back of a feature, bars.
        max_holding: longest time until an outcome is known, bars: the longer of holding time with latency and the
            calibrator's horizon.
        warmup: leading bars without complete features.

    Raises:
        DataError: with code ``BARS_TOO_FEW``, saying how many are needed.

    >>> make_splits(10_000, SplitSpec(), lookback=96, max_holding=96, warmup=100).test
    Range(start=7145, stop=10000)
    """
    gap = required_gap(lookback, max_holding)
    sizes = _sizes(n_bars - warmup - 2 * gap, spec)
    short = _too_short(sizes)
    if short:
        needed = warmup + 2 * gap + _least_usable(spec)
        raise DataError(
            ReasonCode.BARS_TOO_FEW,
            f"{n_bars} bars are too few, {needed} are needed: {warmup} to warm up, two gaps of {gap}, and of the rest "
            f"{short}.",
            remedy="Give a longer history, a shorter interval, or lower the look-backs in [features] and "
            "policy.max_duration.",
            bars=n_bars,
            needed=needed,
            gap=gap,
            warmup=warmup,
        )
    train = Range(warmup, warmup + sizes["train"])
    validation = Range(train.stop + gap, train.stop + gap + sizes["validation"])
    test = Range(validation.stop + gap, n_bars)
    return Splits(
        train=train, validation=validation, test=test, bars=n_bars, lookback=lookback, max_holding=max_holding
    )


def make_folds(splits: Splits, spec: SplitSpec) -> tuple[Splits, ...]:
    """Walk-forward folds before the test split: each has a test range of its own, and trains on all that came before.

    The test ranges follow each other without a bar between them, in the later half of the bars before the test split
    and its gap, so that the first fold still has half of the history to train on. Train and validation of a fold are
    divided as those of the night, with the same gaps.

    Args:
        splits: of the night.
        spec: shares of train and validation, and how many folds.

    Raises:
        DataError: with code ``BARS_TOO_FEW`` if a part of a fold would be too small.
    """
    first, last = splits.train.start, splits.test.start - splits.gap
    edges = np.linspace((first + last) // 2, last, spec.folds + 1).astype(np.int64).tolist()
    return tuple(_fold(splits, spec, Range(*pair)) for pair in pairwise(edges))


def overlaps(splits: Splits, ts: NDArray[np.int64]) -> list[Overlap]:
    """Every pair of splits that knows the same bars, or is out of time order.

    Args:
        splits: the splits.
        ts: shape (n,), UTC milliseconds of each bar, to name the dates.
    """
    found: list[Overlap] = []
    for earlier, later in combinations(SPLITS, 2):
        first, second = splits.part(earlier), splits.part(later)
        gap = second.start - first.stop
        if gap < splits.gap:
            low = max(0, second.start - splits.lookback)
            high = min(splits.bars - 1, first.stop + splits.max_holding)
            found.append(
                Overlap(
                    earlier=earlier,
                    later=later,
                    first_bar=low,
                    last_bar=high,
                    gap=gap,
                    needed=splits.gap,
                    first_time=moment_text(ts[low]),
                    last_time=moment_text(ts[high]),
                )
            )
    return found


def refuse_overlaps(splits: Splits, ts: NDArray[np.int64]) -> None:
    """Stop work on splits that share information.

    Args:
        splits: to be checked, each against the others.
        ts: shape (n,), UTC milliseconds of each bar, to name the dates.

    Raises:
        DataError: with code ``SPLIT_OVERLAP``, naming the overlapping dates.
    """
    found = overlaps(splits, ts)
    if found:
        raise DataError(
            ReasonCode.SPLIT_OVERLAP,
            f"{'; '.join(map(str, found))}.",
            remedy=f"Leave at least {splits.gap} bars between two splits.",
            overlaps=[overlap.model_dump() for overlap in found],
        )


def _fold(splits: Splits, spec: SplitSpec, test: Range) -> Splits:
    first, gap = splits.train.start, splits.gap
    usable = test.start - first - 2 * gap
    train = max(0, int(usable * spec.train / (spec.train + spec.validation)))
    sizes = {"train": train, "validation": usable - train, "test": test.size}
    short = _too_short(sizes)
    if short:
        raise DataError(
            ReasonCode.BARS_TOO_FEW,
            f"{splits.bars} bars are too few for {spec.folds} walk-forward folds: of the fold that is tested on bars "
            f"{test.start} to {test.stop}, {short}.",
            remedy="Give a longer history, or lower splits.folds.",
        )
    validation = first + train + gap
    return Splits(
        train=Range(first, first + train),
        validation=Range(validation, validation + sizes["validation"]),
        test=test,
        bars=test.stop,
        lookback=splits.lookback,
        max_holding=splits.max_holding,
    )


def _sizes(usable: int, spec: SplitSpec) -> dict[str, int]:
    train, validation = math.floor(usable * spec.train), math.floor(usable * spec.validation)
    return {"train": train, "validation": validation, "test": usable - train - validation}


def _too_short(sizes: dict[str, int]) -> str:
    """Every split that would be under its minimum, for people; empty if none is."""
    return ", ".join(
        f"{name} would have {max(sizes[name], 0)} of at least {MINIMUM_BARS[name]}"
        for name in SPLITS
        if sizes[name] < MINIMUM_BARS[name]
    )


def _least_usable(spec: SplitSpec) -> int:
    """The fewest bars, without warm-up and gaps, of which every split gets its minimum."""
    shares = {"train": spec.train, "validation": spec.validation, "test": 1.0 - spec.train - spec.validation}
    usable = max(math.floor(MINIMUM_BARS[name] / shares[name]) for name in SPLITS)
    while any(_sizes(usable, spec)[name] < MINIMUM_BARS[name] for name in SPLITS):
        usable += 1
    return usable
