"""What two splits both know: too small a gap, the same stretch of bars twice, and bars that were interpolated."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.market.bars import Bars
from trading.moments import moment_text
from trading.results import CheckResult, rule
from trading.splits import SPLITS, Splits, overlaps

LINE_BARS = 5
"""Steps of all four prices are hardly ever equal over two bars; over so many they lie on a line."""

_DIGITS = 10
_ROUNDING = 1e-9
"""Steps of a price under this share of it are the rounding of its digits."""
_FEW_TICKS = 3.5


def check_splits(splits: Splits, ts: NDArray[np.int64]) -> CheckResult:
    """Refuse splits that share bars, or whose gap lets look-back meet unfinished trades; names the dates.

    The observed number is how many pairs of splits overlap.

    Args:
        splits: of the bars.
        ts: shape (n,), when each bar opens, UTC milliseconds.
    """
    found = overlaps(splits, ts)
    return rule(
        "splits",
        passed=not found,
        observed=len(found),
        threshold=0,
        code=ReasonCode.SPLIT_OVERLAP,
        message="; ".join(map(str, found)),
        remedy=f"Leave at least {splits.gap} bars between two splits.",
        evidence={"gap": splits.gap, "overlaps": [overlap.model_dump() for overlap in found]},
    )


def check_duplicates(bars: Bars, splits: Splits, *, length: int) -> CheckResult:
    """Refuse bars that stand in two splits under other timestamps, gaps and embargo or not.

    A bar is known again by its shape, prices over its open, so a stretch that was moved to another price level counts
    too; volumes are not compared. Stretches in which most bars do not move at all are left out. The observed number is
    how many bars of a later split end such a stretch.

    Args:
        bars: all bars of the night.
        splits: of the same bars.
        length: bars in a row that have to be equal.
    """
    shapes = np.round(np.column_stack([bars.high, bars.low, bars.close]) / bars.open[:, None] - 1.0, _DIGITS)
    marks = {name: _stretches(shapes[slice(*splits.part(name))], length) for name in SPLITS}
    found: dict[str, int] = {}
    messages: list[str] = []
    for earlier, later in combinations(SPLITS, 2):
        twice = np.flatnonzero(np.isin(marks[later], marks[earlier][marks[earlier] != 0]))
        if len(twice):
            found[f"{earlier} and {later}"] = len(twice)
            at = moment_text(int(bars.ts[splits.part(later).start + int(twice[0])]))
            messages.append(f"{len(twice)} stretches of {length} bars of {later} stand in {earlier} too, first at {at}")
    return rule(
        "duplicates",
        passed=not found,
        observed=sum(found.values()),
        threshold=0,
        code=ReasonCode.LEAK_DUPLICATE,
        message="; ".join(messages),
        remedy="Remove the repeated rows from the source: what a model was trained on cannot judge it.",
        evidence={"stretches": found},
    )


def check_interpolation(bars: Bars) -> CheckResult:
    """Refuse bars on a line between two prices: inside such a line the later price is known before it happened.

    All four prices have to go on by the same step, or the same factor, over five bars, as no market does and every
    interpolation over a gap. A price that rests is no line. The observed number is how many bars lie on one.

    Args:
        bars: all bars of the night.
    """
    prices = np.column_stack([bars.open, bars.high, bars.low, bars.close])
    steps = np.abs(np.diff(prices, axis=0))
    real = steps > _ROUNDING * prices[1:]
    # Where prices move by a few ticks, equal steps are common; between two prices a line has none but its own.
    coarse = _FEW_TICKS * float(steps[real].min()) if real.any() else 0.0
    free = np.r_[False, (steps > coarse).any(axis=1)]
    on_line = (_on_line(prices) | _on_line(np.log(prices))) & free
    places = np.flatnonzero(on_line)
    first = moment_text(int(bars.ts[places[0]])) if len(places) else ""
    return rule(
        "interpolation",
        passed=len(places) == 0,
        observed=len(places),
        threshold=0,
        code=ReasonCode.LEAK_INTERPOLATED,
        message=f"{len(places)} bars lie on a line between an earlier and a later price, the first at {first}",
        remedy="Leave a gap a gap: the contract allows a share of missing bars, and nothing is traded in them.",
        evidence={"bars": [int(bars.ts[place]) for place in places[:10]]},
    )


def _stretches(shapes: Floats, length: int) -> NDArray[np.uint64]:
    """A mark of every stretch of bars, by its first bar; 0 where most of its bars do not move."""
    if len(shapes) < length:
        return np.zeros(0, dtype=np.uint64)
    # Fixed odd multipliers make one number of each bar and stretch, in wrapping arithmetic; -0.0 becomes 0.0 first.
    factors = np.random.default_rng(0).integers(1, 2**63, size=3 + length, dtype=np.uint64) | np.uint64(1)
    bits = np.ascontiguousarray(shapes + 0.0).view(np.uint64)
    bits = (bits ^ (bits >> np.uint64(29))) * factors[0]
    bar = (bits * factors[:3]).sum(axis=1, dtype=np.uint64)
    bar = (bar ^ (bar >> np.uint64(31))) * factors[1]
    marks = (sliding_window_view(bar, length) * factors[3:]).sum(axis=1, dtype=np.uint64)
    moving = sliding_window_view((shapes != 0.0).any(axis=1), length).mean(axis=1) > 0.5
    return np.where(moving, marks | np.uint64(1), np.uint64(0))


def _on_line(values: Floats) -> NDArray[np.bool_]:
    """Bars that end :data:`LINE_BARS` whose steps are the same in every column, and not all zero."""
    steps = np.diff(values, axis=0)
    size = np.abs(values[1:]).max(axis=1)[:, None]
    same = (np.abs(np.diff(steps, axis=0)) <= _ROUNDING * size[1:]).all(axis=1)
    moving = (np.abs(steps[1:]) > 100.0 * _ROUNDING * size[1:]).any(axis=1)
    lines = np.zeros(len(values), dtype=np.bool_)
    width = LINE_BARS - 2
    if len(same) < width:
        return lines
    lines[LINE_BARS - 1 :] = sliding_window_view(same & moving, width).all(axis=1)
    return lines
