"""Evidence stages of a night: the backtest, every check on the test split, and the verdict over what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from trading.checks.check import Check, Part, Subject
from trading.checks.evidence import LiveRecord, gather
from trading.checks.table import CHECKS
from trading.gates.verdict import judge
from trading.night.records import get_model, get_record, get_splits, metrics_of, numbers, put_record
from trading.settings.models import GateSpec, SevengatesSettings, Spec
from trading.store import Ref, Store


class Judged(Spec):
    """The evidence about a candidate, and the verdict of the gates over it."""

    evidence: Ref
    verdict: Ref


class CheckInputs(Spec):
    """All that one check's evidence follows from, and nothing else: a night remembers it by exactly this.

    Attributes:
        check: name of the check.
        parts: what it looks at, by name.
        settings: JSON of the settings tables that it obeys, by name.
        seed: root of its random numbers; None if it draws none.
    """

    check: str
    parts: dict[str, Ref]
    settings: dict[str, dict[str, Any]]
    seed: int | None = None


def backtest_candidate(store: Store, *, bars: Ref, splits: Ref, model: Ref) -> Ref:
    """Trade the test split: metrics, trades and the ledger's digest, with the equity of every bar.

    Args:
        store: holds what the references name.
        bars: of the night.
        splits: of the bars.
        model: the candidate.
    """
    from trading.simulation.backtest import run_backtest

    part = get_splits(store, splits).test
    result = run_backtest(get_model(store, model), store.get_bars(bars), part.start, part.stop)
    data = {"metrics": numbers(result.metrics), "trades": result.trades, "ledger_sha256": result.ledger_sha256}
    return put_record(store, "backtest", data, {"ts": result.ts, "equity": result.equity})


def check_inputs(
    check: Check, *, parts: Mapping[Part, Ref], settings: SevengatesSettings, seed_for: Callable[[str], int]
) -> CheckInputs:
    """What a check needs of a night: the parts, tables and seed that its row names.

    Args:
        check: a row of :data:`trading.checks.table.CHECKS`.
        parts: of the candidate, all that there are.
        settings: of the night.
        seed_for: root of the random numbers of one use, by its name.
    """
    return CheckInputs(
        check=check.name,
        parts={name: parts[name] for name in check.parts},
        settings={name: table.model_dump(mode="json") for name, table in check.tables(settings).items()},
        seed=seed_for(check.name) if check.seeded else None,
    )


def measure_candidate(store: Store, *, inputs: CheckInputs) -> Ref:
    """What one check measured, as JSON in the store.

    Args:
        store: holds what the references name.
        inputs: from :func:`check_inputs`.
    """
    check = CHECKS[inputs.check]
    settings = SevengatesSettings.model_validate(inputs.settings)
    subject = Subject(
        check=check.name,
        parts={name: _READ[name](store, inputs.parts[name]) for name in check.parts},
        settings=tuple(check.tables(settings).values()),
        random_seed=inputs.seed,
    )
    return store.put_json(check.name, check.measure(subject).as_json())


def judge_candidate(
    store: Store,
    *,
    symbol: str,
    inputs: Mapping[str, str],
    backtest: Ref,
    checks: Mapping[str, Ref],
    live: Ref | None,
    gates: GateSpec,
) -> Judged:
    """Put all evidence together and ask the gates.

    Args:
        store: holds what the references name.
        symbol: the market.
        inputs: digests of what was measured, by name.
        backtest: on the test split.
        checks: what each check measured, by its name.
        live: record of the champion that trades this symbol, or None.
        gates: thresholds.

    Raises:
        ValueError: if a check of the table was not measured, so that none is forgotten in silence.
    """
    forgotten = [name for name in CHECKS if name not in checks]
    if forgotten:
        raise ValueError(f"checks {', '.join(forgotten)} were not measured; run each row of the table of checks")
    evidence = gather(
        symbol,
        inputs=inputs,
        metrics=backtest_metrics(store, backtest),
        checks=[CHECKS[name].evidence.model_validate(store.get_json(ref)) for name, ref in checks.items()],
        live=None if live is None else LiveRecord.model_validate(store.get_json(live)),
    )
    return Judged(
        evidence=store.put_json("evidence", evidence.as_json()),
        verdict=store.put_json("verdict", judge(evidence, gates.model_dump()).as_json()),
    )


def backtest_metrics(store: Store, backtest: Ref) -> dict[str, float]:
    """Metrics of a stored backtest."""
    data, _ = get_record(store, backtest)
    return metrics_of(data["metrics"])


_READ: dict[Part, Callable[[Store, Ref], Any]] = {
    "bars": lambda store, ref: store.get_bars(ref),
    "features": lambda store, ref: store.get_arrays(ref)["values"],
    "splits": get_splits,
    "model": get_model,
    "fit_report": lambda store, ref: store.get_json(ref),
}
"""How each part of a candidate is read from the store."""
