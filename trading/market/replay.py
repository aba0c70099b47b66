"""Loads bars for a replay with nothing but numpy: the rules of the contract, applied bar by bar, without a report."""

from __future__ import annotations

import numpy as np

from trading.codes import ReasonCode
from trading.config import MarketSpec
from trading.errors import DataError
from trading.market.bar_contract import check_bar
from trading.market.bars import Bars, interval_ms, resample
from trading.market.continuity import MAX_DISCONTINUITY, discontinuity
from trading.market.gaps import fewest_bars, gap_share, missing_before
from trading.market.raw import RawBars
from trading.market.repair import repair
from trading.market.sources import check_interval, open_source, read_raw


def replay_bars(spec: MarketSpec, symbol: str, as_of_ms: int | None = None) -> Bars:
    """The same bars as :func:`trading.market.load.load_bars`, all of the history, refused at the first breach.

    Args:
        spec: source, interval, limits and repairs.
        symbol: one of the symbols.
        as_of_ms: nothing that closes later is seen; None is the source's end.

    Raises:
        DataError: with the code of the first rule that a bar, or the whole history, breaks.
    """
    raw = read_raw(open_source(spec, symbol), as_of_ms)
    check_interval(raw, spec)
    raw = repair(raw, spec)
    _refuse_unreadable(raw)
    _refuse_bad_bars(raw, spec)
    _refuse_bad_shares(raw, spec)
    bars = resample(raw.bars(), interval_ms(spec.interval))
    return bars if as_of_ms is None else bars.until(as_of_ms)


def _refuse_unreadable(raw: RawBars) -> None:
    for check in raw.checks:
        if not check.passed:
            raise DataError(check.code, f"{raw.symbol}: {check.message}", remedy=check.remedy)
    if raw.data.problem_count:
        first = raw.data.problems[0]
        raise DataError(
            ReasonCode.BARS_SCHEMA,
            f"{raw.symbol}: {raw.source}: {raw.data.problem_count} unreadable: {raw.data.row_word} {first.row} "
            f"{first}.",
            remedy="Correct or remove these rows at their source.",
        )
    if len(raw) < 2:
        raise DataError(
            ReasonCode.BARS_TOO_FEW,
            f"{raw.symbol}: {raw.source} holds {len(raw)} bars at this moment.",
            remedy="Use a longer file or a later as-of moment.",
        )


def _refuse_bad_bars(raw: RawBars, spec: MarketSpec) -> None:
    bars = raw.bars()
    previous: tuple[int, float] | None = None
    for index in range(len(bars)):
        row = bars.row(index)
        ts, close = previous if previous is not None else (None, None)
        breach = check_bar(ts, row, raw.interval, previous_close=close, max_jump=spec.max_jump)
        if breach is not None:
            message = f"{raw.symbol}: {raw.source} {raw.place(index)}: {breach.message}"
            raise DataError(breach.code, message, remedy=breach.remedy)
        previous = (row[0], row[4])


def _refuse_bad_shares(raw: RawBars, spec: MarketSpec) -> None:
    ratio = discontinuity(raw.column("open"), raw.column("close"))
    if ratio > MAX_DISCONTINUITY:
        raise DataError(
            ReasonCode.BARS_SCHEMA,
            f"{raw.symbol}: {raw.source}: open and close are swapped.",
            remedy="Name the columns as what they hold.",
        )
    missing = missing_before(raw.ts, raw.interval, spec)
    if len(raw) < fewest_bars(missing, spec.max_gap_share) and spec.on_gap != "allow":
        raise DataError(
            ReasonCode.BARS_GAPS,
            f"{raw.symbol}: {raw.source}: {gap_share(missing):.2%} of bars are missing, at most "
            f"{spec.max_gap_share:.2%} may.",
            remedy='Fill the file, or set market.on_gap, market.max_gap_share or market.session = "exchange".',
        )
    zero = float(np.mean(raw.column("volume") == 0))
    if zero > spec.max_zero_volume_share:
        raise DataError(
            ReasonCode.BARS_ZERO_VOLUME,
            f"{raw.symbol}: {raw.source}: {zero:.2%} of bars have no volume, at most "
            f"{spec.max_zero_volume_share:.2%} may.",
            remedy="Use a more liquid market or a longer source interval, or raise market.max_zero_volume_share.",
        )
