"""Which bars each fitted part of a model saw, as the part's own fit says, and which it may have seen at most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from trading.arrays import Ints
from trading.values import Frozen

FittedPart = Literal["scaler", "engine", "calibrator", "policy", "choice", "drift"]

LATEST_SPLIT: Mapping[FittedPart, Literal["train", "validation"]] = {
    "scaler": "train",
    "engine": "train",
    "calibrator": "validation",
    "policy": "train",
    "choice": "validation",
    "drift": "train",
}
"""The last split that a part may have seen; ``choice`` is that of one policy among several, ``drift`` its reference."""


class FitRecord(Frozen):
    """The bars that entered one fit.

    Attributes:
        part: what was fitted.
        first_ts: open of the first bar, UTC milliseconds.
        last_ts: open of the last bar, UTC milliseconds.
    """

    part: FittedPart
    first_ts: int
    last_ts: int


def fit_record(part: FittedPart, ts: Ints) -> FitRecord:
    """What a fit says of the bars it was given.

    Args:
        part: what is fitted.
        ts: shape (n,), open of the bars whose numbers enter the fit, UTC milliseconds, in any order.

    Raises:
        ValueError: if there is none.
    """
    if len(ts) == 0:
        raise ValueError(f"the fit of the {part} was given no bars")
    return FitRecord(part=part, first_ts=int(np.min(ts)), last_ts=int(np.max(ts)))


def joined_records(records: Iterable[FitRecord]) -> tuple[FitRecord, ...]:
    """One record for each part, over everything that any of its fits saw.

    Args:
        records: of several fits.
    """
    found: dict[FittedPart, list[FitRecord]] = {}
    for record in records:
        found.setdefault(record.part, []).append(record)
    return tuple(
        FitRecord(part=part, first_ts=min(one.first_ts for one in same), last_ts=max(one.last_ts for one in same))
        for part, same in found.items()
    )


def required_parts(*, trained_policy: bool) -> tuple[FittedPart, ...]:
    """The parts of a model that have to be recorded.

    Args:
        trained_policy: whether its policy is trained; a fixed action is fitted on nothing and chosen among nothing.
    """
    policy: Sequence[FittedPart] = ("policy", "choice") if trained_policy else ()
    return ("scaler", "engine", "calibrator", *policy)
