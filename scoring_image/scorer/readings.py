"""Readings as CSV text: which rows count, and why the others do not. No clock and no I/O.

A row counts if it has as many fields as the header, a time and a finite number, and belongs to the hour and
to the sensor. All rows that count are kept: a row that is delivered twice is scored twice, so that readings
and predictions can be laid side by side, and no guess is made about what a device meant.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from scoring_contract.hour import RunHour

COLUMNS = ("TS", "Device", "Tag", "Value")

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)


class Rejection(StrEnum):
    """Why a row does not count; the value completes "3 rows ..."."""

    UNREADABLE = "unreadable"
    OTHER_HOUR = "outside the hour"
    OTHER_SENSOR = "of another sensor"
    NOT_FINITE = "without a finite value"


class Reading(NamedTuple):
    """One row that counts."""

    moment: datetime
    """Timezone-aware; digits below the microsecond are cut off."""
    ts: str
    """The moment as it was written."""
    device: str
    tag: str
    text: str
    """The value as it was written."""
    value: float


@dataclass(slots=True)
class Sheet:
    """What one or more CSV files hold."""

    readings: list[Reading] = field(default_factory=list)
    rejected: Counter[Rejection] = field(default_factory=Counter)

    @property
    def is_empty(self) -> bool:
        """Whether there was no row at all, good or bad."""
        return not self.readings and not self.rejected.total()

    def why_rejected(self) -> str:
        """Say how many rows do not count and why: ``2 outside the hour, 1 unreadable``."""
        return ", ".join(f"{count} {reason}" for reason, count in self.rejected.most_common())


def read_csv(blob: bytes, hour: RunHour, belongs: Callable[[str, str], bool]) -> Sheet:
    """Read one file of an hour. Never raises: what cannot be read is counted.

    :param belongs: whether a device and a tag are the sensor's
    """
    lines = [line for line in blob.decode("utf-8-sig", errors="replace").split("\n") if line.strip()]
    sheet = Sheet()
    header = _fields(lines[0]) if lines else []
    if any(column not in header for column in COLUMNS):
        sheet.rejected.update({Rejection.UNREADABLE: len(lines)} if lines else {})
        return sheet
    places = [header.index(column) for column in COLUMNS]
    for line in lines[1:]:
        row = _fields(line)
        found = (
            _reading([row[place] for place in places]) if len(row) == len(header) else Rejection.UNREADABLE
        )
        if isinstance(found, Reading):
            found = _fitting(found, hour, belongs)
        if isinstance(found, Reading):
            sheet.readings.append(found)
        else:
            sheet.rejected[found] += 1
    return sheet


def in_order(sheets: Iterable[Sheet]) -> Sheet:
    """Put files together, readings by time; those of one moment keep the order in which they were found."""
    whole = Sheet()
    for sheet in sheets:
        whole.readings += sheet.readings
        whole.rejected += sheet.rejected
    whole.readings.sort(key=attrgetter("moment"))
    return whole


def _fields(line: str) -> list[str]:
    """Split one line. A stray quote spoils its own line only, never those that follow."""
    if '"' not in line:
        return [part.strip() for part in line.split(",")]
    try:
        return [part.strip() for part in next(csv.reader([line]), [])]
    except csv.Error:  # a field beyond csv's limit of 128 KiB
        return []


def _reading(fields: Sequence[str]) -> Reading | Rejection:
    ts, device, tag, text = fields
    moment, value = _moment(ts), _number(text)
    if moment is None or value is None:
        return Rejection.UNREADABLE
    if not math.isfinite(value):
        return Rejection.NOT_FINITE
    return Reading(moment, ts, device, tag, text, value)


def _fitting(reading: Reading, hour: RunHour, belongs: Callable[[str, str], bool]) -> Reading | Rejection:
    if not belongs(reading.device, reading.tag):
        return Rejection.OTHER_SENSOR
    return reading if hour.contains(reading.moment) else Rejection.OTHER_HOUR


def _moment(text: str) -> datetime | None:
    """Read an ISO 8601 date and time with seconds; without a zone it is UTC."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str) -> float | None:
    """Read a number; Python's own extras (``1_000``, digits of other scripts) are none here."""
    if not text.isascii() or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None
