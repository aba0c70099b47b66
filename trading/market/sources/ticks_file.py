"""Trades in a CSV or Parquet file, joined to bars on the UTC grid after the trades are checked: ``ticks:PATH``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trading.codes import ReasonCode
from trading.market.raw import Columns, RawBars, Repair
from trading.market.sources.csv_file import read_csv
from trading.market.sources.files import FileSource
from trading.market.sources.layout import TRADES
from trading.market.sources.parquet_file import PARQUET_ENDINGS, read_parquet
from trading.moments import interval_ms, moment_text
from trading.results import CheckResult
from trading.settings.models import MarketSpec

_NAMED = 20


class TicksSource(FileSource):
    """A file of trades, CSV or Parquet by its ending; see :class:`trading.market.sources.files.FileSource`."""

    def parse(self, data: bytes) -> Columns:
        """The columns of the trades."""
        read = read_parquet if self.name.lower().endswith(PARQUET_ENDINGS) else read_csv
        return read(data, TRADES, self.name)

    def closes_ms(self, last_ms: int, columns: Columns) -> int:
        """The time of the last trade."""
        return last_ms

    def bars(self, columns: Columns, until_ms: int) -> RawBars:
        """The traded interval's bars."""
        return bars_from_trades(
            columns,
            interval=interval_ms(self.spec.interval),
            symbol=self.symbol,
            source=self.name,
            spec=self.spec,
            until_ms=until_ms,
        )


def bars_from_trades(
    trades: Columns, *, interval: int, symbol: str, source: str, spec: MarketSpec, until_ms: int
) -> RawBars:
    """Bars of the trades before a moment.

    A bar exists where at least one trade falls into it, so an interval without a trade is a gap, not an invented bar.
    The last bar counts only once a later trade of the file shows that it has closed. The first bar holds what the file
    holds of it. Trades that fail a check are left out, and the failed check stops the load.

    Args:
        trades: columns ``price`` and ``volume``, in file order; trades at the same millisecond are normal.
        interval: milliseconds of the bars.
        symbol: the name of the market.
        source: what the trades came from, for messages.
        spec: ``on_unsorted=sort`` puts trades in order of time, keeping the order of equal times.
        until_ms: only bars that have closed by then.
    """
    last_ms = int(trades.ts.max()) if len(trades.ts) else 0
    visible = trades.before(until_ms)
    repairs: list[Repair] = []
    if spec.on_unsorted == "sort" and _backward(visible).any():
        backward = _backward(visible)
        rows = tuple(visible.rows[backward][:_NAMED].tolist())
        message = f"{int(backward.sum())} trades went back in time and were sorted"
        repairs.append(Repair("on_unsorted=sort", int(backward.sum()), message, rows))
        visible = visible.take(np.argsort(visible.ts, kind="stable"))
    checks, good = _check(visible, source)
    clean = visible.take(good)
    bucket = clean.ts // interval
    starts = np.flatnonzero(np.r_[True, np.diff(bucket) != 0]) if len(bucket) else np.empty(0, dtype=np.int64)
    ends = np.r_[starts[1:], len(bucket)] - 1 if len(bucket) else starts
    price, volume = clean.values["price"], clean.values["volume"]
    columns = Columns(
        ts=bucket[starts] * interval,
        values={
            "open": price[starts],
            "high": np.maximum.reduceat(price, starts) if len(starts) else price,
            "low": np.minimum.reduceat(price, starts) if len(starts) else price,
            "close": price[ends],
            "volume": np.add.reduceat(volume, starts) if len(starts) else volume,
        },
        rows=clean.rows[starts],
        problems=visible.problems,
        problem_count=visible.problem_count,
        row_word=f"trades from {visible.row_word}",
        ends_complete=visible.ends_complete,
    )
    closed = columns.take(columns.ts + interval <= min(until_ms, last_ms))
    return RawBars(symbol, source, interval, closed, tuple(checks), tuple(repairs))


def _check(trades: Columns, source: str) -> tuple[list[CheckResult], NDArray[np.bool_]]:
    price, volume = trades.values["price"], trades.values["volume"]
    # A cell that could not be read is NaN here and already named as a problem of the schema.
    named = {problem.row for problem in trades.problems}
    unread = np.isin(trades.rows, np.fromiter(named, dtype=np.int64, count=len(named)))
    finite = np.isfinite(price) & np.isfinite(volume)
    positive = ~finite | ((price > 0) & (volume >= 0))
    backward = _backward(trades)
    checks = [
        _result(
            "trades_finite",
            ~finite & ~unread,
            trades,
            source,
            ReasonCode.BARS_NOT_FINITE,
            "a price or volume is not finite",
            "Remove or correct these trades.",
        ),
        _result(
            "trades_positive",
            ~positive,
            trades,
            source,
            ReasonCode.BARS_NOT_POSITIVE,
            "a price is not positive or a volume is negative",
            "Remove or correct these trades; a seller's trade has a positive volume too.",
        ),
        _result(
            "trades_in_order",
            backward,
            trades,
            source,
            ReasonCode.BARS_NOT_INCREASING,
            "the time goes back",
            'Sort the file by time, or set market.on_unsorted = "sort".',
        ),
    ]
    return checks, finite & positive & ~backward


def _result(
    name: str, bad: NDArray[np.bool_], trades: Columns, source: str, code: ReasonCode, what: str, remedy: str
) -> CheckResult:
    count = int(bad.sum())
    if count == 0:
        return CheckResult(name=name, passed=True, observed=0, threshold=0, message=f"{len(bad)} trades checked.")
    rows = [
        {
            "row": int(trades.rows[at]),
            "ts": moment_text(trades.ts[at]),
            "price": repr(float(trades.values["price"][at])),
            "volume": repr(float(trades.values["volume"][at])),
        }
        for at in np.flatnonzero(bad)[:_NAMED].tolist()
    ]
    first = rows[0]
    shown = f"{first['ts']} price {first['price']} volume {first['volume']}"
    more = f", and {count - 1} more" if count > 1 else ""
    return CheckResult(
        name=name,
        passed=False,
        observed=count,
        threshold=0,
        code=code,
        message=f"{source} {trades.row_word} {first['row']}: {what}: {shown}{more}.",
        remedy=remedy,
        evidence={"rows": rows},
    )


def _backward(trades: Columns) -> NDArray[np.bool_]:
    return np.r_[False, np.diff(trades.ts) < 0][: len(trades.ts)]
