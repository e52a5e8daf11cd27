"""Readings. Values only: no file, no storage, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from scoring_contract.reading_files.csv_dialect import csv_field

if TYPE_CHECKING:
    from datetime import datetime

_MILLISECOND = 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one sensor at one moment."""

    moment: datetime
    """Timezone-aware UTC."""
    device: str
    tag: str
    value: str
    """A finite number with the digits of its source: 10.10 stays 10.10."""

    def to_row(self) -> str:
        """Return the CSV row without a line end."""
        return f"{timestamp(self.moment)},{csv_field(self.device)},{csv_field(self.tag)},{self.value}"


def timestamp(moment: datetime) -> str:
    """Format a timestamp in UTC to the millisecond, ``2018-08-28 23:00:05.000``, or finer if needed."""
    timespec = "microseconds" if moment.microsecond % _MILLISECOND else "milliseconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", timespec)
