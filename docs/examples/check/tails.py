"""A check: how much wider the tails of returns are on the test split than on the bars the model learned from."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from trading.arrays import Floats
from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.results import Number

TAIL = 0.99


class TailEvidence(CheckEvidence):
    """The largest usual move of a bar on the test split, and on the train split.

    Attributes:
        test: 99th percentile of absolute log returns on the test split.
        train: the same on the train split.
    """

    check: ClassVar[str] = "tails"

    test: Number = None
    train: Number = None

    @property
    def ratio(self) -> Number:
        """How many times as wide the tails have become; NaN if the train split never moved."""
        if self.test is None or self.train is None:
            return None
        return self.test / self.train if self.train > 0 else float("nan")

    def numbers(self) -> dict[str, Number]:
        return {"tail_ratio": self.ratio}


def tail_of(close: Floats) -> float:
    """The 99th percentile of absolute log returns.

    Args:
        close: shape (n,), n at least 2.
    """
    return float(np.quantile(np.abs(np.diff(np.log(close))), TAIL))


def measure_tails(subject: Subject) -> TailEvidence:
    """Compare the tails of both splits.

    Args:
        subject: the candidate; its bars and splits are looked at.
    """
    close, splits = subject.bars.close, subject.splits
    return TailEvidence(test=tail_of(close[slice(*splits.test)]), train=tail_of(close[slice(*splits.train)]))


TAILS = Check(evidence=TailEvidence, measure=measure_tails, parts=("bars", "splits"))
