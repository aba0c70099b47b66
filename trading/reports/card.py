"""The model card: what a model is, what it was judged on, and what nobody knows about it, as Markdown.

The text is part of the bundle, so nothing that differs between two runs of the same night may enter it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Template
from typing import Any

from trading.gates.verdict import Verdict
from trading.markdown import bullets, table, table_row
from trading.model.lineage import Lineage
from trading.model.model import TradingModel
from trading.registry.assets import asset
from trading.registry.records import moment
from trading.reports.verdict import verdict_markdown
from trading.settings.models import CostSpec, RiskSpec

_SHARES = frozenset(
    {"max_drawdown", "volatility", "win_rate", "exposure", "cost_share", "total_return", "mean_trade_return"}
)
_COUNTS = frozenset({"trades", "max_consecutive_losses"})


def model_card(
    model: TradingModel,
    lineage: Lineage,
    evidence: Mapping[str, Any],
    gates: Mapping[str, Any],
    splits: Mapping[str, tuple[int, int, int]] | None = None,
) -> str:
    """Fill the template ``model_card.md`` of the folder ``mlflow/``.

    Args:
        model: the candidate.
        lineage: of its bundle.
        evidence: as JSON, see :class:`trading.checks.evidence.Evidence`.
        gates: the verdict as JSON, see :class:`trading.gates.verdict.Verdict`.
        splits: by name, the open of the first bar and the close of the last (UTC milliseconds), and the number of bars.
    """
    verdict = Verdict.model_validate(gates)
    metrics: Mapping[str, Any] = evidence.get("metrics", {})
    values = {
        "symbol": lineage.symbol,
        "interval": lineage.interval,
        "decision": f"{verdict.decision}, for paper trading only" if verdict.paper_only else verdict.decision,
        "summary": _summary(verdict),
        "paper": ", on paper only" if verdict.paper_only else "",
        "source": _code(lineage.source),
        "as_of": moment(lineage.as_of_ms),
        "data": _rows((f"{name} (SHA-256)", f"`{digest}`") for name, digest in sorted(lineage.data.items())),
        "splits": _splits(splits or {}),
        "metrics": _rows((name.replace("_", " "), _metric(name, metrics[name])) for name in sorted(metrics)),
        "gates": verdict_markdown(verdict).strip(),
        "assumptions": bullets(assumptions(model.spec.costs, model.spec.risk)),
        "model": _model(model),
        "parent": f"`{lineage.parent_digest}`" if lineage.parent_digest else "none",
        "code": lineage.code,
        "lineage": _rows(
            [
                *((f"seed {name}", f"{seed}") for name, seed in sorted(lineage.seeds.items())),
                *((name, version) for name, version in sorted(lineage.libraries.items())),
            ]
        ),
        "live_limit": "No live record exists yet: backtests of this symbol are not yet proven by trading."
        if verdict.paper_only
        else "The live record belongs to the champion; this model itself has not traded yet.",
    }
    filled = Template(asset("model_card.md").read_text(encoding="utf-8")).substitute(values)
    # A list that is empty leaves a hole in its table.
    return filled.replace("|\n\n\n", "|\n\n")


def assumptions(costs: CostSpec, risk: RiskSpec) -> list[str]:
    """What the simulator assumes and the limits that bind every model, one sentence each."""
    wait = "the next bar's open" if costs.latency_bars == 0 else f"the open {costs.latency_bars + 1} bars later"
    return [
        f"A decision at the close of a bar fills at {wait} at the earliest.",
        f"Every fill pays a fee of {costs.fee_bps:g} bps, half of a spread of {costs.spread_bps:g} bps, and a slippage "
        f"of {costs.impact_bps:g} bps times the square root of its share of the bar's volume.",
        f"One fill takes at most {costs.max_participation:.0%} of a bar's volume: the rest of an entry is cancelled, "
        "the rest of an exit waits.",
        "If a bar touches both stop and target, the stop was first; a bar that opens beyond a stop fills at its open.",
        f"A position is at most {risk.size_cap:.0%} of equity, scaled down where volatility is over "
        f"{risk.volatility_target:.0%} a year.",
        f"No entry under an effective confidence of {risk.min_confidence:g}, within {risk.cooldown_bars} bars after an "
        f"exit, or after a drawdown of {risk.halt_drawdown:.0%}.",
        f"Quantities are multiples of {costs.lot:g}, prices of {costs.tick:g}; equity starts at "
        f"{risk.initial_equity:,.0f}.",
    ]


def _summary(verdict: Verdict) -> str:
    if verdict.failed:
        names = ", ".join(gate.name for gate in verdict.failed)
        return f"Rejected: {len(verdict.failed)} of {len(verdict.gates)} gates failed ({names})."
    if verdict.paper_only:
        return (
            "All seven gates passed. There is no live record yet, so it may enter an empty Production, on paper only."
        )
    return "All seven gates passed."


def _model(model: TradingModel) -> str:
    spec = model.spec
    policy = spec.policy
    return bullets(
        [
            f"Features: {', '.join(spec.feature_names)}; the longest looks back "
            f"{max(spec.features.slow, spec.features.vwap)} bars. Standardised by the training split.",
            f"Regimes: Gaussian hidden Markov model with three states over {', '.join(spec.regime_features)}, filtered "
            f"forward only. Long when P(bull) - P(bear) is over {spec.direction_threshold:g}, short when under its "
            "negative.",
            f"Policy: two tanh layers of {policy.hidden} units, trained by PPO. It chooses size, holding time "
            f"({policy.min_duration} to {policy.max_duration} bars), stop ({policy.min_stop:g} to {policy.max_stop:g}) "
            f"and target ({policy.min_target:g} to {policy.max_target:g} standard deviations of a "
            f"{spec.features.medium}-bar return).",
        ]
    )


def _splits(splits: Mapping[str, tuple[int, int, int]]) -> str:
    if not splits:
        return ""
    rows = [(name, moment(first), moment(last), f"{bars:,}") for name, (first, last, bars) in splits.items()]
    return table(("split", "first bar opens", "last bar closes", "bars"), rows, right=("bars",))


def _metric(name: str, value: Any) -> str:
    if not isinstance(value, int | float):
        return "not measured" if value is None else str(value)
    if name in _COUNTS:
        return f"{value:.0f}"
    return f"{value:.2%}" if name in _SHARES else f"{value:.3f}"


def _rows(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(map(table_row, pairs))


def _code(text: str) -> str:
    """Text that may stand between backticks inside a table."""
    return text.replace("`", "'").replace("|", "/") or "-"
