"""Timestamps and intervals, both in ticks of 100 ns, the finest interval the language can name.

No clock: what ``time()`` answers is given to the evaluation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from azure_batch_emulator.autoscale.errors import Fault

TICKS_PER_SECOND = 10_000_000
_TICKS_PER_MICROSECOND = 10
_MICROSECOND = timedelta(microseconds=1)
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST_TICK = (datetime.max.replace(tzinfo=UTC) - _FIRST) // _MICROSECOND * _TICKS_PER_MICROSECOND + 9
_LONGEST = 2**63 - 1

MEMBERS = frozenset({"year", "month", "day", "weekday", "hour", "minute", "second"})
"""What can be asked of a timestamp."""


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A length of time; may be negative."""

    ticks: int

    def __post_init__(self) -> None:
        if abs(self.ticks) > _LONGEST:
            raise Fault("the time interval is too long")

    @classmethod
    def of(cls, span: timedelta) -> Interval:
        """Make it from Python's."""
        return cls(span // _MICROSECOND * _TICKS_PER_MICROSECOND)

    def times(self, factor: float) -> Interval:
        """Stretch it; the nearest tick."""
        return Interval(round(self.ticks * Fraction(factor)))

    def over(self, divisor: float) -> Interval:
        """Divide it; the nearest tick.

        :raises Fault: if the divisor is zero
        """
        if not divisor:
            raise Fault("division by zero")
        return Interval(round(self.ticks / Fraction(divisor)))

    def __str__(self) -> str:
        seconds, fraction = divmod(abs(self.ticks), TICKS_PER_SECOND)
        minutes, second = divmod(seconds, 60)
        hours, minute = divmod(minutes, 60)
        day, hour = divmod(hours, 24)
        sign = "-" if self.ticks < 0 else ""
        days = f"{day}." if day else ""
        return f"{sign}{days}{hour:02}:{minute:02}:{second:02}" + (f".{fraction:07}" if fraction else "")


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A moment of UTC, in ticks since the year 1 began."""

    ticks: int

    def __post_init__(self) -> None:
        if not 0 <= self.ticks <= _LAST_TICK:
            raise Fault("the timestamp is outside the years 1 to 9999")

    @classmethod
    def of(cls, moment: datetime) -> Timestamp:
        """Make it from Python's; the moment must know its zone."""
        return cls((moment - _FIRST) // _MICROSECOND * _TICKS_PER_MICROSECOND)

    @property
    def moment(self) -> datetime:
        """The same as Python's, cut to whole microseconds."""
        return _FIRST + timedelta(microseconds=self.ticks // _TICKS_PER_MICROSECOND)

    def plus(self, span: Interval) -> Timestamp:
        """Move it."""
        return Timestamp(self.ticks + span.ticks)

    def member(self, name: str) -> float:
        """Read one of the members; Monday is 1 and, by convention, Sunday 0."""
        if name == "weekday":
            return float(self.moment.isoweekday() % 7)
        return float(getattr(self.moment, name))

    def __str__(self) -> str:
        return self.moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


TIME_CONSTANTS = {
    "TimeInterval_Zero": Interval(0),
    "TimeInterval_100ns": Interval(1),
    "TimeInterval_Microsecond": Interval(_TICKS_PER_MICROSECOND),
    "TimeInterval_Millisecond": Interval(TICKS_PER_SECOND // 1000),
    "TimeInterval_Second": Interval(TICKS_PER_SECOND),
    "TimeInterval_Minute": Interval(60 * TICKS_PER_SECOND),
    "TimeInterval_Hour": Interval(3600 * TICKS_PER_SECOND),
    "TimeInterval_Day": Interval(86400 * TICKS_PER_SECOND),
    "TimeInterval_Week": Interval(7 * 86400 * TICKS_PER_SECOND),
    "TimeInterval_Year": Interval(365 * 86400 * TICKS_PER_SECOND),
}

# Seven digits of a second are a tick; nanoseconds have been seen to fail on the live service, too.
_W3C = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,7}))?)?"
    r"(?P<zone>Z|[+-]\d\d:\d\d))?)?)?",
    re.ASCII,
)
_RFC = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(?P<day>\d{1,2}) (?P<month>[A-Z][a-z]{2}) (?P<year>\d{4})"
    r" (?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))? (?P<zone>GMT|UT|UTC|[+-]\d{4})",
    re.ASCII,
)
_TOO_FINE = re.compile(r":\d\d\.\d{8}", re.ASCII)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse_timestamp(text: str) -> Timestamp:
    """Read a moment written as W3C-DTF or as RFC 1123.

    :raises Fault: if it is neither, or no such moment exists
    """
    found = _W3C.fullmatch(text) or _RFC.fullmatch(text)
    if found is None:
        hint = ": a second has at most 7 decimal places" if _TOO_FINE.search(text) else ""
        raise Fault(f'"{text}" is a date neither in W3C-DTF nor in RFC 1123 form{hint}')
    parts = {name: value or "" for name, value in found.groupdict().items()}
    try:
        return _timestamp(parts)
    except ValueError:
        raise Fault(f'"{text}" is not a moment of the calendar') from None


def _timestamp(parts: dict[str, str]) -> Timestamp:
    month = parts["month"]
    number = _MONTHS.index(month) + 1 if month.isalpha() else int(month or 1)
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    whole = datetime(int(parts["year"]), number, int(parts["day"] or 1), hour, minute, second, tzinfo=UTC)
    fraction = int(parts.get("fraction", "").ljust(7, "0"))
    return Timestamp(Timestamp.of(whole).ticks + fraction).plus(_offset(parts["zone"]))


def _offset(zone: str) -> Interval:
    if zone[:1] not in {"+", "-"}:
        return Interval(0)
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    # An eastern zone is ahead: its clock shows a moment that in UTC was earlier.
    seconds = (hours * 60 + minutes) * 60
    return Interval(seconds * TICKS_PER_SECOND * (1 if zone[0] == "-" else -1))
