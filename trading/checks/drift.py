"""Drift: how far the features of the test split have moved from the training split that the model learned on."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from trading.arrays import Floats
from trading.checks.check import Check, Subject
from trading.checks.evidence import CheckEvidence
from trading.model.fits import FitRecord, fit_record
from trading.results import Number, is_finite
from trading.settings.models import DriftSpec

MINIMUM_SHARE = 1e-4
"""Share given to an empty bin, as Evidently does, so that its logarithm exists."""


class DriftEvidence(CheckEvidence):
    """How far each feature's distribution on the test split is from the training split.

    Attributes:
        expected: every feature that the platform computed, and whose drift therefore has to be here.
        psi: population stability index by feature, bins frozen on the training split.
        ks: Kolmogorov-Smirnov distance by feature, 0 to 1.
        critical_psi: PSI at which one feature alone is critical.
        critical_ks: distance at which one feature alone is critical.
        reference: the bars whose features everything is compared with.
    """

    check: ClassVar[str] = "drift"

    expected: tuple[str, ...] = ()
    psi: dict[str, Number] = Field(default_factory=dict)
    ks: dict[str, Number] = Field(default_factory=dict)
    critical_psi: Number = None
    critical_ks: Number = None
    reference: FitRecord | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """Every feature that was looked at, by name."""
        return tuple(sorted(set(self.psi) | set(self.ks)))

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Features without a finite PSI or distance."""
        return tuple(f for f in self.features if not (is_finite(self.psi.get(f)) and is_finite(self.ks.get(f))))

    @property
    def critical(self) -> tuple[str, ...]:
        """Features at or over a critical limit; one that could not be measured, or has no limit, counts."""
        return tuple(
            f
            for f in self.features
            if not (_is_under(self.psi.get(f), self.critical_psi) and _is_under(self.ks.get(f), self.critical_ks))
        )

    @property
    def mean_psi(self) -> Number:
        """Mean over features; NaN if one of them is not finite."""
        values = _all_finite(self.psi.values())
        return None if not self.psi else math.fsum(values) / len(values) if values else math.nan

    @property
    def max_psi(self) -> Number:
        """The largest of all features; NaN if one of them is not finite."""
        values = _all_finite(self.psi.values())
        return None if not self.psi else max(values) if values else math.nan

    def numbers(self) -> dict[str, Number]:
        return {"mean_psi": self.mean_psi, "max_psi": self.max_psi}


def measure_drift(reference: Floats, current: Floats, names: Sequence[str], spec: DriftSpec) -> DriftEvidence:
    """PSI and Kolmogorov-Smirnov distance of every feature.

    A feature that is constant on the training split, or has a missing or infinite value on either split, has no
    measurable drift: its numbers are NaN and fail the drift gate.

    Args:
        reference: shape (n, F), features on the training split.
        current: shape (m, F), features on the test split.
        names: of the F features.
        spec: bins and critical limits.
    """
    usable = [column for column in range(len(names)) if _is_measurable(reference[:, column], current[:, column])]
    psi_by_name: dict[str, Number] = dict.fromkeys(names, float("nan"))
    ks_by_name: dict[str, Number] = dict.fromkeys(names, float("nan"))
    if usable:
        measured = [names[column] for column in usable]
        for name, method, value in _report(reference[:, usable], current[:, usable], measured, spec.bins):
            (ks_by_name if method == "ks" else psi_by_name)[name] = value
    return DriftEvidence(
        expected=tuple(names),
        psi=psi_by_name,
        ks=ks_by_name,
        critical_psi=spec.critical_psi,
        critical_ks=spec.critical_ks,
    )


def psi(reference: Floats, current: Floats, bins: int) -> float:
    """Population stability index of one feature, over quantile bins of the reference alone.

    The sum over bins of (p - q) ln(p / q) with p and q the shares of reference and current. Bins come from the
    reference, so that the same reference judges every later period by the same ruler, and one far outlier in the
    current data cannot stretch them. Quantiles that coincide are one bin edge.

    Args:
        reference: shape (n,), values on the training split.
        current: shape (m,), values to compare.
        bins: number of quantile bins.

    >>> psi(np.arange(100.0), np.arange(100.0), 10)
    0.0
    """
    edges = np.unique(np.quantile(reference, np.linspace(0.0, 1.0, bins + 1)[1:-1]))
    p, q = (
        np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1) / len(values)
        for values in (reference, current)
    )
    p, q = np.maximum(p, MINIMUM_SHARE), np.maximum(q, MINIMUM_SHARE)
    return float(((p - q) * np.log(p / q)).sum())


