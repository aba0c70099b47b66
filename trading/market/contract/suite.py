"""The contract of a history of bars: a great-expectations suite whose failures name rows, values and the remedy."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trading.market.bars import COLUMNS
from trading.market.contract.continuity import discontinuity
from trading.market.contract.findings import NAMED_ROWS, Facts, Finding, rule_result
from trading.market.contract.gaps import fewest_bars, missing_before
from trading.market.contract.rules import RULES
from trading.market.raw import RawBars
from trading.results import CheckResult
from trading.settings.models import MarketSpec

# The library keeps the current context in a global, and symbols are checked in threads.
_ONE_AT_A_TIME = threading.Lock()


def check_contract(raw: RawBars, spec: MarketSpec) -> list[CheckResult]:
    """Check bars as their source holds them.

    Cells that could not be read fail the schema only. With ``on_gap=allow`` a gap share over its limit warns.

    Args:
        raw: bars in file order, after the repairs that the settings name.
        spec: limits and options.

    Returns:
        One result for each of :data:`trading.market.contract.rules.RULES`, in their order; the checks of trades, if
        the bars are made of them, come first.
    """
    frame, facts = _frame(raw, spec)
    with _ONE_AT_A_TIME:
        findings = _validate(frame, _suite(facts))
    results = [
        rule_result(rule, findings=findings.get(rule.name, ()), raw=raw, spec=spec, facts=facts) for rule in RULES
    ]
    return [*raw.checks, *results]


def _frame(raw: RawBars, spec: MarketSpec) -> tuple[Any, Facts]:
    """The raw columns as a pandas frame, with the place of each row and what can be told only from two rows."""
    import pandas as pd

    values = {name: raw.column(name) for name in COLUMNS}
    unread = np.zeros(len(raw), dtype=np.bool_)
    if raw.data.problems:
        unread = np.isin(raw.data.rows, np.array([problem.row for problem in raw.data.problems], dtype=np.int64))
    infinite = np.logical_or.reduce([~np.isfinite(raw.column(name)) for name in raw.names])
    ratio = np.ones(len(raw))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio[1:] = values["open"][1:] / values["close"][:-1]
    usable = np.isfinite(ratio) & (ratio > 0)
    ordered = np.unique(raw.ts)
    by_time = np.argsort(raw.ts, kind="stable")
    missing = missing_before(ordered, raw.interval, spec, raw.hours)
    frame = pd.DataFrame(
        {
            "place": np.arange(len(raw), dtype=np.int64),
            "ts": raw.ts,
            **values,
            "not_finite": (infinite & ~unread).astype(np.int64),
            "grid_offset": raw.ts % raw.interval,
            "jump": np.where(usable, np.maximum(ratio, 1.0 / np.where(usable, ratio, 1.0)), 1.0),
        }
    )
    facts = Facts(
        missing=missing,
        fewest=fewest_bars(missing, spec.max_gap_share),
        max_jump=spec.max_jump,
        max_zero_volume_share=spec.max_zero_volume_share,
        discontinuity=discontinuity(values["open"][by_time], values["close"][by_time]),
    )
    return frame, facts


def _suite(facts: Facts) -> list[Any]:
    """The expectations; each carries the name of the rule it belongs to."""
    expect = _library().expectations
    between = expect.ExpectColumnValuesToBeBetween
    either = "either_value_is_missing"
    pairs = (("high", "open"), ("high", "close"), ("high", "low"), ("open", "low"), ("close", "low"))
    suite: list[tuple[str, type[Any], dict[str, Any]]] = [
        ("schema", expect.ExpectTableColumnsToMatchSet, {"column_set": ["ts", *COLUMNS], "exact_match": False}),
        ("schema", expect.ExpectTableRowCountToBeBetween, {"min_value": 1}),
        ("schema", expect.ExpectColumnValuesToBeOfType, {"column": "ts", "type_": "int64"}),
        *(("schema", expect.ExpectColumnValuesToBeOfType, {"column": c, "type_": "float64"}) for c in COLUMNS),
        ("finite", expect.ExpectColumnValuesToBeInSet, {"column": "not_finite", "value_set": [0]}),
        *(
            (
                "positive",
                between,
                {"column": c, "min_value": 0, "strict_min": c != "volume"},
            )
            for c in COLUMNS
        ),
        *(
            (
                "high_low",
                expect.ExpectColumnPairValuesAToBeGreaterThanB,
                {"column_A": a, "column_B": b, "or_equal": True, "ignore_row_if": either},
            )
            for a, b in pairs
        ),
        ("increasing", expect.ExpectColumnValuesToBeIncreasing, {"column": "ts", "strictly": True}),
        ("on_grid", expect.ExpectColumnValuesToBeInSet, {"column": "grid_offset", "value_set": [0]}),
        ("jumps", between, {"column": "jump", "max_value": facts.max_jump}),
        ("gaps", expect.ExpectTableRowCountToBeBetween, {"min_value": facts.fewest}),
        (
            "zero_volume",
            between,
            {"column": "volume", "min_value": 0, "strict_min": True, "mostly": 1.0 - facts.max_zero_volume_share},
        ),
    ]
    return [kind(**arguments, meta={"rule": rule}) for rule, kind, arguments in suite]


def _library() -> Any:
    # Read when the library is first imported: nothing may be sent anywhere.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations
    from great_expectations.data_context.types import base

    # It announces every temporary folder, by a logger that has a level of its own.
    for name in (great_expectations.__name__, base.__name__):
        logging.getLogger(name).setLevel(logging.WARNING)
    return great_expectations


def _validate(frame: Any, suite: Sequence[Any]) -> dict[str, list[Finding]]:
    """Run the suite in a context of its own and collect what was found against each rule."""
    gx = _library()
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("market").add_dataframe_asset("bars")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    outcome = batch.validate(
        gx.ExpectationSuite("bars", expectations=list(suite)),
        result_format={
            "result_format": "SUMMARY",
            "partial_unexpected_count": NAMED_ROWS,
            "unexpected_index_column_names": ["place"],
        },
    )
    findings: dict[str, list[Finding]] = {}
    for result in outcome.results:
        if not result.success:
            config = result.expectation_config
            findings.setdefault(config.meta["rule"], []).append(_finding(result, config))
    return findings


def _finding(result: Any, config: Any) -> Finding:
    found: Mapping[str, Any] = result.result or {}
    places = tuple(int(row["place"]) for row in found.get("partial_unexpected_index_list") or [])
    column = str(config.kwargs.get("column", ""))
    if "unexpected_count" in found:
        return Finding(int(found["unexpected_count"]), places, column)
    observed = found.get("observed_value")
    exception = result.exception_info.get("exception_message") if result.exception_info else None
    trouble = f"{config.type} saw {observed}" if not exception else f"{config.type} could not run: {exception}"
    return Finding(1, places, column, trouble)
