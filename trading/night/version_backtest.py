"""A finished model over chosen bars: its test split unless others are named, and which of them it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from trading.arrays import Floats
from trading.codes import ReasonCode
from trading.engines.stream import model_lookback
from trading.errors import DataError
from trading.market.bars import Bars
from trading.market.sources.table import open_source
from trading.model.bundle import Bundle
from trading.model.lineage import Lineage
from trading.moments import Moment, moment_ms, moment_text
from trading.night.artifacts import numbers
from trading.night.review import bars_of, market_of
from trading.reports.assumptions import assumptions
from trading.settings.models import SevengatesSettings
from trading.simulation.backtest import BacktestResult, run_backtest

FEW_TRADES = 50
"""With fewer closed trades than this a Sharpe ratio is mostly luck; the report says so."""

Sample = Literal["out of sample", "in sample", "partly in sample", "unknown"]

PARTS = ("before training", "train", "validation", "gap", "test", "after the test")
"""Where a bar lies of those that a model was made and judged on; a gap stands between two splits."""
IN_SAMPLE = ("train", "validation")
UNKNOWN = "unknown"


class Span(NamedTuple):
    """What a person asked to trade; a moment that was not given is None.

    Attributes:
        start: first moment to trade.
        stop: no bar closes later.
        as_of: no bar that closes later is loaded at all.
    """

    start: Moment = None
    stop: Moment = None
    as_of: Moment = None


@dataclass(frozen=True, kw_only=True)
class BacktestReport:
    """A model's backtest over chosen bars.

    Attributes:
        symbol: the market.
        interval: length of the traded bar.
        model_name: registered model; empty for a bundle folder.
        version: in the registry; None for a bundle folder.
        bundle_digest: of what traded.
        tag: of its engine.
        decision: of its seven gates, when it was made.
        paper_only: whether that verdict allows paper trading only.
        first: when the first bar opens.
        last: when the last bar closes.
        bars: how many.
        sample: whether the model was fitted on these bars.
        in_sample_bars: how many of them it was trained or calibrated on.
        parts: number of bars by where they lie, see :data:`PARTS`.
        same_source: whether the source is, byte for byte, the one that the model was made from.
        few_trades: fewer than :data:`FEW_TRADES` trades were closed.
        metrics: see :mod:`trading.simulation.metrics`.
        ledger_sha256: of the trades.
        assumptions: of the simulation, one sentence each.
    """

    symbol: str
    interval: str
    model_name: str
    version: int | None
    bundle_digest: str
    tag: str
    decision: str
    paper_only: bool
    first: str
    last: str
    bars: int
    sample: Sample
    in_sample_bars: int
    parts: dict[str, int]
    same_source: bool
    few_trades: bool
    metrics: dict[str, float]
    ledger_sha256: str
    assumptions: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """JSON data; a number that is not finite is text."""
        return {**asdict(self), "metrics": numbers(self.metrics)}


@dataclass(frozen=True, eq=False)
class VersionBacktest:
    """A report, and the series behind it.

    Attributes:
        report: in numbers and words.
        result: equity and trades.
        close: shape (n,), price at the close of each traded bar.
        parts: shape (n,), where each traded bar lies.
    """

    report: BacktestReport
    result: BacktestResult
    close: Floats
    parts: tuple[str, ...]


def backtest_bundle(
    settings: SevengatesSettings,
    bundle: Bundle,
    span: Span = Span(),  # noqa: B008  # a frozen value
    *,
    model_name: str = "",
    version: int | None = None,
) -> VersionBacktest:
    """Trade a bundle over bars of the settings' source, by default over the test split that it was judged on.

    Only a start means: from there to the end of the source. Only an end, or only a moment of the data: from the start
    of the test split. A bundle of release 0.1 does not say what its splits were; it is traded from the end of its
    warm-up, and the report says that nobody knows which bars it was trained on.

    Args:
        settings: the market.
        bundle: the model.
        span: what to trade.
        model_name: registered model it is a version of.
        version: in the registry.

    Raises:
        DataError: if the bars breach the contract or fewer than two are left to trade.
        ConfigError: if a moment cannot be read.
    """
    spec, lineage = bundle.model.spec, bundle.lineage
    start, stop = moment_ms(span.start, option="--from"), moment_ms(span.stop, option="--to")
    as_of = moment_ms(span.as_of, option="--as-of")
    tested = lineage.ranges.get("test")
    nothing_asked = start is None and stop is None and as_of is None
    if nothing_asked and tested is not None:
        # As of the night, so that the history before the split, which warms features up, is the night's own.
        as_of, stop = lineage.as_of_ms, tested[1]
    if start is None and tested is not None:
        start = tested[0]
    limits = [moment for moment in (as_of, stop) if moment is not None]
    bars = bars_of(settings, bundle, as_of if nothing_asked else min(limits, default=None))
    if stop is not None:
        bars = bars.until(stop)
    first = max(model_lookback(bundle.model), 0 if start is None else int(np.searchsorted(bars.ts, start)))
    if len(bars) - first < 2:
        raise _nothing_to_trade(bars, first, lineage)
    result = run_backtest(bundle.model, bars, first)
    where = parts_of_bars(lineage, bars, first)
    counts = {name: where.count(name) for name in (*PARTS, UNKNOWN) if name in where}
    market = market_of(settings, bundle)
    report = BacktestReport(
        symbol=spec.symbol,
        interval=lineage.interval,
        model_name=model_name,
        version=version,
        bundle_digest=bundle.digest,
        tag=spec.engine.tag,
        decision=bundle.decision,
        paper_only=bundle.paper_only and bundle.approved,
        first=moment_text(int(bars.ts[first])),
        last=moment_text(int(bars.ts[-1]) + bars.interval),
        bars=len(bars) - first,
        sample=_sample(counts),
        in_sample_bars=sum(counts.get(name, 0) for name in IN_SAMPLE),
        parts=counts,
        same_source=open_source(market, spec.symbol).identity() == lineage.data.get("source"),
        few_trades=not result.metrics["trades"] >= FEW_TRADES,
        metrics=dict(result.metrics),
        ledger_sha256=result.ledger_sha256,
        assumptions=tuple(assumptions(spec)),
    )
    return VersionBacktest(report, result, bars.close[first:], where)


def sample_line(report: BacktestReport) -> str:
    """Whether the model has seen these bars, in one sentence.

    Args:
        report: of a backtest.
    """
    if report.sample == "unknown":
        return (
            "UNKNOWN SAMPLE: a bundle of release 0.1 does not say which bars it was trained on; these numbers may be "
            "flattered."
        )
    if report.in_sample_bars:
        return (
            f"IN SAMPLE: {report.in_sample_bars:,} of {report.bars:,} bars were used to train or calibrate this model; "
            "these numbers flatter it and prove nothing."
        )
    places = " and ".join(f"{count:,} bars {_PLACES[name]}" for name, count in report.parts.items())
    return f"Out of sample: {places}."


def parts_of_bars(lineage: Lineage, bars: Bars, first: int) -> tuple[str, ...]:
    """Where each bar from a position on lies: in a split, in a gap, or outside; all unknown if the lineage has none.

    Args:
        lineage: of the model.
        bars: of its market.
        first: position of the first bar that is asked about.
    """
    ranges: Mapping[str, tuple[int, int]] = lineage.ranges
    opens = bars.ts[first:]
    if not ranges:
        return (UNKNOWN,) * len(opens)
    where = np.full(len(opens), "gap", dtype=object)
    where[opens < ranges["train"][0]] = "before training"
    where[opens >= ranges["test"][1]] = "after the test"
    for name, (begin, end) in ranges.items():
        where[(opens >= begin) & (opens < end)] = name
    return tuple(where.tolist())


_PLACES = {
    "before training": "from before its training",
    "gap": "from the gap between two splits",
    "test": "of the test split that the gates judged",
    "after the test": "that its night did not see",
}


def _sample(counts: Mapping[str, int]) -> Sample:
    if UNKNOWN in counts:
        return "unknown"
    seen = [name in IN_SAMPLE for name in counts]
    if all(seen):
        return "in sample"
    return "partly in sample" if any(seen) else "out of sample"


def _nothing_to_trade(bars: Bars, first: int, lineage: Lineage) -> DataError:
    tested = lineage.ranges.get("test")
    where = f" Its test split is {moment_text(tested[0])} to {moment_text(tested[1])}." if tested else ""
    return DataError(
        ReasonCode.BARS_TOO_FEW,
        f"{bars.symbol}: {len(bars)} bars from {moment_text(int(bars.ts[0]))} to "
        f"{moment_text(int(bars.ts[-1]) + bars.interval)} leave {max(len(bars) - first, 0)} to trade after warm-up and "
        f"start.{where}",
        remedy="Name the source that the model was made from with --source, another period with --from and --to, or a "
        "longer market.history_bars.",
    )
