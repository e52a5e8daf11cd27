"""One reading of one sensor, and the names sensors get. Values only: no file, no storage, no clock."""

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
    """What one sensor said at one moment."""

    moment: datetime
    """Timezone-aware UTC."""
    device: str
    tag: str
    value: str
    """A finite number in the source's own digits: 10.10 stays 10.10."""

    def to_row(self) -> str:
        """Return the CSV row without a line end; no part can hold a comma or a quote."""
        return f"{timestamp(self.moment)},{self.device},{self.tag},{self.value}"


def timestamp(moment: datetime) -> str:
    """Write a moment as readings carry it: ``2018-08-28 23:00:05.000``, UTC, finer only when it is finer."""
    timespec = "microseconds" if moment.microsecond % _MILLISECOND else "milliseconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", timespec)


class SensorNames:
    """Sensor ids given out so far: each pair of device and tag has one, and no id has two pairs."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], str] = {}
        self._pairs: dict[str, tuple[str, str]] = {}

    def id_of(self, device: str, tag: str) -> str:
        """Return the pair's sensor id.

        :raises scoring_contract.errors.LayoutError: if the pair cannot name a sensor
        :raises SensorCollision: if another pair has the id
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
