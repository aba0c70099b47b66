"""Nights that stopped with an error, kept as small files, as no registry has a version of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from trading.canonical import canonical_json, parse_json, write_atomic
from trading.moments import datetime_ms, moment_iso
from trading.night.report import NightFailure, NightReport
from trading.settings.locations import locations
from trading.settings.models import RuntimeSpec, plain_symbol
from trading.values import Frozen


class FailedNight(Frozen):
    """A night that stopped.

    Attributes:
        at_ms: when it stopped, UTC milliseconds.
        symbol: the market.
        as_of: moment of the night, ISO 8601; empty if it was the end of the source.
        failure: why.
    """

    at_ms: int
    symbol: str
    as_of: str
    failure: NightFailure


def note_failures(runtime: RuntimeSpec, reports: Sequence[NightReport], as_of: datetime | None) -> int:
    """Keep a file for every night that failed; return how many did.

    Args:
        runtime: where state lies.
        reports: of every symbol.
        as_of: moment of the night, or None for the end of the source.
    """
    now = datetime_ms(datetime.now(UTC))
    failed = [report for report in reports if report.failure is not None]
    for report in failed:
        assert report.failure is not None
        moment = "" if as_of is None else moment_iso(datetime_ms(as_of))
        night = FailedNight(at_ms=now, symbol=report.symbol, as_of=moment, failure=report.failure)
        name = f"{now}-{plain_symbol(report.symbol)}.json"
        write_atomic(_folder(runtime) / name, canonical_json(night.model_dump(mode="json")))
    return len(failed)


def failed_nights(runtime: RuntimeSpec, since_ms: int) -> list[FailedNight]:
    """The nights that failed since a moment, oldest first.

    Args:
        runtime: where state lies.
        since_ms: UTC milliseconds.
    """
    files = sorted(_folder(runtime).glob("*.json"))
    nights = [FailedNight.model_validate(parse_json(file.read_bytes())) for file in files]
    return [night for night in nights if night.at_ms >= since_ms]


def _folder(runtime: RuntimeSpec) -> Path:
    return locations(runtime).home / "failures"
