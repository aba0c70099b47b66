"""Evidence stages of a night: the backtest, every check on the test split, and the verdict over what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from trading.checks.check import Check, Part, Subject
from trading.checks.evidence import CheckEvidence, gather
from trading.checks.table import CHECKS
from trading.gates.verdict import judge
from trading.market.bars import Bars
from trading.model.model import TradingModel
from trading.night.artifacts import (
    BACKTEST,
    BARS,
    EVIDENCE,
    FEATURES,
    FIT_REPORT,
    FOLDS,
    LIVE_RECORD,
    MODEL,
    POLICIES,
    POLICY_REPORT,
    SPLITS,
    TRIALS,
    VERDICT,
    BacktestRecord,
    check_kind,
)
from trading.night.outcome import JudgedEvidence, Measurements
from trading.night.reads import reads
from trading.night.workspace import Night
from trading.settings.models import Spec, tables
from trading.splits import Splits
from trading.store import Kind, Ref

PARTS: dict[Part, Kind[Any]] = {
    "bars": BARS,
    "features": FEATURES,
    "splits": SPLITS,
    "model": MODEL,
    "refitted": MODEL,
    "fit_report": FIT_REPORT,
    "policies": POLICIES,
    "folds": FOLDS,
    "trials": TRIALS,
    "policy_report": POLICY_REPORT,
}
"""How each part of a candidate lies in the store."""


@reads()
def run_backtest(
    night: Night, bars_ref: Ref[Bars], splits_ref: Ref[Splits], model_ref: Ref[TradingModel]
) -> Ref[BacktestRecord]:
    """Trade the test split: metrics, trades and the ledger's digest, with the equity of every bar.

    Args:
        night: whose store holds the references.
        bars_ref: of the night.
        splits_ref: of these bars.
        model_ref: the candidate.
    """
    from trading.simulation import backtest

    store = night.store
    part = store.get(SPLITS, splits_ref).test
    result = backtest.run_backtest(store.get(MODEL, model_ref), store.get(BARS, bars_ref), part.start, part.stop)
    record = BacktestRecord(
        metrics=dict(result.metrics),
        trades=result.trades,
        ledger_sha256=result.ledger_sha256,
        ts=result.ts,
        equity=result.equity,
    )
    return store.put(BACKTEST, record)


def measuring(name: str) -> Callable[[Night, dict[str, Ref[Any]]], Ref[CheckEvidence]]:
    """The stage of one check: it reads the tables, draws from the seed and is given the parts that its row names.

    Args:
        name: a row of :data:`trading.checks.table.CHECKS`.
    """
    check = CHECKS[name]
    declared = _table_names(check)

    @reads(*declared, seed=name if check.seeded else None)
    def measure(night: Night, parts: dict[str, Ref[Any]]) -> Ref[CheckEvidence]:
        store = night.store
        subject = Subject(
            check=name,
            parts={part: store.get(PARTS[part], parts[part]) for part in check.parts},
            settings=tuple(getattr(night.settings, table) for table in declared),
            random_seed=night.plan.seeds[name] if check.seeded else None,
        )
        return store.put(check_kind(name), check.measure(subject))

    return measure


def parts_of(name: str, candidate_parts: Mapping[Part, Ref[Any]]) -> dict[str, Ref[Any]]:
    """What one check looks at of a candidate; its memory is kept for exactly this.

    Args:
        name: of the check.
        candidate_parts: all there are, by name.
    """
    return {part: candidate_parts[part] for part in CHECKS[name].parts}


@reads("gates", "symbol")
def judge_candidate(night: Night, measured: Measurements) -> JudgedEvidence:
    """Put all evidence together and ask the seven gates.

    Args:
        night: the thresholds.
        measured: the candidate, and what the other stages found.

    Raises:
        ValueError: if a check of the table was not measured, so that none is forgotten in silence.
    """
    forgotten = [name for name in CHECKS if name not in measured.check_refs]
    if forgotten:
        raise ValueError(f"checks {', '.join(forgotten)} were not measured; run each row of the table of checks")
    store = night.store
    evidence = gather(
        night.symbol,
        inputs={
            "bars": measured.bars_ref.digest,
            "splits": measured.splits_ref.digest,
            "model": measured.model_ref.digest,
        },
        metrics=store.get(BACKTEST, measured.backtest_ref).metrics,
        checks=[store.get(check_kind(name), ref) for name, ref in measured.check_refs.items()],
        live=None if measured.live_ref is None else store.get(LIVE_RECORD, measured.live_ref),
    )
    return JudgedEvidence(
        evidence_ref=store.put(EVIDENCE, evidence),
        verdict_ref=store.put(VERDICT, judge(evidence, night.settings.gates.model_dump())),
    )


def _table_names(check: Check) -> tuple[str, ...]:
    names: dict[type[Spec], str] = {model: name for name, model in tables().items()}
    return tuple(names[model] for model in check.settings)
