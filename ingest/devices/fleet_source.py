"""Readings of a simulated fleet, in hours that come to an end or go on."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from ingest.devices.dispatch import Measured
from ingest.simulator import READINGS_PER_HOUR
from scoring_contract.hour import RunHour

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from ingest.simulator import Fleet


@dataclass(frozen=True, slots=True)
class FleetSource:
    """A fleet from a moment on.

    :param begin: no reading is before it
    :param hours: number of hours; None for no end
    :param anomalous: hours with anomalies; by default the last one, without an end all
    """

    fleet: Fleet
    begin: datetime
    hours: int | None
    anomalous: Collection[RunHour] | None = None

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
            is_last = self.hours in {None, index + 1}
            spoilt = hour in self.anomalous if self.anomalous is not None else is_last
            readings = self.fleet.labelled(hour, 1, anomalous=(hour,) if spoilt else ())
            for number, item in enumerate(readings, start=index * self._per_hour):
                if item.reading.moment >= self.begin:
                    yield Measured(number, item.reading.moment, item.reading, item.kind)

    @property
    def _per_hour(self) -> int:
        return self.fleet.devices * self.fleet.tags * READINGS_PER_HOUR
