"""A verdict as Markdown: the decision, the seven gates and every rule under them."""

from __future__ import annotations

from trading.gates.gate import GateResult
from trading.gates.verdict import Verdict
from trading.markdown import table


def verdict_markdown(verdict: Verdict) -> str:
    """The decision, one line a gate, and the table of rules.

    Args:
        verdict: of the seven gates.
    """
    gates = [(gate.name, _outcome(gate), gate.reason, gate.remedy) for gate in verdict.gates]
    rules = [(row.gate, row.rule, row.observed, row.threshold, row.outcome, row.code) for row in verdict.rows()]
    parts = [
        f"**{verdict.decision}**{' (paper only)' if verdict.paper_only else ''}: {verdict.symbol}",
        table(("gate", "result", "reason", "what to do"), gates),
        table(("gate", "rule", "observed", "threshold", "result", "code"), rules, right=("observed", "threshold")),
        f"Evidence `{verdict.evidence_digest[:12]}`",
    ]
    return "\n\n".join(parts) + "\n"


def _outcome(gate: GateResult) -> str:
    if not gate.passed:
        return "FAIL"
    return "pass, no record yet" if gate.conditional else "pass"
