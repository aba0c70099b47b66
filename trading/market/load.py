"""Loads one symbol's bars as of a moment: source, hours, repair, contract, funding, quality; or quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trading.codes import ReasonCode
from trading.errors import DataError
from trading.market.bars import Bars, resample
from trading.market.closed_hours import within_hours
from trading.market.contract.funding import check_coverage, read_events, require_one_funding
from trading.market.contract.quality import check_quality
from trading.market.contract.quarantine import quarantine_file, repair_as_json
from trading.market.contract.repair import repair
from trading.market.contract.suite import check_contract
from trading.market.funding import FundingEvents, with_funding
from trading.market.raw import RawBars, Repair
from trading.market.sources.base import DATA_FAULTS, Source
from trading.market.sources.funding_file import FundingFile, open_funding
from trading.market.sources.holidays_file import open_hours
from trading.market.sources.table import open_source
from trading.moments import END_MS, duration_text, interval_ms, moment_text
from trading.results import CheckResult, blocking_failures
from trading.settings.models import MarketSpec
from trading.values import Frozen

# Fewer traded bars than this cannot fill warm-up and splits of any night.
MIN_TRADED_BARS = 500


class LoadReport(Frozen):
    """What was read, what was repaired, and what every check saw."""

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
        raw_digest: identity of the source, see :class:`trading.market.sources.base.Source`.
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
    """Read, leave out closed hours, repair, check, join to the traded interval, charge funding and cut the history.

    Args:
        spec: source, hours, funding, interval, limits and repairs.
        symbol: one of the symbols.
        as_of_ms: nothing that closes later is seen; None is the source's own end.
        quarantine: folder for files that breach the contract.
        min_bars: fewest traded bars that are of use.

    Raises:
        DataError: with the code of the first rule that failed; the file then lies in quarantine with a report. Also if
            the source is unknown or missing, has the wrong interval or too few bars, without quarantine.
        ConfigError: if the hours cannot be read.
    """
    hours = open_hours(spec, symbol)
    source = open_source(spec, symbol)
    digest = source.identity()
    as_of = _end_of(source) if as_of_ms is None else as_of_ms
    raw = _read(source, symbol, as_of, quarantine)
    _check_interval(raw, spec)
    repaired = repair(within_hours(raw, hours), spec)
    checks = check_contract(repaired, spec)
    if blocking_failures(checks) and (len(repaired) or repaired.data.problem_count):
        raise _refused(symbol, source, checks, quarantine, repaired.repairs)
    funding = open_funding(spec, symbol)
    events = None
    if funding is not None:
        require_one_funding(repaired)
        events, found = _read_funding(funding, symbol, as_of, quarantine)
        checks += found
    bars = resample(repaired.bars(), interval_ms(spec.interval)).until(as_of)
    if len(bars) < max(min_bars, 1):
        raise _too_few(symbol, bars, spec, as_of, repaired, max(min_bars, 1))
    # Charged before the cut: what falls into a gap there is owed by the bar after it.
    bars = bars if events is None else with_funding(bars, events)
    bars = bars.slice(max(len(bars) - spec.history_bars, 0))
    quality = check_quality(repaired, spec, as_of)
    if funding is not None and events is not None:
        quality.append(check_coverage(events, bars.ts, funding))
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
        checks=(*checks, *quality),
    )
    return LoadedBars(bars, digest, report)


def _end_of(source: Source) -> int:
    end = source.end_ms()
    # Without one readable time there is nothing to hide; the contract says what is wrong with the rows.
    return END_MS if end is None else end


def _read(source: Source, symbol: str, as_of_ms: int, quarantine: Path) -> RawBars:
    try:
        raw = source.read(as_of_ms)
    except DataError as error:
        if error.code not in DATA_FAULTS:
            raise
        check = CheckResult(name="schema", passed=False, code=error.code, message=error.message, remedy=error.remedy)
        raise _refused(symbol, source, [check], quarantine) from error
    last = int(raw.ts.max()) + raw.interval if len(raw) else as_of_ms
    if last > as_of_ms:
        raise DataError(
            ReasonCode.SOURCE_UNREADABLE,
            f"{symbol}: {source.name} was asked for bars until {moment_text(as_of_ms)} and gave one that closes at "
            f"{moment_text(last)}.",
            remedy="Correct the source: what closes later must stay out of sight.",
        )
    return raw


def _read_funding(
    file: FundingFile, symbol: str, as_of_ms: int, quarantine: Path
) -> tuple[FundingEvents, list[CheckResult]]:
    events, checks = read_events(file, as_of_ms)
    if blocking_failures(checks):
        raise _refused(symbol, file, checks, quarantine)
    return events, checks


def _check_interval(raw: RawBars, spec: MarketSpec) -> None:
    """Refuse a source whose bars cannot be joined into the traded ones."""
    wanted = interval_ms(spec.interval)
    if wanted % raw.interval:
        raise DataError(
            ReasonCode.BARS_INTERVAL,
            f"{raw.symbol}: {raw.source} has bars of {duration_text(raw.interval)}, which cannot make bars of "
            f"{duration_text(wanted)}.",
            remedy="Set market.interval to a multiple of the source's interval.",
        )


def _refused(
    symbol: str,
    source: Source | FundingFile,
    checks: list[CheckResult],
    quarantine: Path,
    repairs: Sequence[Repair] = (),
) -> DataError:
    """Keep a file that breaches the contract, with a report, and say what is wrong with it."""
    folder = quarantine_file(
        quarantine, symbol=symbol, digest=source.identity(), file=source.path, checks=checks, repairs=repairs
    )
    first, *others = blocking_failures(checks)
    also = f" Also {', '.join(str(check.code) for check in others)}." if others else ""
    kept = "a report is in quarantine" if source.path is None else "the file is in quarantine with a report"
    return DataError(
        first.code,
        f"{symbol}: {first.message}{also} Nothing was imported; {kept}: {folder}.",
        remedy=first.remedy,
        symbol=symbol,
        quarantine=str(folder),
        checks=[check.model_dump(mode="json") for check in (first, *others)],
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
