"""Significance: how much of the Sharpe ratio on the test split chance alone could have made."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.checks.trials import DailySeries, count_trials
from trading.results import Number

if TYPE_CHECKING:
    from trading.checks.track import Track

_DIGITS = 9


class SignificanceEvidence(CheckEvidence):
    """What the Sharpe ratio of the bars of the test split proves.

    Attributes:
        bars: of the test split.
        years: the same.
        trades: closed, the last position included.
        sharpe: annualised.
        sharpe_se: its standard error by the stationary bootstrap.
        block: mean bars of a block: 96, the mean regime or twice the mean holding time, whichever is longest, but over
            96 at most a tenth of the bars.
        replicates: series drawn.
        psr0: probability that the true ratio is over 0.
        psr1: probability that it is over 1.
        dsr: the same over what the best of the trials would show if none was worth anything.
        trials: candidates of this model name so far, this one included.
        trials_unknown: of which no returns are known; each counts as independent.
        trials_correlation: of the daily returns of two others on average; NaN if there are not two.
        trials_effective: independent trials that all are worth.
        min_track_years: record that would bring psr0 to 0.95 at this ratio; infinite if the ratio is not over 0.
        low: 5th percentile of the ratio.
        high: 95th percentile.
        outcomes: one character for each trade in the order of closing: 1 gained, 0 did not; None was never measured.
        days: returns of the days of the test split, for candidates to come.
    """

    check: ClassVar[str] = "significance"

    bars: Number = None
    years: Number = None
    trades: Number = None
    sharpe: Number = None
    sharpe_se: Number = None
    block: Number = None
    replicates: Number = None
    psr0: Number = None
    psr1: Number = None
    dsr: Number = None
    trials: Number = None
    trials_unknown: Number = None
    trials_correlation: Number = None
    trials_effective: Number = None
    min_track_years: Number = None
    low: Number = None
    high: Number = None
    outcomes: str | None = None
    days: DailySeries = DailySeries()

    def numbers(self) -> dict[str, Number]:
        names = ("sharpe_se", "psr0", "psr1", "dsr", "trials", "trials_effective", "min_track_years", "low", "high")
        return {f"significance.{name}": getattr(self, name) for name in names}


def _measure(subject: Subject) -> SignificanceEvidence:
    # The simulation compiles when it is imported, and gates read the evidence above without it.
    import numpy as np

    from trading.checks.track import DRAWS, split_track
    from trading.seeds import seed_for
    from trading.statistics.sharpe import deflated_sharpe, minimum_track_record, probabilistic_sharpe, sharpe_error
    from trading.steps.account import TRADE_PNL

    track = split_track(subject)
    rng = np.random.default_rng(seed_for(subject.seed, "sharpe"))
    years = len(track.returns) / track.bars_per_year
    found = sharpe_error(track.returns, track.bars_per_year, mean_block=track.block, draws=DRAWS, rng=rng)
    days = daily_series(track)
    trials = count_trials(days, subject.trials)
    gained = track.run.settled_trades[:, TRADE_PNL] > 0.0
    return SignificanceEvidence(
        bars=len(track.returns),
        years=years,
        trades=len(gained),
        sharpe=found.ratio,
        sharpe_se=found.error,
        block=track.block,
        replicates=DRAWS,
        psr0=probabilistic_sharpe(found, 0.0),
        psr1=probabilistic_sharpe(found, 1.0),
        dsr=deflated_sharpe(found, trials.effective),
        trials=trials.trials,
        trials_unknown=trials.unknown,
        trials_correlation=trials.correlation,
        trials_effective=trials.effective,
        min_track_years=minimum_track_record(found, 0.0, years=years),
        low=found.low,
        high=found.high,
        outcomes="".join("1" if won else "0" for won in gained.tolist()),
        days=days,
    )


def daily_series(track: Track) -> DailySeries:
    """What the candidate earned on each UTC day of the test split.

    Args:
        track: of the candidate.
    """
    import numpy as np

    from trading.moments import DAY_MS
    from trading.simulation.metrics.returns import daily_returns

    initial = track.model.spec.limits.initial_equity
    daily = daily_returns(track.bars.ts, track.run.settled_equity, initial).returns
    days = np.unique(track.bars.ts // DAY_MS) * DAY_MS
    return DailySeries(ts=tuple(days.tolist()), value=tuple(round(value, _DIGITS) for value in daily.tolist()))


SIGNIFICANCE = Check(
    evidence=SignificanceEvidence,
    measure=_measure,
    parts=("bars", "splits", "model", "trials"),
    seeded=True,
)
