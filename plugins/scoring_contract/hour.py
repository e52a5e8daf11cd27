"""The hour that a run scores. No clock here: callers name the hour."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scoring_contract.errors import HourError, LayoutError

_FORM = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class RunHour:
    """One whole UTC hour, named by its start: ``2018-08-29T02`` is 02:00:00 up to, not including, 03:00:00.

    :param start: the hour's start, timezone-aware UTC, without minutes
    :raises LayoutError: if ``start`` is naive, not UTC, or has minutes, seconds or microseconds
    """

    start: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() != timedelta(0):
            raise LayoutError(f"{self.start.isoformat()} is not UTC")
        if self.start.minute or self.start.second or self.start.microsecond:
            raise LayoutError(f"{self.start.isoformat()} is not the start of an hour")

    @classmethod
    def parse(cls, text: str) -> RunHour:
        """Parse ``YYYY-MM-DDTHH``, the form of hours in messages.

        :raises HourError: for any other form
        """
        if not _FORM.fullmatch(text):
            raise HourError(text, "is not an hour of the form 2018-08-29T02 (UTC)")
        try:
            # A registry has two hours per model, and strptime took a third of the time to read it.
            return cls(datetime(int(text[:4]), int(text[5:7]), int(text[8:10]), int(text[11:]), tzinfo=UTC))
        except ValueError:
            return cls.read(text)  # raises with the reason

    @classmethod
    def read(cls, text: str) -> RunHour:
        """Parse an hour as people write it: ``2018-08-29 02:00``, ``2018-08-29T02:00:00Z`` and more.

        :raises HourError: unless it names one hour clearly; the error suggests the nearest one
        """
        from scoring_contract.hour_text import hour_start  # noqa: PLC0415 - scoring reads no typed hours

        return cls(hour_start(text))

    @classmethod
    def containing(cls, moment: datetime) -> RunHour:
        """Return the hour that contains a moment in any time zone.

        :raises LayoutError: if the moment is naive
        """
        if moment.utcoffset() is None:
            raise LayoutError(f"{moment.isoformat()} has no time zone")
        return cls(moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0))

    def __str__(self) -> str:
        return self.start.strftime("%Y-%m-%dT%H")

    @property
    def end(self) -> datetime:
        """First moment after the hour."""
        return self.start + timedelta(hours=1)

    @property
    def next(self) -> RunHour:
        """The hour after this one."""
        return RunHour(self.end)

    @property
    def previous(self) -> RunHour:
        """The hour before this one."""
        return RunHour(self.start - timedelta(hours=1))

    @property
    def path(self) -> str:
        """``2018/08/29/02``, the form in blob names."""
        return self.start.strftime("%Y/%m/%d/%H")

    @property
    def compact(self) -> str:
        """``20180829T02``, the form in Batch ids."""
        return self.start.strftime("%Y%m%dT%H")

    def contains(self, moment: datetime) -> bool:
        """Whether a timezone-aware moment lies in the hour."""
        return self.start <= moment < self.end
