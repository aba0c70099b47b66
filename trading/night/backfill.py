"""Nights of the past in order: their moments, and what each of them ended with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.moments import Moment, datetime_ms, interval_ms, moment_iso, moment_text, moment_time
from trading.night.report import NightReport, headline, night_name
from trading.settings.models import SevengatesSettings
from trading.values import Measured

MOST_NIGHTS = 10_000


class BackfilledNight(Measured):
    """How the night of one moment ended.

    Attributes:
        as_of_ms: its moment, UTC milliseconds.
        reports: of every symbol.
    """

    as_of_ms: int
    reports: tuple[NightReport, ...]

    @property
    def result(self) -> str:
        """One word over all symbols."""
        return night_name(self.reports)

    @property
    def failed(self) -> bool:
        """Whether a symbol's night stopped with an error."""
        return any(report.status == "failed" for report in self.reports)

    def as_json(self) -> dict[str, Any]:
        """JSON data, in the form in which ``nightly`` prints one night."""
        return {
            "as_of": moment_iso(self.as_of_ms),
            "result": self.result,
            "nights": [report.as_json() for report in self.reports],
        }


def backfill_moments(start: Moment, stop: Moment, every: str) -> list[datetime]:
    """The moments of the nights, oldest first, both ends included if the steps meet them.

    >>> [moment.day for moment in backfill_moments("2026-01-30", "2026-02-02", "2d")]
    [30, 1]

    Args:
        start: of the first night.
        stop: no night is later.
        every: from one night to the next, such as ``1d``.

    Raises:
        ConfigError: if a moment or the step cannot be read, the order is wrong, or there are too many nights.
    """
    first, last = moment_time(start, option="--from"), moment_time(stop, option="--to")
    step = timedelta(milliseconds=interval_ms(every))
    if first is None or last is None or first > last:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"--from {start} --to {stop} is no period: the first moment has to come before the last.",
            remedy="Name both moments, the earlier one with --from.",
        )
    count = (last - first) // step + 1
    if count > MOST_NIGHTS:
        raise ConfigError(
            ReasonCode.CONFIG_INVALID,
            f"{moment_text(datetime_ms(first))} to {moment_text(datetime_ms(last))} every {every} is {count:,} nights, "
            f"at most {MOST_NIGHTS:,} are run at once.",
            remedy="Name a shorter period, or longer steps with --every.",
        )
    return [first + number * step for number in range(count)]


def backfilled(moment: datetime, reports: Sequence[NightReport]) -> BackfilledNight:
    """The night of a moment that has ended.

    Args:
        moment: of the night.
        reports: of every symbol.
    """
    return BackfilledNight(as_of_ms=datetime_ms(moment), reports=tuple(reports))


def backfill_name(nights: Sequence[BackfilledNight]) -> str:
    """One word over all nights: the failure if there is one, else the best that happened.

    Args:
        nights: that have ended.
    """
    return night_name([report for night in nights for report in night.reports])


def progress_line(done: int, count: int, night: BackfilledNight) -> str:
    """Where a backfill is, in a line.

    Args:
        done: nights that have ended, this one included.
        count: of all.
        night: that has just ended.
    """
    lines = " ".join(headline(report) for report in night.reports)
    return f"Night {done} of {count}, as of {moment_text(night.as_of_ms)}: {night.result}. {lines}"


def exit_code_of(nights: Sequence[BackfilledNight]) -> int:
    """What the command ends with: the code of the first failure, else 0.

    Args:
        nights: that have ended.
    """
    from trading.night.report import exit_code

    return exit_code([report for night in nights for report in night.reports])


def table_rows(nights: Sequence[BackfilledNight]) -> list[tuple[Any, ...]]:
    """One row a symbol and night: moment, symbol, result, version, Sharpe ratio, trades, and why.

    Args:
        nights: that have ended.
    """
    rows: list[tuple[Any, ...]] = []
    for night in nights:
        for report in night.reports:
            outcome, failure = report.outcome, report.failure
            why = outcome.reason if outcome is not None else "" if failure is None else failure.message
            rows.append(
                (
                    moment_text(night.as_of_ms),
                    report.symbol,
                    f"{report.status}, finished before" if report.repeated else report.status,
                    None if outcome is None else outcome.version,
                    report.metrics.get("sharpe"),
                    report.metrics.get("trades"),
                    why,
                )
            )
    return rows


def find_reports(settings: SevengatesSettings, as_of: Moment) -> list[NightReport] | None:
    """The reports of a night that is finished for every symbol, found without starting anything; else None.

    Args:
        settings: of the night.
        as_of: its moment; None is the end of the source.
    """
    from trading.errors import DataError
    from trading.night.report import find_report
    from trading.night.workspace import open_night

    reports: list[NightReport] = []
    for symbol in settings.market.symbols:
        try:
            report = find_report(open_night(settings, symbol, as_of))
        except DataError:
            # The flow meets the same error, reports it for this symbol, and goes on with the others.
            return None
        if report is None:
            return None
        reports.append(report)
    return reports
