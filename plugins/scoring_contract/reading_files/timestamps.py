"""Parses timestamps of readings, for the scorer and for the loader. No clock here.

A timestamp is an ISO 8601 date and time, ``2018-08-29T02:10:05.250Z``: ``T`` or a space between the two,
optional seconds with optional decimals, then ``Z``, an offset or nothing; without a zone it is UTC. Or it is
a count since 1970 in seconds, milliseconds, microseconds or nanoseconds: 10, 13, 16 or 19 digits, which
identify the unit of every moment from 2001-09-09 to 2286-11-20. Digits below the microsecond are cut off.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

ISO = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
COUNT = r"([1-9]\d{9}(?:\d{3}){0,3})(?:\.(\d*))?"
"""Compiled on the first text that is not ISO 8601, which is rare."""

EXAMPLE = "2018-08-28 23:00:05.000"
"""A valid timestamp, for error messages."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MICROSECOND_DIGITS = 16


def read_timestamp(text: str) -> tuple[int, bool] | None:
    """Parse a text without surrounding spaces.

    :return: microseconds since 1970, and whether the text has an offset that is not zero; None if it is not a
        timestamp

    >>> read_timestamp("2018-08-29T04:10+02")
    (1535508600000000, True)
    >>> read_timestamp("1535508600.25"), read_timestamp("1535508600250")
    ((1535508600250000, False), (1535508600250000, False))
    """
    if ISO.fullmatch(text):
        return _of_iso(text)
    count = re.fullmatch(COUNT, text, re.ASCII)
    return count and (_micros_of(count[1], count[2] or ""), False)


def moment_of(micros: int) -> datetime:
    """Return a moment in UTC.

    :param micros: microseconds since 1970
    :raises OverflowError: before the year 1 and after the year 9999
    """
    return _EPOCH + micros * _MICROSECOND


def text_of(moment: datetime) -> str:
    """Format a moment like a timestamp of a reading, to the microsecond; without a zone it is UTC.

    >>> text_of(datetime(2018, 8, 29, 2, 10))
    '2018-08-29T02:10:00.000000Z'
    """
    naive = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return f"{naive.isoformat(timespec='microseconds')}Z"


def _of_iso(text: str) -> tuple[int, bool] | None:
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MICROSECOND, bool(moment.utcoffset())


def _micros_of(whole: str, fraction: str) -> int:
    """Shift the decimal point so that the digits count microseconds, without rounding through floats."""
    fraction_digits = _MICROSECOND_DIGITS - len(whole)
    digits = whole + fraction[: max(fraction_digits, 0)].ljust(max(fraction_digits, 0), "0")
    return int(digits[:_MICROSECOND_DIGITS])
