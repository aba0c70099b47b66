"""Walk-forward: what the recipe earns when it is trained anew on ever later bars, and each time tested on the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from trading.arrays import Floats
from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.results import Number
from trading.settings.models import SplitSpec
from trading.splits import Splits
from trading.values import Measured

if TYPE_CHECKING:
    from trading.checks.track import Track


@dataclass(frozen=True, eq=False)
class FoldTrack:
    """A model of the candidate's recipe on the test range of a fold.

    Attributes:
        splits: of the fold.
        equity: shape (n,), at each close of the fold's test range, the last position closed.
        initial: equity before the first of them.
        trades: closed, the last position included.
        seeds: shape (n, number of seeds), return of each bar of the policy of every seed.
    """

    splits: Splits
    equity: Floats
    initial: float
    trades: int
    seeds: Floats


class FoldResult(Measured):
    """One fold, by the times of its bars in UTC milliseconds.

    Attributes:
        trained_from: open of the first bar that it was trained on.
        trained_to: open of the last bar of its validation range.
        first: open of the first bar of its test range.
        last: open of the last one.
        trades: closed on the test range.
        sharpe: annualised; NaN if nothing moved.
        total_return: share.
    """

    trained_from: int
    trained_to: int
    first: int
    last: int
    trades: int
    sharpe: Number
    total_return: Number


class WalkForwardEvidence(CheckEvidence):
    """The folds one by one, and all of them with the test split as one series.

    Attributes:
        asked: how many folds the settings ask for.
        folds: in time order; empty if none were asked for, and every number below is missing then.
        bars: of all test ranges, the test split included.
        years: the same.
        trades: on them.
        sharpe: annualised, of the union.
        sharpe_se: its standard error by the stationary bootstrap.
        psr0: probability that the true ratio is over 0.
        low: 5th percentile of the ratio.
        high: 95th percentile.
    """

    check: ClassVar[str] = "walk_forward"

    asked: Number = None
    folds: tuple[FoldResult, ...] = ()
    bars: Number = None
    years: Number = None
    trades: Number = None
    sharpe: Number = None
    sharpe_se: Number = None
    psr0: Number = None
    low: Number = None
    high: Number = None

    def numbers(self) -> dict[str, Number]:
        names = ("sharpe", "sharpe_se", "psr0", "low", "high")
        return {f"walk_forward.{name}": getattr(self, name) for name in names}


def _measure(subject: Subject) -> WalkForwardEvidence:
    asked = subject.spec(SplitSpec).folds
    if asked == 0:
        return WalkForwardEvidence(asked=0)
    # The simulation compiles when it is imported, and gates read the evidence above without it.
    import numpy as np

    from trading.checks.track import DRAWS, split_track
    from trading.simulation.metrics.returns import bar_returns
    from trading.statistics.sharpe import probabilistic_sharpe, sharpe_error

    track, folds = split_track(subject), subject.folds
    earned = [bar_returns(fold.equity, fold.initial) for fold in folds]
    union = np.concatenate([*earned, track.returns])
    found = sharpe_error(
        union, track.bars_per_year, mean_block=track.block, draws=DRAWS, rng=np.random.default_rng(subject.seed)
    )
    return WalkForwardEvidence(
        asked=asked,
        folds=tuple(_result(subject, fold, returns, track) for fold, returns in zip(folds, earned, strict=True)),
        bars=len(union),
        years=len(union) / track.bars_per_year,
        trades=len(track.run.settled_trades) + sum(fold.trades for fold in folds),
        sharpe=found.ratio,
        sharpe_se=found.error,
        psr0=probabilistic_sharpe(found, 0.0),
        low=found.low,
        high=found.high,
    )


def _result(subject: Subject, fold: FoldTrack, returns: Floats, track: Track) -> FoldResult:
    from trading.simulation.metrics.ratios import sharpe

    ts, splits = subject.bars.ts, fold.splits
    return FoldResult(
        trained_from=int(ts[splits.train.start]),
        trained_to=int(ts[splits.validation.stop - 1]),
        first=int(ts[splits.test.start]),
        last=int(ts[splits.test.stop - 1]),
        trades=fold.trades,
        sharpe=sharpe(returns, track.bars_per_year),
        total_return=float(fold.equity[-1]) / fold.initial - 1.0,
    )


WALK_FORWARD = Check(
    evidence=WalkForwardEvidence,
    measure=_measure,
    parts=("bars", "splits", "model", "folds"),
    settings=(SplitSpec,),
    seeded=True,
)
