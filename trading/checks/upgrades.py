"""How evidence of an earlier schema becomes evidence of this one; the stored files never change.

What release 0.1 knew is written down here, and not taken from the tables of today.

==================  ======================================
schema 1            schema 2
==================  ======================================
``metrics``         ``metrics``
``live``            ``live``
``stress``          ``checks.stress.results``
``leakage``         ``checks.leakage``
``calibration``     ``checks.calibration``
``drift``           ``checks.drift``, with ``expected`` beside
==================  ======================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

SCHEMA_VERSION: Literal[2] = 2

_KEYS_1 = {"symbol", "inputs", "metrics", "stress", "calibration", "leakage", "drift", "live"}
_FEATURES_1 = (
    "log_return_1",
    "log_return_fast",
    "log_return_medium",
    "log_return_slow",
    "log_volatility_medium",
    "log_volatility_slow",
    "vwap_distance",
    "price_zscore",
    "volume_zscore",
    "log_range_medium",
    "efficiency_slow",
    "trend_slow",
)


def upgraded_evidence(data: Mapping[str, Any]) -> dict[str, Any]:
    """Evidence as JSON in the present schema.

    Args:
        data: evidence of any schema up to this one; release 0.1 wrote schema 1, without a number.

    Raises:
        ValueError: if the schema is unknown.
    """
    version = data.get("schema_version", 1)
    if version == 1:
        return _from_1(data)
    if version != SCHEMA_VERSION:
        raise ValueError(f"evidence has schema_version {version!r}, this release reads 1 to {SCHEMA_VERSION}")
    return dict(data)


def _from_1(data: Mapping[str, Any]) -> dict[str, Any]:
    """Release 0.1: one field for each of its four checks, and the stress results as a bare list."""
    if set(data) != _KEYS_1:
        raise ValueError(f"evidence of schema 1 with {', '.join(sorted(set(data) ^ _KEYS_1))} missing or unknown")
    checks: dict[str, dict[str, Any]] = {"stress": {"results": data["stress"]}}
    checks |= {name: data[name] for name in ("calibration", "leakage", "drift") if data[name] is not None}
    if isinstance(checks.get("drift"), dict):
        checks["drift"] = {**checks["drift"], "expected": list(_FEATURES_1)}
    return {
        "schema_version": SCHEMA_VERSION,
        **{name: data[name] for name in ("symbol", "inputs", "metrics", "live")},
        "checks": checks,
    }
