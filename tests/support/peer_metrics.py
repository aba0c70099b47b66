"""What quantstats and empyrical say of daily returns, and the values of theirs that tests hold ours to.

empyrical needs Bottleneck, with which pandas computes deviations that differ in the last digits. So they are the extra
``peers`` for an environment of its own; ``python -m tests.support.peer_metrics`` writes their values there.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np

from trading.arrays import Floats

FILE = Path(__file__).resolve().parents[1] / "fixtures" / "peer_metrics.json"
NAMES = ("sharpe", "sortino", "volatility", "max_drawdown", "cagr", "calmar", "tail_ratio")
DAYS_PER_YEAR = (365.25, 252.0, 260.9)
EDGES = {
    "flat": [0.0] * 30,
    "equal": [0.001] * 30,
    "only gains": [0.001, 0.002, 0.004] * 10,
    "only losses": [-0.001, -0.002, -0.004] * 10,
    "nothing left": [0.01, -1.0, *[0.0] * 28],
    "most days flat": [*[0.0] * 28, 0.01, -0.02],
}


@lru_cache(maxsize=1)
def stored() -> dict[str, Any]:
    """Versions, series, and what each library said of each."""
    return json.loads(FILE.read_text())


def peer_values(returns: Floats, days_per_year: float) -> dict[str, dict[str, float]]:
    """Each library's values under our names, a drawdown as a positive share.

    Args:
        returns: shape (n,), simple return of each day.
        days_per_year: how many days a year has.
    """
    import pandas as pd

    quantstats, empyrical = import_module("quantstats.stats"), import_module("empyrical")
    series = pd.Series(returns, index=pd.date_range("2020-01-01", periods=len(returns)))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        theirs = {
            "quantstats": {
                "sharpe": quantstats.sharpe(series, periods=days_per_year),
                "sortino": quantstats.sortino(series, periods=days_per_year),
                "volatility": quantstats.volatility(series, periods=days_per_year),
                "max_drawdown": -quantstats.max_drawdown(series),
                "cagr": quantstats.cagr(series, periods=days_per_year),
                "calmar": _quotient(lambda: quantstats.calmar(series, periods=days_per_year)),
                "tail_ratio": quantstats.tail_ratio(series),
            },
            "empyrical": {
                "sharpe": empyrical.sharpe_ratio(series, annualization=days_per_year),
                "sortino": empyrical.sortino_ratio(series, annualization=days_per_year),
                "volatility": empyrical.annual_volatility(series, annualization=days_per_year),
                "max_drawdown": -empyrical.max_drawdown(series),
                "cagr": empyrical.cagr(series, annualization=days_per_year),
                "calmar": empyrical.calmar_ratio(series, annualization=days_per_year),
                "tail_ratio": empyrical.tail_ratio(series),
            },
        }
    return {library: {name: float(value) for name, value in values.items()} for library, values in theirs.items()}


def sample_series() -> list[list[float]]:
    """Daily returns of many shapes: short and long, with fat tails, with trends, with days on which nothing moved."""
    rng = np.random.default_rng(20)
    series: list[list[float]] = []
    for number in range(24):
        count = int(rng.integers(2, 40)) if number % 4 == 0 else int(rng.integers(40, 260))
        values = rng.standard_t(3, count) * rng.uniform(0.001, 0.03) + rng.normal(0.0, 0.002)
        values[rng.random(count) < rng.choice([0.0, 0.0, 0.6])] = 0.0
        series.append(np.round(np.clip(values, -0.6, 0.9), 6).tolist())
    return series


def _quotient(value: Callable[[], float]) -> float:
    """A value that is not defined where the library divides by zero."""
    try:
        return value()
    except ZeroDivisionError:
        return math.nan


def _main() -> None:
    def rows(series: list[float], days_per_year: float) -> dict[str, Any]:
        values = peer_values(np.array(series), days_per_year)
        return {
            "days_per_year": days_per_year,
            "returns": series,
            **{library: {name: repr(value) for name, value in found.items()} for library, found in values.items()},
        }

    content = {
        "versions": {name: metadata.version(name) for name in ("quantstats", "empyrical-reloaded", "pandas", "numpy")},
        "series": [
            rows(series, DAYS_PER_YEAR[number % len(DAYS_PER_YEAR)]) for number, series in enumerate(sample_series())
        ],
        "edges": {name: rows(series, 365.25) for name, series in EDGES.items()},
    }
    FILE.write_text(json.dumps(content, separators=(",", ":")).replace('{"days_per', '\n{"days_per') + "\n")


if __name__ == "__main__":
    _main()
