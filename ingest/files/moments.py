"""Parses the timestamps of other people's files: in formats, time zones and units that people name.

A text with an offset, and a count since 1970, fix their instant. Any other text is the time of a clock:
UTC's, or that of a time zone, where an hour of a night in autumn happens twice and one in spring never. What
happens twice is refused unless a rule says which of the two is meant; what never happens is always refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from scoring_contract.reading_files.timestamps import EXAMPLE, read_timestamp

if TYPE_CHECKING:
    from datetime import tzinfo
    from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_COUNT = re.compile(r"-?\d{1,20}(?:\.\d*)?", re.ASCII)
_OFFSET = re.compile(r"[Zz]|[+-]\d\d(?::?\d\d)?", re.ASCII)
_DATE_CHARS = len("2018-08-29")
_FIRST_MICROS = 0
_LAST_MICROS = 253_370_764_800_000_000
"""The year 9999: the hour after a reading must exist, and blob names have four digits for the year."""


class Ambiguous(StrEnum):
    """What becomes of a time that a clock shows twice."""

    REFUSE = "refuse"
    EARLIER = "earlier"
    """Before the clock is set back: summer time."""
    LATER = "later"


class Unit(StrEnum):
    """Unit of counts since 1970."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    NANOSECONDS = "ns"


_PER_SECOND = {
    Unit.SECONDS: 1,
    Unit.MILLISECONDS: 10**3,
    Unit.MICROSECONDS: 10**6,
    Unit.NANOSECONDS: 10**9,
}


class NoMoment(ValueError):
    """A text is not a moment.

    :param kind: the reason, without details that differ from row to row
    :param detail: these details
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind + detail)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Clock:
    """How the timestamps of a file are meant."""

    zone: ZoneInfo | None = None
    """Zone of texts without an offset; None for UTC."""
    ambiguous: Ambiguous = Ambiguous.REFUSE
    form: str = ""
    """Format of ``datetime.strptime``; empty for ISO 8601 and counts since 1970."""
    unit: Unit | None = None
    """Unit of counts since 1970; None if their number of digits tells it."""

    def micros_of(self, text: str) -> int:
        """Return the microseconds since 1970 of a timestamp.

        :raises NoMoment: if it is none, or before 1970 or after 9998, or its clock shows it twice or never
        """
        micros = self._micros_of(text)
        if not _FIRST_MICROS <= micros < _LAST_MICROS:
            raise NoMoment("TS is before the year 1970 or after the year 9998")
        return micros

    def _micros_of(self, text: str) -> int:
        if self.form:
            return self._formatted(text)
        if self.unit:
            return _counted(text, self.unit)
        found = read_timestamp(text)
        if found is None:
            raise NoMoment(f"TS is not a timestamp like {EXAMPLE}")
        micros, _ = found
        if self.zone is None or text.replace(".", "", 1).isdecimal() or _OFFSET.search(text, _DATE_CHARS):
            return micros
        return self._of_clock(_EPOCH.replace(tzinfo=None) + micros * _MICROSECOND, self.zone)

    def _formatted(self, text: str) -> int:
        try:
            moment = datetime.strptime(text, self.form)  # noqa: DTZ007  the zone is applied below
        except ValueError as error:
            raise NoMoment(f"TS is not of the form {self.form}") from error
        if moment.tzinfo is None:
            return self._of_clock(moment, self.zone or UTC)
        return (moment - _EPOCH) // _MICROSECOND

    def _of_clock(self, local: datetime, zone: tzinfo) -> int:
        """Return the instant of a clock's time; its folds differ where the clock changes (PEP 495)."""
        first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        before, after = first.utcoffset(), second.utcoffset()
        if before is not None and after is not None and before < after:
            raise NoMoment(f"TS is a time that {zone} skips", f": {local}")
        if before != after and self.ambiguous is Ambiguous.REFUSE:
            raise NoMoment(
                f"TS is a time that {zone} has twice",
                f": {local}; --ambiguous earlier or later says which one is meant",
            )
        moment = second if self.ambiguous is Ambiguous.LATER else first
        return (moment - _EPOCH) // _MICROSECOND


def _counted(text: str, unit: Unit) -> int:
    if not _COUNT.fullmatch(text):
        raise NoMoment(f"TS is not a count of {unit} since 1970")
    whole, _, fraction = text.partition(".")
    digits = 6  # of a microsecond, so that no float rounds a count of nanoseconds
    scaled = int(whole + fraction[:digits].ljust(digits, "0"))
    return scaled // _PER_SECOND[unit]