def ks_distance(reference: Floats, current: Floats) -> float:
    """Largest distance between the two empirical distribution functions, 0 to 1.

    The distance and not its p-value: with tens of thousands of dependent bars every difference is significant.

    Args:
        reference: shape (n,), values on the training split.
        current: shape (m,), values to compare.
    """
    from scipy.stats import ks_2samp

    test: Any = ks_2samp(reference, current, method="asymp")
    return float(test.statistic)


def _report(reference: Floats, current: Floats, names: list[str], bins: int) -> list[tuple[str, str, float]]:
    """Feature, method and value from an Evidently report.

    Evidently's own ``psi`` bins reference and current together into equal widths, so its ruler changes with the data
    it judges; its ``ks`` gives the p-value. So it runs :func:`psi` and :func:`ks_distance`, registered as its
    statistics. Evidently itself drops NaN in silence, which is why unusable columns never reach it.
    """
    import pandas as pd

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        from evidently import DataDefinition, Dataset, Report
        from evidently.legacy.calculations.stattests.registry import StatTest, register_stattest
        from evidently.legacy.core import ColumnType
        from evidently.metrics import ValueDrift

    def frozen_psi(a: Any, b: Any, _kind: object, threshold: float) -> tuple[float, bool]:
        value = psi(a.to_numpy(), b.to_numpy(), bins)
        return value, not value < threshold

    def distance(a: Any, b: Any, _kind: object, threshold: float) -> tuple[float, bool]:
        value = ks_distance(a.to_numpy(), b.to_numpy())
        return value, not value < threshold

    methods = {f"sevengates_psi_{bins}": "psi", "sevengates_ks": "ks"}
    for name, statistic in zip(methods, (frozen_psi, distance), strict=True):
        register_stattest(StatTest(name, name, [ColumnType.Numerical]), statistic)
    columns = DataDefinition(numerical_columns=names)
    metrics = [ValueDrift(column=name, method=method, threshold=1.0) for name in names for method in methods]
    run = Report(metrics, include_tests=False).run(
        Dataset.from_pandas(pd.DataFrame(dict(zip(names, current.T, strict=True))), columns),
        Dataset.from_pandas(pd.DataFrame(dict(zip(names, reference.T, strict=True))), columns),
    )
    return [
        (item["config"]["column"], methods[item["config"]["method"]], float(item["value"]))
        for item in run.dict()["metrics"]
    ]


def _is_measurable(reference: Floats, current: Floats) -> bool:
    """Whether both splits have values, all of them finite, and the training split more than one."""
    if len(reference) == 0 or len(current) == 0:
        return False
    return bool(np.isfinite(reference).all() and np.isfinite(current).all() and np.ptp(reference) > 0)


def _is_under(value: Number, limit: Number) -> bool:
    return value is not None and limit is not None and is_finite(value) and is_finite(limit) and value < limit


def _all_finite(values: Iterable[Number]) -> list[float]:
    """The numbers as floats, or nothing if one of them is missing or not finite."""
    numbers = list(values)
    finite = [float(value) for value in numbers if value is not None and is_finite(value)]
    return finite if len(finite) == len(numbers) else []


def _measure(subject: Subject) -> DriftEvidence:
    splits, values = subject.splits, subject.features
    known = slice(*splits.train)
    found = measure_drift(values[known], values[slice(*splits.test)], subject.feature_names, subject.spec(DriftSpec))
    return found.model_copy(update={"reference": fit_record("drift", subject.bars.ts[known])})


DRIFT = Check(evidence=DriftEvidence, measure=_measure, parts=("bars", "features", "splits"), settings=(DriftSpec,))
