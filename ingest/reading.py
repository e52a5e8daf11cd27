"""Readings, and the sensor ids of their devices and tags. Values only: no file, no storage, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from ingest.errors import SensorCollision
from scoring_contract.layout import sensor_id_of

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
        """Return the CSV row without a line end; no field can contain a comma or a quote."""
        return f"{timestamp(self.moment)},{self.device},{self.tag},{self.value}"


def timestamp(moment: datetime) -> str:
    """Format a timestamp in UTC to the millisecond, ``2018-08-28 23:00:05.000``, or finer if needed."""
    timespec = "microseconds" if moment.microsecond % _MILLISECOND else "milliseconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", timespec)


class SensorNames:
    """Assigns sensor ids to pairs of device and tag; refuses a second pair with the same id."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], str] = {}
        self._pairs: dict[str, tuple[str, str]] = {}

    def id_of(self, device: str, tag: str) -> str:
        """Return the pair's sensor id.

        :raises scoring_contract.errors.LayoutError: if the pair cannot form a sensor id
        :raises SensorCollision: if another pair has the same id
        """
        pair = (device, tag)
        known = self._ids.get(pair)
        if known is not None:
            return known
        sensor_id = sensor_id_of(device, tag)
        owner = self._pairs.setdefault(sensor_id, pair)
        if owner != pair:
            raise SensorCollision(sensor_id, owner, pair)
        self._ids[pair] = sensor_id
        return sensor_id
