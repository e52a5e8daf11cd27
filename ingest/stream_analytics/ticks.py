"""Moments as ticks of 100 nanoseconds since 1970, UTC: the precision of a ``datetime`` in Stream Analytics.

https://learn.microsoft.com/stream-analytics-query/data-types-azure-stream-analytics

Python's ``datetime`` ends at the microsecond. 03:00:00.0000001 would become 03:00, which is in another
window.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

TICKS_PER_MICROSECOND = 10
TICKS_PER_SECOND = 10_000_000
UNITS = {
    "day": 86_400 * TICKS_PER_SECOND,
    "hour": 3_600 * TICKS_PER_SECOND,
    "minute": 60 * TICKS_PER_SECOND,
    "second": TICKS_PER_SECOND,
    "millisecond": TICKS_PER_SECOND // 1_000,
    "microsecond": TICKS_PER_MICROSECOND,
}
"""Lengths of the units of time that have one."""
_ABBREVIATIONS = {
    "dd": "day",
    "d": "day",
    "hh": "hour",
    "mi": "minute",
    "n": "minute",
    "ss": "second",
    "s": "second",
    "ms": "millisecond",
    "mcs": "microsecond",
}
"""https://learn.microsoft.com/stream-analytics-query/tumbling-window-azure-stream-analytics"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION = re.compile(r"[.,](\d+)", re.ASCII)
_DIGITS = 7


def unit_of(name: str) -> str | None:
    """Return the full name of a unit of time that has a fixed length; None for any other."""
    lower = name.lower()
    unit = _ABBREVIATIONS.get(lower, lower)
    return unit if unit in UNITS else None


def ticks_of(moment: datetime) -> int:
    """Ticks of a timezone-aware moment."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * TICKS_PER_MICROSECOND


def moment_of(ticks: int) -> datetime:
    """Moment in UTC; the tenth of a microsecond is cut off."""
    return _EPOCH + timedelta(microseconds=ticks // TICKS_PER_MICROSECOND)


def text_of(ticks: int) -> str:
    """Write a moment in ISO 8601 with seven digits: ``2018-08-29T02:10:00.0000000Z``."""
    return f"{moment_of(ticks):%Y-%m-%dT%H:%M:%S.%f}{ticks % TICKS_PER_MICROSECOND}Z"


def read_ticks(text: str) -> int | None:
    """Read a moment in ISO 8601, in UTC unless it has an offset; None if it is not one.

    Digits below the tick are cut off.
    """
    fraction = _FRACTION.search(text)
    whole = text if fraction is None else text[: fraction.start()] + text[fraction.end() :]
    try:
        moment = datetime.fromisoformat(whole)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        ticks = ticks_of(aware)
    except (ValueError, OverflowError):
        return None
    if fraction is None:
        return ticks
    if aware.microsecond or not re.search(r":\d\d$", text[: fraction.start()]):
        return None
    return ticks + int(fraction[1][:_DIGITS].ljust(_DIGITS, "0"))
