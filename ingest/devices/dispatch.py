"""Dispatches: readings on their way, with the moment of their arrival. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from scoring_contract.reading_files.timestamps import text_of
from scoring_contract.sensor_names import sensor_id_of

if TYPE_CHECKING:
    from datetime import datetime

    from ingest.reading import Reading
    from ingest.simulator import AnomalyKind


class Kind(StrEnum):
    """What disturbs a reading."""

    LATE = "late"
    DISORDERED = "disordered"
    """Overtaken by readings that came after it."""
    DRIFTED = "drifted"
    """Its value is not what was measured."""
    WITHHELD = "withheld"
    """Never sent: its device is silent."""


class Position(NamedTuple):
    """Place of a dispatch in the order of sending; no two dispatches of a source share one."""

    arrival: datetime
    number: int
    """Number of the reading in its source."""
    copy: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A reading as its device measures it.

    :param number: counts the readings of the source, and is the same after a restart
    :param ready: the earliest moment of its arrival; never before that of the previous reading
    """

    number: int
    ready: datetime
    reading: Reading
    anomaly: AnomalyKind | None = None


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A reading with the moment at which it arrives.

    :param copy: 1 if the reading was sent before
    """

    arrival: datetime
    number: int
    reading: Reading
    copy: int = 0
    kinds: frozenset[Kind] = frozenset()
    anomaly: AnomalyKind | None = None

    @property
    def position(self) -> Position:
        """Place in the order of sending."""
        return Position(self.arrival, self.number, self.copy)

    @property
    def is_withheld(self) -> bool:
        """Whether it is never sent."""
        return Kind.WITHHELD in self.kinds

    @property
    def id(self) -> str:
        """Text that no other dispatch of the source has: sensor, moment, number of the reading, and copy."""
        reading = self.reading
        sensor = _sensor_id(reading.device, reading.tag)
        return f"{sensor}/{text_of(reading.moment)}/{self.number}/{self.copy}"


_sensor_id = lru_cache(maxsize=100_000)(sensor_id_of)
