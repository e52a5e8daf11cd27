"""Moments and durations as the service writes them: RFC 3339, RFC 1123 and ISO 8601."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

UNLIMITED = timedelta(days=10675199, hours=2, minutes=48, seconds=5, microseconds=477580)
"""What the service calls no limit: the largest span .NET can hold."""
UNLIMITED_TEXT = "P10675199DT2H48M5.4775807S"
_ROUNDING = timedelta(seconds=1)
"""What clients may add to the longest span when they write again what they read."""
_LAST_MOMENT = datetime.max.replace(tzinfo=UTC)

_DURATION = re.compile(
    r"^P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?$",
    re.ASCII,
)
_FRACTION = re.compile(r"\.(\d+)")


def stamp(moment: datetime) -> str:
    """Write a UTC moment with the seven fractional digits the service uses."""
    return moment.isoformat(timespec="microseconds")[:26] + "0Z"


def http_date(moment: datetime) -> str:
    """Write a UTC moment for an HTTP header."""
    return format_datetime(moment, usegmt=True)


def parse_moment(text: str) -> datetime:
    """Read RFC 3339 (any number of fractional digits) or RFC 1123.

    :raises ValueError: if it is neither, or outside the years 1 to 9999 in UTC
    """
    cleaned = _FRACTION.sub(lambda digits: "." + digits.group(1)[:6].ljust(6, "0"), text.strip())
    try:
        moment = datetime.fromisoformat(cleaned.replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError:
        moment = _parse_http_date(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is outside the years 1 to 9999") from None


def _parse_http_date(text: str) -> datetime:
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):  # of what it cannot take apart, each in turn
        raise ValueError(f"{text!r} is no moment such as 2026-03-04T10:00:00Z") from None


@lru_cache(maxsize=1024)  # the same few limits are read for every task, several times
def parse_duration(text: str) -> timedelta:
    """Read an ISO 8601 duration of weeks, days, hours, minutes and seconds.

    :raises ValueError: if it is none, or longer than the service can hold
    """
    found = _DURATION.match(text)
    if found is None or text in {"P", "PT"} or text.endswith("T"):
        raise ValueError(f"{text!r} is not an ISO 8601 duration")
    parts = {name: float(value) for name, value in found.groupdict().items() if value}
    try:
        span = timedelta(**parts)
    except (OverflowError, ValueError):  # a ValueError is that of more digits than a float has
        span = timedelta.max
    if span > UNLIMITED + _ROUNDING:
        raise ValueError(f"{text[:40]!r} is longer than the longest duration, {UNLIMITED_TEXT}")
    return min(span, UNLIMITED)


def later(moment: datetime, span: timedelta) -> datetime:
    """Add a span to a UTC moment; what lies beyond the year 9999 is the last moment there is."""
    return moment + span if span < _LAST_MOMENT - moment else _LAST_MOMENT


def duration(span: timedelta) -> str:
    """Write a span as a canonical ISO 8601 duration."""
    if span >= UNLIMITED:
        return UNLIMITED_TEXT
    hours, rest = divmod(span.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{span.microseconds:06d}".rstrip("0") if span.microseconds else ""
    clock = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes)
    clock += f"{seconds}{fraction}S" * bool(seconds or fraction)
    days = f"{span.days}D" * bool(span.days)
    return f"P{days}" + f"T{clock}" * bool(clock) if days or clock else "PT0S"
