"""Looks at bars that keep the contract and says what is unusual about them; nothing here stops a night."""

from __future__ import annotations

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.market.bars import Bars
from trading.market.contract.gaps import gap_share, largest_gaps, missing_before
from trading.market.hours import Hours, count_open
from trading.market.raw import RawBars
from trading.moments import duration_text, moment_text
from trading.results import CheckResult
from trading.settings.models import MarketSpec

OUTLIER_SCALES = 25.0
MAX_OUTLIER_SHARE = 0.001
MAX_FROZEN_RUN_BARS = 60
MAX_STALE_BARS = 2
_NAMED = 5


def check_quality(raw: RawBars, spec: MarketSpec, as_of_ms: int) -> list[CheckResult]:
    """Facts and warnings about bars, for tables and reports; every severity is ``warn``.

    Args:
        raw: the source's bars, which keep the contract.
        spec: its session says what a gap is where the bars carry no hours.
        as_of_ms: the moment of the night, UTC milliseconds.
    """
    bars = raw.bars()
    return [
        _span(bars),
        _freshness(bars, as_of_ms, raw.hours),
        _last_line(raw),
        _gaps(bars, spec, raw.hours),
        _volume(bars),
        *_returns(bars),
        _frozen(bars),
    ]


def excess_kurtosis(values: Floats) -> float:
    """Fourth standardised moment less 3; 0 for a normal distribution and where values do not vary.

    Args:
        values: shape (n,).
    """
    centred = values - values.mean() if len(values) else values
    variance = float((centred**2).mean()) if len(values) else 0.0
    return float((centred**4).mean()) / variance**2 - 3.0 if variance > 0 else 0.0


def _span(bars: Bars) -> CheckResult:
    first, last = moment_text(bars.ts[0]), moment_text(int(bars.ts[-1]) + bars.interval)
    message = f"{len(bars)} bars of {duration_text(bars.interval)}, {first} to {last}."
    return CheckResult(name="span", passed=True, severity="warn", observed=len(bars), message=message)


def _freshness(bars: Bars, as_of_ms: int, hours: Hours | None) -> CheckResult:
    behind = (as_of_ms - int(bars.ts[-1]) - bars.interval) // bars.interval
    if hours is not None:
        begin, end = bars.ts[-1:] + bars.interval, np.array([as_of_ms - bars.interval + 1])
        behind = int(count_open(hours, begin, end, bars.interval)[0])
    closed = moment_text(int(bars.ts[-1]) + bars.interval)
    return _warn(
        "freshness",
        behind <= MAX_STALE_BARS,
        max(behind, 0),
        MAX_STALE_BARS,
        f"The last bar closed at {closed}, {max(behind, 0)} bars before the moment of the night.",
        "Bring the file up to date, or give an earlier as-of moment.",
    )


def _last_line(raw: RawBars) -> CheckResult:
    return _warn(
        "last_line",
        raw.data.ends_complete,
        int(raw.data.ends_complete),
        1,
        "The file ends with a line end." if raw.data.ends_complete else "The last line has no line end: it may be cut.",
        "Check the last row; writing a file to the end leaves a line end.",
    )


def _gaps(bars: Bars, spec: MarketSpec, hours: Hours | None) -> CheckResult:
    missing = missing_before(bars.ts, bars.interval, spec, hours)
    gaps = largest_gaps(bars.ts, missing, _NAMED)
    message = f"{int((missing > 0).sum())} gaps, {int(missing.sum())} bars missing"
    if gaps:
        message += f"; the largest {gaps[0]['missing']} bars from {gaps[0]['from']} to {gaps[0]['until']}"
    evidence = {"gaps": gaps}
    observed = gap_share(missing)
    return CheckResult(
        name="gap_share", passed=True, severity="warn", observed=observed, message=f"{message}.", evidence=evidence
    )


def _volume(bars: Bars) -> CheckResult:
    zero = float((bars.volume == 0).mean())
    message = f"{int((bars.volume == 0).sum())} bars without volume; median volume {float(np.median(bars.volume)):.6g}."
    return CheckResult(name="zero_volume_share", passed=True, severity="warn", observed=zero, message=message)


def _returns(bars: Bars) -> list[CheckResult]:
    """Outliers against a robust scale: the median absolute return, which a few wrong bars cannot move."""
    returns = np.diff(np.log(bars.close))
    scale = float(np.median(np.abs(returns[returns != 0]))) / 0.6745 if (returns != 0).any() else 0.0
    outliers = np.flatnonzero(np.abs(returns) > OUTLIER_SCALES * scale) if scale > 0 else np.empty(0, dtype=np.int64)
    largest = outliers[np.argsort(-np.abs(returns[outliers]), kind="stable")][:_NAMED]
    named = [{"ts": moment_text(bars.ts[at + 1]), "log_return": float(returns[at])} for at in largest.tolist()]
    share = len(outliers) / max(len(returns), 1)
    kurtosis = excess_kurtosis(returns)
    spread = float(returns.std()) if len(returns) else 0.0
    message = f"{len(outliers)} returns beyond {OUTLIER_SCALES:g} robust standard deviations"
    if named:
        message += f"; the largest {named[0]['log_return']:+.2%} at {named[0]['ts']}"
    found = _warn(
        "outlier_returns",
        share <= MAX_OUTLIER_SHARE,
        share,
        MAX_OUTLIER_SHARE,
        f"{message}.",
        "Look at these bars: true crashes stay, a wrong print comes back on the next bar.",
    )
    return [
        found.model_copy(update={"evidence": {"largest": named}}),
        CheckResult(
            name="return_kurtosis",
            passed=True,
            severity="warn",
            observed=kurtosis,
            message=f"Excess kurtosis of log returns {kurtosis:.1f}, standard deviation {spread:.3%} a bar.",
        ),
    ]


def _frozen(bars: Bars) -> CheckResult:
    """The longest run of bars with volume that repeat the bar before in every price: a feed that hangs."""
    same = np.r_[False, np.diff(bars.close) == 0] & (bars.high == bars.low) & (bars.volume > 0)
    edges = np.flatnonzero(np.diff(np.r_[False, same, False].astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    longest = int(lengths.max()) if len(lengths) else 0
    message = "No price stands still for long."
    if longest:
        start = int(edges[::2][int(lengths.argmax())])
        message = f"The price stands still for {longest} traded bars from {moment_text(bars.ts[start])}."
    return _warn(
        "frozen_price",
        longest <= MAX_FROZEN_RUN_BARS,
        longest,
        MAX_FROZEN_RUN_BARS,
        message,
        "Check whether the feed repeated its last price.",
    )


def _warn(name: str, passed: bool, observed: float, threshold: float, message: str, remedy: str) -> CheckResult:
    return CheckResult(
        name=name,
        passed=passed,
        severity="warn",
        observed=observed,
        threshold=threshold,
        code=ReasonCode.OK if passed else ReasonCode.ABOVE_MAXIMUM,
        message=message,
        remedy="" if passed else remedy,
    )
