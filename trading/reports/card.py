"""The model card: what a model is, what it was judged on, and what nobody knows about it, as Markdown.

The text is part of the bundle, so nothing that differs between two runs of the same night may enter it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Template
from typing import Any

from trading.engines.regimes.naming import names_of
from trading.gates.verdict import Verdict, read_verdict
from trading.markdown import bullets, table, table_row
from trading.model.lineage import Lineage
from trading.model.model import TradingModel
from trading.model.spec import EngineIdentity, PolicyShape
from trading.moments import moment_iso
from trading.registry.assets import asset
from trading.reports.assumptions import assumptions
from trading.reports.verdict import verdict_markdown

_SHARES = frozenset(
    {"max_drawdown", "volatility", "win_rate", "exposure", "cost_share", "total_return", "mean_trade_return"}
)
_EMISSIONS = {"gaussian": "Gaussian", "student": "Student-t"}
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
    verdict = read_verdict(gates)
    metrics: Mapping[str, Any] = evidence.get("metrics", {})
    values = {
        "symbol": lineage.symbol,
        "interval": lineage.interval,
        "decision": f"{verdict.decision}, for paper trading only" if verdict.paper_only else verdict.decision,
        "summary": _summary(verdict),
        "paper": ", on paper only" if verdict.paper_only else "",
        "source": _code(lineage.source),
        "as_of": moment_iso(lineage.as_of_ms),
        "data": _rows((f"{name} (SHA-256)", f"`{digest}`") for name, digest in sorted(lineage.data.items())),
        "splits": _splits(splits or {}),
        "metrics": _rows((name.replace("_", " "), _metric(name, metrics[name])) for name in sorted(metrics)),
        "gates": verdict_markdown(verdict).strip(),
        "assumptions": bullets(assumptions(model.spec)),
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


def _summary(verdict: Verdict) -> str:
    if verdict.failed:
        names = ", ".join(gate.name for gate in verdict.failed)
        return f"Rejected: {len(verdict.failed)} of {len(verdict.gates)} gates failed ({names})."
    if verdict.paper_only:
        return "Every gate passed. There is no live record yet, so it may enter an empty Production, on paper only."
    return "Every gate passed."


def _model(model: TradingModel) -> str:
    spec = model.spec
    actions, windows = spec.actions, spec.windows
    return bullets(
        [
            f"Features: {', '.join(spec.feature_names)}; the longest looks back "
            f"{max(windows.slow, windows.vwap)} bars. Standardised by the training split.",
            _engine(spec.engine),
            f"Training depth: {spec.depth or 'not noted'}.",
            f"Policy: {_policy(spec.policy)}. It chooses size, holding time ({actions.min_duration} to "
            f"{actions.max_duration} bars), stop ({actions.min_stop:g} to {actions.max_stop:g}) and target "
            f"({actions.min_target:g} to {actions.max_target:g} standard deviations of a {windows.medium}-bar return).",
        ]
    )


def _engine(engine: EngineIdentity) -> str:
    options = engine.options
    if engine.name == "regimes":
        emissions = _EMISSIONS[options.get("emissions", "gaussian")]
        return (
            f"Engine regimes ({engine.tag}): {emissions} hidden Markov model over {', '.join(options['features'])}, "
            f"filtered forward only; its states are {', '.join(names_of(options))}. "
            f"Long when P(bull) - P(bear) is over {options['threshold']:g}, short when under its negative."
        )
    shown = ", ".join(f"{name} {value}" for name, value in sorted(options.items())) or "none"
    code = f" Its code has SHA-256 `{engine.code}`." if engine.code else ""
    return f"Engine {engine.name} ({engine.tag}), options: {shown}.{code}"


def _policy(policy: PolicyShape) -> str:
    if policy.kind == "fixed":
        return f"always the action {', '.join(f'{number:g}' for number in policy.action)} in [-1, 1]"
    return f"two tanh layers of {policy.hidden} units, trained by PPO"


def _splits(splits: Mapping[str, tuple[int, int, int]]) -> str:
    if not splits:
        return ""
    rows = [(name, moment_iso(first), moment_iso(last), f"{bars:,}") for name, (first, last, bars) in splits.items()]
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
