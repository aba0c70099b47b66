"""Moments and lengths of time: one grammar to read them and one form to write them, for every option and message.

A moment is UTC milliseconds since 1970 inside the platform. Outside it is read from an ISO date or time, which is UTC
unless it says otherwise, or from epoch seconds or milliseconds; and it is written for people with its zone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from operator import index
from typing import SupportsIndex, overload

from trading.codes import ReasonCode
from trading.errors import ConfigError

Moment = datetime | str | None
"""What a person or a flow may give as a moment; None is whatever the option says when it is left out."""

DAY_MS = 86_400_000

EARLIEST_YEAR, LATEST_YEAR = 1980, 2099
EARLIEST_MS = 315_532_800_000
"""The first moment there is: within the allowed years epoch seconds and finer units cannot be mistaken."""
END_MS = 4_102_444_800_000
"""Later than every moment there is, so that "until then" means everything."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_UNITS_MS = {"d": DAY_MS, "h": 3_600_000, "m": 60_000, "s": 1_000}
_REMEDY = "Write for example 2026-11-20, 2026-11-20T18:00 (UTC), 2026-11-20T18:00+02:00, or epoch seconds."


@overload
def moment_ms(when: datetime | str, *, option: str) -> int: ...
@overload
def moment_ms(when: None, *, option: str) -> None: ...
@overload
def moment_ms(when: Moment, *, option: str) -> int | None: ...
def moment_ms(when: Moment, *, option: str) -> int | None:
    """A moment as UTC milliseconds; what is finer than a millisecond is cut off.

    >>> moment_ms("2026-11-20", option="--as-of")
    1795132800000
    >>> moment_ms("2026-11-20T02:00+02:00", option="--as-of") == moment_ms("1795132800", option="--as-of")
    True

    Args:
        when: ISO date or time, UTC unless it says otherwise; epoch seconds or milliseconds in digits; a datetime, UTC
            if it has no zone; or None.
        option: what the moment was given as, for the error: ``--from``.

    Returns:
        Milliseconds since 1970 UTC; None for None.

    Raises:
        ConfigError: if it cannot be read, or lies outside the allowed years.
    """
    if when is None:
        return None
    found = datetime_ms(when) if isinstance(when, datetime) else _text_ms(when.strip())
    if found is None:
        raise _refused(option, when, "is not a date or time")
    if not EARLIEST_MS <= found < END_MS:
        raise _refused(option, when, f"is not between the years {EARLIEST_YEAR} and {LATEST_YEAR}")
    return found


def moment_time(when: Moment, *, option: str) -> datetime | None:
    """A moment as a datetime with its zone; None for None.

    Args:
        when: as :func:`moment_ms` reads it.
        option: what the moment was given as, for the error.

    Raises:
        ConfigError: if it cannot be read, or lies outside the allowed years.
    """
    found = moment_ms(when, option=option)
    return None if found is None else _EPOCH + found * _MILLISECOND


def datetime_ms(when: datetime) -> int:
    """Whole milliseconds since 1970 UTC of a datetime; one without a zone is UTC.

    Args:
        when: of any zone.
    """
    return ((when.replace(tzinfo=UTC) if when.tzinfo is None else when) - _EPOCH) // _MILLISECOND


def iso_ms(text: str) -> int:
    """Milliseconds since 1970 UTC of an ISO date or time, which may also end in ``UTC``.

    >>> iso_ms("2023-11-14 22:13:20 UTC")
    1700000000000

    Args:
        text: for example ``2026-11-20T18:00+02:00``.

    Raises:
        ValueError: if the text is no ISO date or time.
    """
    if text.upper().endswith("UTC"):
        text = f"{text[:-3].rstrip()}+00:00"
    return datetime_ms(datetime.fromisoformat(text))


def moment_text(ts_ms: SupportsIndex) -> str:
    """A moment as people read it, with seconds and milliseconds only where they are not zero.

    >>> moment_text(1_699_999_980_000)
    '2023-11-14 22:13 UTC'
    >>> moment_text(1_700_000_000_250)
    '2023-11-14 22:13:20.250 UTC'

    Args:
        ts_ms: milliseconds since 1970 UTC; a number that is no time of the calendar is shown as it is.
    """
    ms = index(ts_ms)
    try:
        when = _EPOCH + ms * _MILLISECOND
    except OverflowError:
        return f"{ms} ms after 1970 UTC"
    text = when.strftime("%Y-%m-%d %H:%M")
    if ms % 60_000:
        text += when.strftime(":%S")
    if ms % 1_000:
        text += f".{ms % 1_000:03d}"
    return f"{text} UTC"


def moment_iso(ts_ms: SupportsIndex) -> str:
    """A moment to the minute in ISO form, as model cards and tags keep it.

    >>> moment_iso(1_700_000_000_000)
    '2023-11-14T22:13+00:00'

    Args:
        ts_ms: milliseconds since 1970 UTC, of a year that the calendar has.
    """
    return (_EPOCH + index(ts_ms) * _MILLISECOND).isoformat(timespec="minutes")


def duration_text(ms: SupportsIndex) -> str:
    """A length of time as people read it, in the largest unit that divides it.

    >>> [duration_text(ms) for ms in (250, 90_000, 900_000, 86_400_000)]
    ['250 ms', '90 s', '15 m', '1 d']

    Args:
        ms: milliseconds.
    """
    count = index(ms)
    for unit, size in _UNITS_MS.items():
        if count >= size and count % size == 0:
            return f"{count // size} {unit}"
    return f"{count} ms"


def interval_ms(text: str) -> int:
    """Milliseconds of an interval as settings name it.

    >>> interval_ms("15m")
    900000

    Args:
        text: a whole number followed by s, m, h or d.

    Raises:
        ConfigError: ``BARS_INTERVAL`` if it is written in another way.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,8})([smhd])", text)
    if match is None:
        raise ConfigError(
            ReasonCode.BARS_INTERVAL,
            f"interval {text!r} is not a number followed by s, m, h or d.",
            remedy="Write for example 15m or 1h.",
        )
    return int(match[1]) * _UNITS_MS[match[2]]


def interval_text(ms: SupportsIndex) -> str:
    """An interval as settings name it, which :func:`interval_ms` reads back.

    >>> interval_text(900_000)
    '15m'

    Args:
        ms: milliseconds.

    Raises:
        ConfigError: ``BARS_INTERVAL`` if it is not a whole number of seconds, at least one.
    """
    count = index(ms)
    if count < 1_000 or count % 1_000:
        raise ConfigError(
            ReasonCode.BARS_INTERVAL,
            f"an interval of {count} ms is not a whole number of seconds.",
            remedy="Use bars of whole seconds, minutes, hours or days.",
        )
    return duration_text(count).replace(" ", "")


def _text_ms(text: str) -> int | None:
    """Milliseconds of a moment's text, in or out of the allowed years; None if it is no moment at all."""
    # Fewer digits are no epoch number of an allowed year; eight are a date without hyphens.
    if re.fullmatch(r"[0-9]{9,18}", text):
        number = int(text)
        return number * 1_000 if EARLIEST_MS <= number * 1_000 < END_MS else number
    try:
        return iso_ms(text)
    except ValueError:
        return None


def _refused(option: str, when: datetime | str, what: str) -> ConfigError:
    shown = repr(when) if isinstance(when, str) else str(when)
    return ConfigError(ReasonCode.CONFIG_INVALID, f"{option} {shown} {what}.", remedy=_REMEDY)
