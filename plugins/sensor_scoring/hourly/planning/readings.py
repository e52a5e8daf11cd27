"""The reading blobs of an hour as a listing shows them: whose they are. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from scoring_contract import layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scoring_contract.messages.registry import SensorEntry


@dataclass(frozen=True, slots=True)
class HourReadings:
    """Reading blobs by sensor and by pack, names in order."""

    of_sensor: Mapping[str, Sequence[str]] = field(default_factory=dict)
    of_pack: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """A pack's blobs hold rows of some of its sensors; whose, only the scorer sees."""
    unclaimed: Sequence[str] = ()
    """Blobs that lie in the hour's folder, and in that of no sensor and no pack."""

    @classmethod
    def among(cls, blobs: Iterable[str]) -> Self:
        """Sort the blobs of an hour."""
        of_sensor: dict[str, list[str]] = {}
        of_pack: dict[str, list[str]] = {}
        unclaimed: list[str] = []
        for blob in sorted(blobs):
            if sensor := layout.sensor_of_readings(blob):
                of_sensor.setdefault(sensor, []).append(blob)
            elif pack := layout.pack_of_readings(blob):
                of_pack.setdefault(pack, []).append(blob)
            else:
                unclaimed.append(blob)
        return cls(of_sensor, of_pack, unclaimed)

    def of(self, sensor: str, entry: SensorEntry) -> tuple[str, ...]:
        """Return the blobs in which a sensor's readings may be: its own, and its packs'."""
        shared = (blob for pack in entry.packs for blob in self.of_pack.get(pack, ()))
        return (*self.of_sensor.get(sensor, ()), *shared)
