"""How a verdict of an earlier schema becomes a verdict of this one; the stored files never change.

What release 0.1 asked is written down here, and not taken from the table of today.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

SCHEMA_VERSION: Literal[2] = 2

_KEYS_1 = {"symbol", "decision", "admission", "paper_only", "evidence_digest", "thresholds", "gates"}
_GATES_1: dict[str, tuple[list[str], list[str]]] = {
    "performance": ([], ["min_sharpe", "min_win_rate", "min_profit_factor"]),
    "risk": ([], ["max_drawdown", "max_volatility", "max_consecutive_losses"]),
    "calibration": (["calibration"], ["max_brier", "max_ece"]),
    "stress": (["stress"], []),
    "leakage": (["leakage"], []),
    "drift": (["drift"], ["max_psi"]),
    "live_consistency": ([], ["min_live_ratio", "min_live_bars"]),
}
"""The gates of release 0.1 in order: the checks and the thresholds that each read."""


def upgraded_verdict(data: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict as JSON in the present schema.

    Args:
        data: a verdict of any schema up to this one; release 0.1 wrote schema 1, without a number.

    Raises:
        ValueError: if the schema is unknown.
    """
    version = data.get("schema_version", 1)
    if version == 1:
        return _from_1(data)
    if version != SCHEMA_VERSION:
        raise ValueError(f"the verdict has schema_version {version!r}, this release reads 1 to {SCHEMA_VERSION}")
    return dict(data)


def _from_1(data: Mapping[str, Any]) -> dict[str, Any]:
    """Release 0.1: the thresholds of all gates stood in one table, and the gates were always the same seven."""
    if set(data) != _KEYS_1:
        raise ValueError(f"a verdict of schema 1 with {', '.join(sorted(set(data) ^ _KEYS_1))} missing or unknown")
    try:
        names = [result["name"] for result in data["gates"]]
        known = {threshold for _, thresholds in _GATES_1.values() for threshold in thresholds}
        if names != list(_GATES_1) or set(data["thresholds"]) != known:
            raise ValueError(f"a verdict of schema 1 has the gates {', '.join(_GATES_1)} and their thresholds")
        gates = [{**result, **_asked_1(result["name"], data["thresholds"])} for result in data["gates"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"a part of a verdict of schema 1 is missing or misshapen: {error}") from error
    kept = {name: value for name, value in data.items() if name not in ("thresholds", "gates")}
    return {"schema_version": SCHEMA_VERSION, **kept, "gates": gates}


def _asked_1(gate: str, thresholds: Mapping[str, Any]) -> dict[str, Any]:
    checks, names = _GATES_1[gate]
    return {"checks": checks, "thresholds": {name: thresholds[name] for name in names}}
