"""Drift: how far the features of the test split have moved from the training split that the model learned on."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from trading.arrays import Floats
from trading.checks.evidence import DriftEvidence
from trading.codes import ReasonCode
from trading.results import CheckResult, Number, is_finite, rule, unusable
from trading.settings.models import DriftSpec

MINIMUM_SHARE = 1e-4
"""Share given to an empty bin, as Evidently does, so that its logarithm exists."""


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
    usable = [column for column in range(len(names)) if not _defect(reference[:, column], current[:, column])]
    psi_by_name: dict[str, Number] = dict.fromkeys(names, float("nan"))
    ks_by_name: dict[str, Number] = dict.fromkeys(names, float("nan"))
    if usable:
        measured = [names[column] for column in usable]
        for name, method, value in _report(reference[:, usable], current[:, usable], measured, spec.bins):
            (ks_by_name if method == "ks" else psi_by_name)[name] = value
    return DriftEvidence(psi=psi_by_name, ks=ks_by_name, critical_psi=spec.critical_psi, critical_ks=spec.critical_ks)


def drift_checks(
    reference: Floats, current: Floats, names: Sequence[str], evidence: DriftEvidence
) -> list[CheckResult]:
    """One result per feature, for tables: which moved, how far, or why it could not be measured."""
    return [
        _check(name, _defect(reference[:, column], current[:, column]), evidence) for column, name in enumerate(names)
    ]


def psi(reference: Floats, current: Floats, bins: int) -> float:
    """Population stability index of one feature, over quantile bins of the reference alone.

    The sum over bins of (p - q) ln(p / q) with p and q the shares of reference and current. Bins come from the
    reference, so that the same reference judges every later period by the same ruler, and one far outlier in the
    current data cannot stretch them. Quantiles that coincide are one bin edge.

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


def _defect(reference: Floats, current: Floats) -> str:
    """Why drift of a feature cannot be measured, or nothing."""
    for split, values in (("training", reference), ("test", current)):
        if len(values) == 0:
            return f"has no values on the {split} split"
        broken = int((~np.isfinite(values)).sum())
        if broken:
            return f"has {broken} of {len(values)} values missing or infinite on the {split} split"
    return "" if np.ptp(reference) > 0 else "is constant on the training split"


def _check(name: str, defect: str, evidence: DriftEvidence) -> CheckResult:
    psi_value, ks_value = evidence.psi.get(name), evidence.ks.get(name)
    if defect or not (is_finite(psi_value) and is_finite(ks_value)):
        found = unusable(name, psi_value, evidence.critical_psi)
        return found.model_copy(update={"message": f"{name} {defect}"}) if defect else found
    return rule(
        name,
        name not in evidence.critical,
        psi_value,
        evidence.critical_psi,
        ReasonCode.DRIFT_CRITICAL,
        f"{name} has PSI {psi_value:.3f} and distance {ks_value:.3f}; critical from {evidence.critical_psi} and "
        f"{evidence.critical_ks}",
        "Train on more recent bars (lower market.history_bars), or find out what changed in the data.",
        {"ks": ks_value},
    )
