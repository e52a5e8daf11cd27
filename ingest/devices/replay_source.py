"""Readings of files, as if they were measured now. A file must be in the order of time, but for late rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ingest.devices.dispatch import Measured
from ingest.errors import ReadingsFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.files.readings_files import ReadingsFiles

LATEST = timedelta(minutes=15)
"""How far a row may be behind the latest before it, as the late arrival tolerance of the job allows."""


@dataclass(frozen=True, slots=True)
class ReplaySource:
    """The rows of files; a late one is ready when it comes.

    :param shift: added to all moments
    """

    files: ReadingsFiles
    shift: timedelta = timedelta(0)

    def readings(self) -> Iterator[Measured]:
        """Yield the valid rows in the files' order.

        :raises ReadingsFileError: for the first row that is too late, or if a file cannot be read
        """
        latest = None
        for number, reading in enumerate(self.files):
            if latest is None or reading.moment > latest:
                latest = reading.moment
            elif latest - reading.moment > LATEST:
                raise ReadingsFileError(
                    self.files.place,
                    f"is not in the order of time: {reading.moment:%Y-%m-%d %H:%M:%S} comes after "
                    f"{latest:%Y-%m-%d %H:%M:%S}; sort the rows",
                )
            shifted = replace(reading, moment=reading.moment + self.shift) if self.shift else reading
            yield Measured(number, latest + self.shift, shifted)
