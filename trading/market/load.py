"""Loads one symbol's bars as of a moment: source, repair, contract, quality; a breach ends in quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from trading.canonical import sha256
from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import Bars, resample
from trading.market.contract.quality import quality
from trading.market.contract.quarantine import quarantine_file, repair_as_json
from trading.market.contract.repair import repair
from trading.market.contract.suite import check_contract
from trading.market.raw import Columns, RawBars
from trading.market.sources.opening import (
    FILE_FAULTS,
    Source,
    check_interval,
    end_of,
    identity,
    last_midnight,
    open_source,
    read_bytes,
    read_columns,
    read_raw,
)
from trading.moments import END_MS, interval_ms, moment_text
from trading.results import CheckResult, blocking_failures
from trading.settings.models import MarketSpec

# Fewer traded bars than this cannot fill warm-up and splits of any night.
MIN_TRADED_BARS = 500


class LoadReport(BaseModel):
    """What was read, what was repaired, and what every check saw."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    symbol: str
    source: str
    raw_digest: str
    as_of_ms: int
    source_interval_ms: int
    rows_visible: int
    rows_used: int
    traded_bars: int
    first_ts: int
    last_ts: int
    repairs: tuple[dict[str, Any], ...]
    checks: tuple[CheckResult, ...]


@dataclass(frozen=True, eq=False)
class LoadedBars:
    """Bars that keep the contract, and the evidence for it.

    Attributes:
        bars: at the traded interval, oldest first, none that closes after ``report.as_of_ms``.
        raw_digest: identity of the source, as :func:`trading.market.sources.opening.identity` gives it.
        report: counts, repairs and check results; JSON by ``report.model_dump(mode="json")``.
    """

    bars: Bars
    raw_digest: str
    report: LoadReport


def load_bars(
    spec: MarketSpec,
    symbol: str,
    as_of_ms: int | None,
    quarantine: Path,
    min_bars: int = MIN_TRADED_BARS,
) -> LoadedBars:
    """Read, repair as asked, check, resample to the traded interval and cut to the history wanted.

    Args:
        spec: source, interval, limits and repairs.
        symbol: one of the symbols.
        as_of_ms: nothing that closes later is seen; None is the end of a file, the last midnight UTC of the embedded
            market.
        quarantine: folder for files that breach the contract.
        min_bars: fewest traded bars that are of use.

    Raises:
        DataError: with the code of the first rule that failed; the file then lies in quarantine with a report. Also if
            the source is unknown or missing, has the wrong interval or too few bars, without quarantine.
    """
    source = open_source(spec, symbol)
    columns, digest = _open(source, quarantine)
    as_of = _moment(source, as_of_ms, columns)
    raw = read_raw(source, as_of, columns)
    check_interval(raw, spec)
    repaired = repair(raw, spec)
    checks = check_contract(repaired, spec)
    failed = blocking_failures(checks)
    if failed and (len(repaired) or repaired.data.problem_count):
        folder = quarantine_file(quarantine, symbol, digest, source.path, checks, repaired.repairs)
        raise _breach(symbol, failed, folder)
    bars = resample(repaired.bars(), interval_ms(spec.interval)).until(as_of)
    if len(bars) < max(min_bars, 1):
        raise _too_few(symbol, bars, spec, as_of, repaired, max(min_bars, 1))
    bars = bars.slice(max(len(bars) - spec.history_bars, 0))
    report = LoadReport(
        symbol=symbol,
        source=source.name,
        raw_digest=digest,
        as_of_ms=as_of,
        source_interval_ms=repaired.interval,
        rows_visible=len(raw),
        rows_used=len(repaired),
        traded_bars=len(bars),
        first_ts=int(bars.ts[0]),
        last_ts=int(bars.ts[-1]),
        repairs=tuple(repair_as_json(step) for step in repaired.repairs),
        checks=(*checks, *quality(repaired, spec, as_of)),
    )
    return LoadedBars(bars, digest, report)


def _open(source: Source, quarantine: Path) -> tuple[Columns | None, str]:
    """The columns of a file and the digest of the very bytes they came from; no columns for the embedded market."""
    if source.path is None:
        return None, identity(source)
    data = read_bytes(source.path, source.symbol)
    digest = sha256(data)
    try:
        return read_columns(source, data), digest
    except DataError as error:
        if error.code not in FILE_FAULTS:
            raise
        check = CheckResult(name="schema", passed=False, code=error.code, message=error.message, remedy=error.remedy)
        folder = quarantine_file(quarantine, source.symbol, digest, source.path, [check])
        raise _breach(source.symbol, [check], folder) from error


def _moment(source: Source, as_of_ms: int | None, columns: Columns | None) -> int:
    if as_of_ms is not None:
        return as_of_ms
    if columns is None:
        return last_midnight()
    end = end_of(source, columns)
    # Without one readable time there is nothing to hide; the contract says what is wrong with the rows.
    return END_MS if end is None else end


def _breach(symbol: str, failed: Sequence[CheckResult], folder: Path) -> DataError:
    first, others = failed[0], [str(check.code) for check in failed[1:]]
    also = f" Also {', '.join(others)}." if others else ""
    return DataError(
        first.code,
        f"{symbol}: {first.message}{also} Nothing was imported; the file is in quarantine with a report: {folder}.",
        remedy=first.remedy,
        symbol=symbol,
        quarantine=str(folder),
        checks=[check.model_dump(mode="json") for check in failed],
    )


def _too_few(symbol: str, bars: Bars, spec: MarketSpec, as_of_ms: int, raw: RawBars, min_bars: int) -> DataError:
    kept = "".join(f" {step.message[0].upper()}{step.message[1:]}." for step in raw.repairs)
    return DataError(
        ReasonCode.BARS_TOO_FEW,
        f"{symbol}: {raw.source} gives {len(bars)} bars of {spec.interval} as of {moment_text(as_of_ms)}, at least "
        f"{min_bars} are needed.{kept}",
        remedy="Use a longer file, a shorter market.interval or a later as-of moment.",
        symbol=symbol,
        bars=len(bars),
        needed=min_bars,
    )
