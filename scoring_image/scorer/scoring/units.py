"""Groups the sensors of a manifest into units that are read and written together. Pure.

Sensors that share files of readings, or a blob of predictions, form a unit: the files are read once, the
blob is written once. Every other sensor is a unit of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring_contract.layout import pack_of_readings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scoring_contract.messages.manifest import SensorOrder

CHUNK_UNITS = 8
"""Units of one sensor that a thread computes together; sixteen saved little more, in twice the memory."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Sensors that share files, in the order of the manifest."""

    orders: tuple[SensorOrder, ...]

    @property
    def readings(self) -> tuple[str, ...]:
        """Blobs of readings, each once."""
        return tuple(dict.fromkeys(blob for order in self.orders for blob in order.readings))

    @property
    def pack(self) -> str:
        """Pack whose prediction blob they share; empty if each sensor has its own blob."""
        return self.orders[0].pack


def units_of(orders: Iterable[SensorOrder]) -> list[Unit]:
    """Group sensors into units, in the order of each unit's first sensor."""
    found: dict[tuple[str, ...], list[SensorOrder]] = {}
    for order in orders:
        found.setdefault(_shared_by(order), []).append(order)
    return [Unit(tuple(group)) for group in found.values()]


def chunks_of(units: Sequence[Unit], *, threads: int) -> list[Sequence[Unit]]:
    """Divide units of one sensor into chunks, small enough for every thread to get two of them."""
    size = max(1, min(CHUNK_UNITS, len(units) // (2 * threads)))
    return [units[start : start + size] for start in range(0, len(units), size)]


def _shared_by(order: SensorOrder) -> tuple[str, ...]:
    """Return the key of a sensor's unit: its pack of predictions, else its shared files, else the sensor."""
    if order.pack:
        return ("pack", order.pack)
    shared = tuple(blob for blob in order.readings if pack_of_readings(blob))
    return ("files", *shared) if shared else ("sensor", order.sensor)
