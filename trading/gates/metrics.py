"""The gates of performance and risk over the metrics alone: what a champion is held to on the newest bars."""

from __future__ import annotations

from collections.abc import Mapping

from trading.checks.evidence import Evidence
from trading.checks.significance import SignificanceEvidence
from trading.gates.gate import Limits, ask_gate
from trading.gates.performance import PERFORMANCE
from trading.gates.risk import RISK
from trading.results import CheckResult, Number, blocking_failures


def failed_metrics(metrics: Mapping[str, Number], limits: Limits, *, outcomes: str) -> list[CheckResult]:
    """The rules of performance and risk that metrics do not keep, in order.

    Rules over anything else are left out: a champion that is traded again is not checked again.

    Args:
        metrics: of a backtest, by the names of :mod:`trading.simulation.metrics`.
        limits: thresholds of all gates, by name.
        outcomes: of its trades, as :class:`trading.checks.significance.SignificanceEvidence` writes them.
    """
    traded = SignificanceEvidence(outcomes=outcomes)
    evidence = Evidence(symbol="", metrics=dict(metrics), checks={traded.check: traded.as_json()})
    rules = [rule for gate in (PERFORMANCE, RISK) for rule in ask_gate(gate, evidence, limits).rules]
    return [rule for rule in blocking_failures(rules) if rule.name in metrics]
