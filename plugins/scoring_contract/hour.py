"""The hour that is scored. No clock here: callers say which hour."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scoring_contract.errors import HourError, LayoutError

_FORM = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class RunHour:
    """One whole UTC hour, named by its start: ``2018-08-29T02`` is 02:00:00 up to, not including, 03:00:00.

    :param start: the hour's start; timezone-aware UTC, nothing below the hour
    :raises LayoutError: if ``start`` is naive, not UTC, or carries minutes
    """

    start: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() != timedelta(0):
            raise LayoutError(f"{self.start.isoformat()} is not UTC")
        if self.start.minute or self.start.second or self.start.microsecond:
            raise LayoutError(f"{self.start.isoformat()} is not the start of an hour")

    @classmethod
    def parse(cls, text: str) -> RunHour:
        """Read ``YYYY-MM-DDTHH``, the form in which programs name an hour to each other.

        :raises HourError: for any other form
        """
        if not _FORM.fullmatch(text):
            raise HourError(text, "is not an hour of the form 2018-08-29T02 (UTC)")
        try:
            # A registry names two hours a model: strptime took a third of reading it.
            return cls(datetime(int(text[:4]), int(text[5:7]), int(text[8:10]), int(text[11:]), tzinfo=UTC))
        except ValueError:
            return cls.read(text)  # which says what is wrong

    @classmethod
    def read(cls, text: str) -> RunHour:
        """Read an hour as people write it: ``2018-08-29 02:00``, ``2018-08-29T02:00:00Z`` and more.

        :raises HourError: unless it says one hour clearly; it has the nearest one that does
        """
        from scoring_contract.hour_text import hour_start  # noqa: PLC0415 - nobody types at a scoring process

        return cls(hour_start(text))

    @classmethod
    def containing(cls, moment: datetime) -> RunHour:
        """Return the hour a moment falls into; the moment may be in any time zone.

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
        """``2018/08/29/02``, as blob paths carry it."""
        return self.start.strftime("%Y/%m/%d/%H")

    @property
    def compact(self) -> str:
        """``20180829T02``, as Batch ids carry it."""
        return self.start.strftime("%Y%m%dT%H")

    def contains(self, moment: datetime) -> bool:
        """Whether a timezone-aware moment lies in the hour."""
        return self.start <= moment < self.end
