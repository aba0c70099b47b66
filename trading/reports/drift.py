"""The page of drift that people open: an Evidently report over the distributions that the gate judged."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from trading.arrays import Floats
from trading.statistics.distances import ks_distance, psi


def drift_page(reference: Mapping[str, Floats], current: Mapping[str, Floats], *, bins: int) -> str:
    """One HTML page that opens offline: every series' distribution then and now, with its PSI and its distance.

    Evidently's own ``psi`` bins reference and current together into equal widths, so its ruler changes with the data
    that it judges, and its ``ks`` gives a p-value. So it shows the numbers of :mod:`trading.statistics.distances`,
    registered as its statistics: those of the verdict.

    Args:
        reference: shape (n,) each, by name.
        current: shape (m,) each, by the same names.
        bins: of PSI.
    """
    import pandas as pd

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        from evidently import DataDefinition, Dataset, Report
        from evidently.metrics import ValueDrift

    names, methods = list(reference), _registered(bins)
    columns = DataDefinition(numerical_columns=names)
    metrics = [ValueDrift(column=name, method=method, threshold=1.0) for name in names for method in methods]
    first, second = (Dataset.from_pandas(pd.DataFrame(_finite(part)), columns) for part in (reference, current))
    run = Report(metrics, include_tests=False).run(second, first)
    return str(run.get_html_str(as_iframe=False))


def _registered(bins: int) -> list[str]:
    """Names under which Evidently knows our statistics."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        from evidently.legacy.calculations.stattests.registry import StatTest, register_stattest
        from evidently.legacy.core import ColumnType

    def frozen_psi(a: Any, b: Any, _kind: object, threshold: float) -> tuple[float, bool]:
        value = psi(a.to_numpy(), b.to_numpy(), bins)
        return value, not value < threshold

    def distance(a: Any, b: Any, _kind: object, threshold: float) -> tuple[float, bool]:
        value = ks_distance(a.to_numpy(), b.to_numpy())
        return value, not value < threshold

    methods = {f"sevengates_psi_{bins}": (f"PSI, {bins} frozen bins", frozen_psi), "sevengates_ks": ("KS", distance)}
    for name, (title, statistic) in methods.items():
        register_stattest(StatTest(name, title, [ColumnType.Numerical]), statistic)
    return list(methods)


def _finite(series: Mapping[str, Floats]) -> dict[str, Floats]:
    """Without infinite values, which have no place on an axis; Evidently leaves out missing ones."""
    return {name: np.where(np.isfinite(values), values, np.nan) for name, values in series.items()}
