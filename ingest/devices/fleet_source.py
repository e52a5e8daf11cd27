"""Readings of a simulated fleet, in hours that come to an end or go on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from ingest.devices.dispatch import Measured
from ingest.simulator import READINGS_PER_HOUR
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ingest.simulator import Fleet


@dataclass(frozen=True, slots=True)
class FleetSource:
    """A fleet from a moment on.

    :param begin: no reading is before it
    :param hours: number of hours, of which the last one has anomalies; None for no end, and anomalies in each
    """

    fleet: Fleet
    begin: datetime
    hours: int | None

    @property
    def total(self) -> int | None:
        """Number of readings; None if there is no end."""
        return None if self.hours is None else self.hours * self._per_hour

    def readings(self, since: datetime) -> Iterator[Measured]:
        """Yield the readings, sorted by time, from the beginning of an hour.

        :param since: no reading from this moment on is left out
        """
        first = RunHour.containing(self.begin)
        skipped = max(int((since - first.start).total_seconds()) // 3600, 0)
        hours = count(skipped) if self.hours is None else range(skipped, self.hours)
        for index in hours:
            hour = RunHour(first.start + index * (first.end - first.start))
            anomalous = (hour,) if self.hours in {None, index + 1} else ()
            readings = self.fleet.labelled(hour, 1, anomalous=anomalous)
            for number, item in enumerate(readings, start=index * self._per_hour):
                if item.reading.moment >= self.begin:
                    yield Measured(number, item.reading.moment, item.reading, item.kind)

    @property
    def _per_hour(self) -> int:
        return self.fleet.devices * self.fleet.tags * READINGS_PER_HOUR
