"""Parses hours as people write them. No clock; UTC unless the text names another time zone."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta, timezone

from scoring_contract.errors import HourError

HOUR_PATTERN = (
    r"^\s*\d{4}([-/]\d{1,2}[-/]\d{1,2}|\d{4})([Tt_ /]|\s+)([01]?\d|2[0-3])"
    r"(:?00(:?00([.,]0+)?)?(\s*[+-]\d{2}(:?00)?)?)?\s*([Zz]|[Uu][Tt][Cc])?\s*$"
)
"""Pattern of an input field for an hour, with the same meaning in Python and in browsers."""

_SHAPE = re.compile(
    r"""
    (?P<year>\d{4})
    (?: (?P<by>[-/]) (?P<month>\d{1,2}) (?P=by) (?P<day>\d{1,2}) | (?P<months>\d\d) (?P<days>\d\d) )
    (?:
        (?: [T_/] | \s+ ) (?P<hour>\d{1,2})
        (?:
            :? (?P<minute>\d\d) (?: :? (?P<second>\d\d (?: [.,] \d+ )? ) )?
            # Only after minutes: 02-03 may well be meant as two hours.
            (?: \s* (?P<sign>[+-]) (?P<zone_hours>\d\d) (?: :? (?P<zone_minutes>\d\d) )? )?
        )?
        \s* (?: Z | UTC )?
    )?
    """,
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_OLDEST, _NEWEST = 1000, 9998
"""Years with four digits, which blob names and ids need, even of the hour before or after."""
_MONTHS, _HOURS, _MINUTES = 12, 24, 60


def hour_start(text: str) -> datetime:
    """Return the start of the hour that a text names.

    The date has ``-``, ``/`` or nothing between its parts; the hour follows ``T``, a space, ``_`` or ``/``.
    Minutes and seconds, if any, are zero; ``Z``, ``UTC`` or an offset such as ``+02:00`` may follow.

    :raises HourError: unless it names one hour clearly
    """
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise HourError(text, "is not an hour of the form 2018-08-29T02 (UTC)")
    date = _date(text, found)
    hour = found["hour"]
    if hour is None:
        raise HourError(text, "names a day, not an hour", f"{date:%Y-%m-%d}T00")
    if int(hour) >= _HOURS:
        nearest = date + timedelta(days=1) if int(hour) == _HOURS else date.replace(hour=_HOURS - 1)
        raise HourError(text, "has an hour outside 00 to 23", f"{nearest:%Y-%m-%dT%H}")
    return _whole(text, date.replace(hour=int(hour)), found)


def _date(text: str, found: re.Match[str]) -> datetime:
    year, month, day = (
        int(found["year"]),
        int(found["month"] or found["months"]),
        int(found["day"] or found["days"]),
    )
    hour = min(int(found["hour"] or 0), _HOURS - 1)
    if not _OLDEST <= year <= _NEWEST:
        raise HourError(text, f"is not in the years {_OLDEST} to {_NEWEST}")
    if not 1 <= month <= _MONTHS:
        # Some countries write the day before the month.
        turned = 1 <= day <= _MONTHS
        right = (day, month) if turned else (min(max(month, 1), _MONTHS), day)
        raise HourError(text, f"has no month {month:02}", _named(year, *right, hour))
    last = calendar.monthrange(year, month)[1]
    if not 1 <= day <= last:
        problem = f"has a day {day:02} in a month of {last} days"
        raise HourError(text, problem, _named(year, month, day, hour))
    return datetime(year, month, day, tzinfo=UTC)


def _whole(text: str, start: datetime, found: re.Match[str]) -> datetime:
    """Return the moment in UTC, if it is the start of an hour."""
    minute = int(found["minute"] or 0)
    if minute >= _MINUTES:
        raise HourError(text, "has a minute outside 00 to 59", f"{start:%Y-%m-%dT%H}")
    offset = timedelta(hours=int(found["zone_hours"] or 0), minutes=int(found["zone_minutes"] or 0))
    if offset >= timedelta(days=1):
        raise HourError(text, "has an offset of a day or more", f"{start:%Y-%m-%dT%H}")
    zone = timezone(-offset if found["sign"] == "-" else offset)
    moment = start.replace(minute=minute, tzinfo=zone).astimezone(UTC)
    if moment.minute or float((found["second"] or "0").replace(",", ".")):
        raise HourError(text, "is inside an hour, not at its start", f"{moment:%Y-%m-%dT%H}")
    return moment


def _named(year: int, month: int, day: int, hour: int) -> str:
    """Format an hour, moved to the nearest day of the month if it has no such day."""
    last = calendar.monthrange(year, month)[1]
    return f"{year}-{month:02}-{min(max(day, 1), last):02}T{hour:02}"
