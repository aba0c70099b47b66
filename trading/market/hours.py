"""The hours in which a market trades: read from text, and asked when it is open, with daylight saving of its zone.

Hours are what clocks on the wall show in the zone: a moment is open if its local weekday and time lie in a range and
its local date is no holiday. A range holds its beginning and not its end; one that ends no later than it begins goes on
into the next day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
from numpy.typing import NDArray

from trading.arrays import Ints
from trading.codes import ReasonCode
from trading.errors import ConfigError
from trading.moments import DAY_MS, EARLIEST_MS, END_MS

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUTE_MS = 60_000
_DAY_MINUTES = 1_440
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY = date(1970, 1, 1).weekday()
_EXAMPLE = "Mon-Fri 09:30-16:00 America/New_York"
_RANGE = re.compile(r"(?P<days>\S+)\s+(?P<begin>\d\d:\d\d)-(?P<end>\d\d:\d\d)\s+(?P<zone>\S+)")


@dataclass(frozen=True)
class OpenRange:
    """A stretch of time on some days of every week.

    Attributes:
        days: on which it begins, 0 is Monday; increasing.
        begin: minutes after local midnight.
        end: the same, up to 1440; not over ``begin`` if it lies on the next day.
    """

    days: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Hours:
    """When a market is open.

    Attributes:
        zone: name of its time zone, in which ranges and holidays are told.
        ranges: at least one; they may overlap.
        holidays: local dates on which it is closed from midnight to midnight.
    """

    zone: str
    ranges: tuple[OpenRange, ...]
    holidays: tuple[date, ...] = ()

    def __str__(self) -> str:
        return "; ".join(f"{_days_text(part.days)} {_times_text(part)} {self.zone}" for part in self.ranges)


def parse_hours(text: str, holidays: Iterable[date] = ()) -> Hours:
    """Hours from their text; ``str`` of them is a text of the same hours.

    >>> str(parse_hours("sun-thu 17:00-16:00 America/Chicago"))
    'Mon-Thu,Sun 17:00-16:00 America/Chicago'

    Args:
        text: ranges joined by semicolons, each of days, times and zone: ``Mon-Fri 09:30-16:00 America/New_York``.
        holidays: local dates on which the market is closed.

    Raises:
        ConfigError: if the text is something else, or names two zones.
    """
    ranges: list[OpenRange] = []
    zones: dict[str, None] = {}
    for part in text.split(";"):
        found = _RANGE.fullmatch(part.strip())
        if found is None:
            raise _refused(text, f"{part.strip()!r} is no range of hours: expected days, times as HH:MM-HH:MM and zone")
        begin, end = _minutes(found["begin"], text), _minutes(found["end"], text)
        if begin in (end, _DAY_MINUTES):
            raise _refused(text, f"{found['begin']}-{found['end']} is no stretch of a day: a whole day is 00:00-24:00")
        # Midnight at the end of a day is 24:00 of it.
        ranges.append(OpenRange(_parse_days(found["days"], text), begin, end or _DAY_MINUTES))
        zones[_zone_name(found["zone"], text)] = None
    if len(zones) > 1:
        raise _refused(text, f"the zones {' and '.join(zones)} differ: tell all ranges in one zone")
    return Hours(next(iter(zones)), tuple(ranges), tuple(sorted(set(holidays))))


def is_open(hours: Hours, ts: Ints) -> NDArray[np.bool_]:
    """Whether the market is open at each moment, shape (n,); outside the years 1980 to 2099 it is not.

    Args:
        hours: of the market.
        ts: shape (n,), UTC milliseconds in any order.
    """
    if len(ts) == 0:
        return np.zeros(0, dtype=np.bool_)
    starts, ends = open_spans(hours, int(ts.min()), int(ts.max()) + 1)
    if len(starts) == 0:
        return np.zeros(len(ts), dtype=np.bool_)
    at = np.searchsorted(starts, ts, side="right") - 1
    return (at >= 0) & (ts < ends[np.maximum(at, 0)])


def count_open(hours: Hours, begins: Ints, ends: Ints, interval: int) -> Ints:
    """How many bars could open from each beginning until before each end while the market is open, shape (n,).

    Args:
        hours: of the market.
        begins: shape (n,), UTC milliseconds.
        ends: shape (n,), UTC milliseconds; one before its beginning counts nothing.
        interval: milliseconds of a bar; bars open at its multiples.
    """
    if len(begins) == 0:
        return np.zeros(0, dtype=np.int64)
    starts, stops = open_spans(hours, int(begins.min()), int(ends.max()))
    if len(starts) == 0:
        return np.zeros(len(begins), dtype=np.int64)
    first, last = -(-starts // interval), -(-stops // interval)
    before = np.r_[0, np.cumsum(last - first)]

    def opened_until(moments: Ints) -> Ints:
        at = np.searchsorted(starts, moments, side="right") - 1
        within = np.minimum(-(-moments // interval), last[at]) - first[at]
        return np.where(at >= 0, before[at] + within, 0)

    return np.maximum(opened_until(ends) - opened_until(begins), 0)


def open_spans(hours: Hours, begin_ms: int, end_ms: int) -> tuple[Ints, Ints]:
    """The stretches between two moments in which the market is open: their beginnings and ends, UTC milliseconds.

    They are in order, apart from each other, and within the years 1980 to 2099.

    Args:
        hours: of the market.
        begin_ms: UTC milliseconds.
        end_ms: UTC milliseconds.
    """
    week = list(_parts_of_days(hours.ranges))
    holidays = np.array([day.toordinal() - _EPOCH_DAY for day in hours.holidays], dtype=np.int64)
    parts: list[Ints] = [np.empty((2, 0), dtype=np.int64)]
    for since, until, offset in _offsets(hours.zone, max(begin_ms, EARLIEST_MS), min(end_ms, END_MS)):
        days = np.arange((since + offset) // DAY_MS, (until - 1 + offset) // DAY_MS + 1, dtype=np.int64)
        days = days[~np.isin(days, holidays)]
        for weekday, first, last in week:
            midnights = days[(days + _EPOCH_WEEKDAY) % 7 == weekday] * DAY_MS - offset
            parts.append(np.array([np.maximum(midnights + first, since), np.minimum(midnights + last, until)]))
    starts, ends = np.concatenate(parts, axis=1)
    order = np.argsort(starts, kind="stable")
    order = order[starts[order] < ends[order]]
    if len(order) == 0:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    starts, reach = starts[order], np.maximum.accumulate(ends[order])
    apart = np.flatnonzero(np.r_[True, starts[1:] > reach[:-1]])
    return starts[apart], reach[np.r_[apart[1:] - 1, len(reach) - 1]]


def _parts_of_days(ranges: Iterable[OpenRange]) -> Iterator[tuple[int, int, int]]:
    """Weekday, beginning and end in milliseconds after midnight of everything that lies within one day."""
    for part in ranges:
        for day in part.days:
            if part.begin < part.end:
                yield day, part.begin * MINUTE_MS, part.end * MINUTE_MS
            else:
                yield day, part.begin * MINUTE_MS, DAY_MS
                yield (day + 1) % 7, 0, part.end * MINUTE_MS


def _offsets(zone: str, begin_ms: int, end_ms: int) -> Iterator[tuple[int, int, int]]:
    """Stretches in which the zone's clocks keep one distance to UTC: beginning, end, and what they are ahead, in ms."""
    if begin_ms >= end_ms:
        return
    place = ZoneInfo(zone)

    def ahead(ms: int) -> int:
        offset = datetime.fromtimestamp(ms // 1_000, place).utcoffset()
        assert offset is not None  # a time in a zone has one
        return round(offset.total_seconds()) * 1_000

    since, before, offset = begin_ms, begin_ms, ahead(begin_ms)
    for day in (*range(begin_ms + DAY_MS, end_ms, DAY_MS), end_ms - 1):
        found = ahead(day)
        if found != offset:
            low, high = before, day
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if ahead(middle) == offset else (low, middle)
            yield since, high, offset
            since, offset = high, found
        before = day
    yield since, end_ms, offset


def _parse_days(words: str, text: str) -> tuple[int, ...]:
    days: set[int] = set()
    for word in words.split(","):
        first, dash, last = word.partition("-")
        begin = _weekday(first, text)
        length = (_weekday(last, text) - begin) % 7 if dash else 0
        days.update((begin + step) % 7 for step in range(length + 1))
    return tuple(sorted(days))


def _weekday(word: str, text: str) -> int:
    name = word.capitalize()
    if name in DAYS:
        return DAYS.index(name)
    near = [name[:3]] if name[:3] in DAYS else get_close_matches(name, DAYS, n=1, cutoff=0.5)
    hint = f"; the nearest is {near[0]}" if near else ""
    raise _refused(text, f"{word!r} is no weekday: expected {', '.join(DAYS)}, or two of them as Mon-Fri{hint}")


def _minutes(clock: str, text: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if hour * 60 + minute > _DAY_MINUTES or minute >= 60:
        raise _refused(text, f"{clock} is no time of a day: expected 00:00 to 24:00")
    return hour * 60 + minute


def _zone_name(name: str, text: str) -> str:
    """A zone of a place. EST and the like are fixed offsets in the time zone database, and no exchange keeps them."""
    if name == "UTC":
        return name
    if "/" in name:
        try:
            return ZoneInfo(name).key
        except (KeyError, ValueError, OSError):
            pass  # no such zone: the refusal below says which is nearest
    zones = {zone.lower(): zone for zone in available_timezones() if "/" in zone}
    cities = {zone.rpartition("/")[2]: zone for zone in zones}
    # What is as short as EST looks like many a city and means none.
    near = get_close_matches(name.lower(), [*zones, *cities], n=1, cutoff=0.7) if len(name) > 4 else []
    hint = f"; the nearest is {zones[cities.get(near[0], near[0])]}" if near else ""
    raise _refused(text, f"{name!r} is no time zone of a place: expected a name such as America/New_York, or UTC{hint}")


def _days_text(days: tuple[int, ...]) -> str:
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs)


def _times_text(part: OpenRange) -> str:
    return "-".join(f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in (part.begin, part.end))


def _refused(text: str, what: str) -> ConfigError:
    return ConfigError(
        ReasonCode.CONFIG_INVALID,
        f"market.hours {text!r}: {what}.",
        remedy=f'Write for example "{_EXAMPLE}", and join several ranges by ";".',
    )
