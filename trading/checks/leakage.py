"""Leakage: whether features, splits or targets let a model see what it could not have known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Floats
from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.codes import ReasonCode
from trading.market.bars import Bars
from trading.moments import moment_text
from trading.results import CheckResult, rule
from trading.settings.models import FeatureSpec, LeakageSpec
from trading.splits import Range, Splits, overlaps

Compute = Callable[[Bars], Floats]
"""From n bars to features of shape (n, F)."""

LEAKAGE_CHECKS = ("prefix", "splits", "target")
TOLERANCE = 1e-12
EQUAL_SHARE = 0.5
_PAST_ONLY = "Compute it from bars up to and including its own; look for negative shifts and whole-sample statistics."


class LeakageEvidence(CheckEvidence):
    """The results of :data:`LEAKAGE_CHECKS`; one that did not run is None, and fails its gate."""

    check: ClassVar[str] = "leakage"

    prefix: CheckResult | None = None
    splits: CheckResult | None = None
    target: CheckResult | None = None

    @property
    def results(self) -> tuple[CheckResult, ...]:
        """Those that ran, in order."""
        return tuple(found for found in (self.prefix, self.splits, self.target) if found is not None)


def check_leakage(
    compute: Compute,
    bars: Bars,
    features: Floats,
    *,
    names: Sequence[str],
    splits: Splits,
    spec: LeakageSpec,
    seed: int,
) -> LeakageEvidence:
    """Run the leakage checks over one symbol's bars.

    Args:
        compute: the very function that made ``features``.
        bars: all bars of the night.
        features: shape (n, F).
        names: of the F features.
        splits: of the same bars.
        spec: how hard to look.
        seed: of the moments to compute again.
    """
    return LeakageEvidence(
        prefix=check_prefix(compute, bars, names, points=spec.prefix_points, seed=seed),
        splits=check_splits(splits, bars.ts),
        target=check_target(features, bars, names, splits.train, limit=spec.max_target_correlation),
    )


def check_prefix(compute: Compute, bars: Bars, names: Sequence[str], *, points: int, seed: int) -> CheckResult:
    """Compute the features again without the later bars, and compare every value up to there with the whole run's.

    A value that changes when the future is taken away knew the future. Equal means to 1e-12 of its size, with NaN
    equal to NaN only; the observed number is how many features changed.

    Args:
        compute: the function to look at.
        bars: all bars of the night.
        names: of the F features.
        points: how many moments to look at.
        seed: of the moments.
    """
    whole = _table(compute, bars, names)
    moments = _moments(len(bars), points, seed)
    changed: dict[str, str] = {}
    for stop in moments:
        prefix = _table(compute, bars.slice(0, stop), names)
        differs = ~_equal(prefix, whole[:stop])
        for column in map(int, np.flatnonzero(differs.any(axis=0))):
            row = int(np.flatnonzero(differs[:, column])[-1])
            at, end = moment_text(bars.ts[row]), moment_text(bars.ts[stop - 1])
            values = f"{whole[row, column]:.6g}, and {prefix[row, column]:.6g}"
            changed.setdefault(names[column], f"{names[column]} of {at} is {values} without the bars after {end}")
    if not moments:
        return rule(
            "prefix",
            passed=False,
            observed=None,
            threshold=0,
            code=ReasonCode.EVIDENCE_MISSING,
            message=f"no moment to compare among {len(bars)} bars",
            remedy="Give at least two bars and one point.",
        )
    return rule(
        "prefix",
        passed=not changed,
        observed=len(changed),
        threshold=0,
        code=ReasonCode.LEAK_PREFIX,
        message="; ".join(changed.values()),
        remedy=_PAST_ONLY,
        evidence={"features": list(changed), "moments": [int(bars.ts[stop - 1]) for stop in moments]},
    )


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


def check_target(features: Floats, bars: Bars, names: Sequence[str], train: Range, *, limit: float) -> CheckResult:
    """Refuse a feature that ranks the next bar's return too well, or that is a value of the next bar.

    Over the train split only. The observed number is the largest absolute Spearman correlation; a feature that never
    changes tells nothing and counts as 0, one that is not finite fails the check.

    Args:
        features: shape (n, F).
        bars: the n bars.
        names: of the F features.
        train: bars to look at; the last one has no next bar inside the split and is left out.
        limit: correlation at which no honest feature is.
    """
    now, later = slice(train.start, train.stop - 1), slice(train.start + 1, train.stop)
    rows = features[now]
    close = bars.close
    futures = {name: getattr(bars, name)[later] for name in ("open", "high", "low", "close", "volume")}
    with np.errstate(divide="ignore", invalid="ignore"):
        futures["log return"] = np.log(close[later] / close[now])
        futures["return"] = close[later] / close[now] - 1.0
    target = futures["log return"]
    known = len(rows) > 1 and bool(np.isfinite(target).all()) and bool(np.ptp(target) > 0)
    broken = [name for name, column in zip(names, rows.T, strict=True) if not np.isfinite(column).all()]
    if not known or broken:
        broken = broken or ["the next bar's return"]
        return rule(
            "target",
            passed=False,
            observed="nan",
            threshold=limit,
            code=ReasonCode.EVIDENCE_NOT_FINITE,
            message=f"{', '.join(broken)} on the train split has missing, infinite or only equal values",
            remedy="Start the train split after the warm-up, and look for broken bars.",
            evidence={"features": broken},
        )
    correlation = dict(zip(names, _rank_correlation(rows, target).tolist(), strict=True))
    equal = {
        name: future
        for name, column in zip(names, rows.T, strict=True)
        for future, values in futures.items()
        if np.ptp(column) > 0 and _equal(column, values).mean() >= EQUAL_SHARE
    }
    leaking = [name for name in names if name in equal or not abs(correlation[name]) < limit]
    messages = [
        f"{name} is the next bar's {equal[name]}"
        if name in equal
        else f"{name} has a rank correlation of {correlation[name]:.3f} with the next bar's return"
        for name in leaking
    ]
    return rule(
        "target",
        passed=not leaking,
        observed=max(map(abs, correlation.values())),
        threshold=limit,
        code=ReasonCode.LEAK_TARGET,
        message="; ".join(messages),
        remedy=_PAST_ONLY,
        evidence={"features": leaking, "correlation": correlation},
    )


def _table(compute: Compute, bars: Bars, names: Sequence[str]) -> Floats:
    table = np.asarray(compute(bars), dtype=np.float64)
    if table.shape != (len(bars), len(names)):
        raise ValueError(f"features of {len(bars)} bars have shape {table.shape}, expected {(len(bars), len(names))}")
    return table


def _moments(n: int, points: int, seed: int) -> list[int]:
    """Lengths of prefixes: random ones over all bars, and the one that misses only the last bar."""
    if n < 2 or points < 1:
        return []
    drawn = np.random.default_rng(seed).integers(1, n, size=points - 1)
    return sorted({int(stop) for stop in drawn} | {n - 1})


def _equal(a: Floats, b: Floats) -> NDArray[np.bool_]:
    return np.isclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)


def _rank_correlation(rows: Floats, target: Floats) -> Floats:
    """Spearman correlation of each column with the target, ties sharing their mean rank; 0 for a constant column."""
    from scipy.stats import rankdata

    ranks = rankdata(rows, axis=0) - (len(rows) + 1) / 2
    wanted = rankdata(target) - (len(target) + 1) / 2
    scale = np.sqrt((ranks**2).sum(axis=0) * (wanted**2).sum())
    return np.divide(wanted @ ranks, scale, out=np.zeros(rows.shape[1]), where=scale > 0)


def _measure(subject: Subject) -> LeakageEvidence:
    # The simulation compiles when it is imported, and gates read the evidence above without it.
    from trading.engines.series import compute_features

    windows = subject.spec(FeatureSpec).windows
    return check_leakage(
        lambda bars: compute_features(bars, windows),
        subject.bars,
        subject.features,
        names=subject.feature_names,
        splits=subject.splits,
        spec=subject.spec(LeakageSpec),
        seed=subject.seed,
    )


LEAKAGE = Check(
    evidence=LeakageEvidence,
    measure=_measure,
    parts=("bars", "features", "splits"),
    settings=(LeakageSpec, FeatureSpec),
    seeded=True,
)
