"""Sorts any number of readings on disk, by hour and sensor.

Only SQLite's cache and the names of the sensors are in memory.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Self

from scoring_contract.hour import RunHour
from scoring_contract.sensor_names import sensor_id_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ingest.reading import Reading

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MICROS_PER_HOUR = 3_600_000_000
_AT_ONCE = 10_000
_CACHE_KIB = 1 << 16

_SETUP = f"""
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -{_CACHE_KIB};
CREATE TABLE readings (hour INTEGER, sensor INTEGER, micros INTEGER, value TEXT);
CREATE TABLE ranks (sensor INTEGER PRIMARY KEY, rank INTEGER);
"""
_IN_ORDER = """
SELECT hour, rank, micros, value FROM readings JOIN ranks USING (sensor)
ORDER BY hour, rank, micros, readings.rowid
"""

Row = tuple[RunHour, str, datetime, str]
"""Hour, sensor, moment and value."""


class Spool:
    """Collects readings, and returns them in order. Its temporary file disappears when it is closed.

    SQLite deletes the file of a database without a name: https://www.sqlite.org/inmemorydb.html#temp_db
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(_SETUP)
        self._numbers: dict[str, int] = {}
        self._pairs: dict[str, tuple[str, str]] = {}
        self.count = 0
        """Number of readings."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def fill(self, readings: Iterable[Reading], on_rows: Callable[[], None]) -> None:
        """Add readings.

        :param on_rows: called after each batch
        :raises scoring_contract.errors.SensorNameError: if a device or a tag is no name
        """
        rows = self._rows(readings)
        self._database.execute("BEGIN")
        while some := list(islice(rows, _AT_ONCE)):
            self._database.executemany("INSERT INTO readings VALUES (?, ?, ?, ?)", some)
            self.count += len(some)
            on_rows()
        self._database.execute("COMMIT")

    def _rows(self, readings: Iterable[Reading]) -> Iterator[tuple[int, int, int, str]]:
        numbers: dict[tuple[str, str], int] = {}
        for reading in readings:
            pair = reading.device, reading.tag
            number = numbers.get(pair)
            if number is None:
                numbers[pair] = number = self._enlist(pair)
            micros = (reading.moment - _EPOCH) // _MICROSECOND
            yield micros // _MICROS_PER_HOUR, number, micros, reading.value

    def _enlist(self, pair: tuple[str, str]) -> int:
        sensor = sensor_id_of(*pair)
        self._pairs[sensor] = pair
        return self._numbers.setdefault(sensor, len(self._numbers))

    @property
    def hours(self) -> tuple[RunHour, ...]:
        """Hours with readings, in order."""
        with closing(self._database.execute("SELECT DISTINCT hour FROM readings ORDER BY hour")) as found:
            return tuple(_hour(number) for (number,) in found)

    @property
    def sensors(self) -> tuple[str, ...]:
        """Ids of the sensors with readings, in order."""
        return tuple(sorted(self._pairs))

    def pair_of(self, sensor: str) -> tuple[str, str]:
        """Return a sensor's device and tag."""
        return self._pairs[sensor]

    def in_order(self, pack_of: Mapping[str, str]) -> Iterator[Row]:
        """Yield all readings, sorted by hour, pack, sensor and time.

        :param pack_of: sensor to pack, for sensors that share a file
        """
        ranked = sorted(self._pairs, key=lambda sensor: (pack_of.get(sensor, ""), sensor))
        ranks = ((self._numbers[sensor], rank) for rank, sensor in enumerate(ranked))
        self._database.execute("DELETE FROM ranks")
        self._database.executemany("INSERT INTO ranks VALUES (?, ?)", ranks)
        hour: RunHour | None = None
        for number, rank, micros, value in self._database.execute(_IN_ORDER):
            moment = _EPOCH + micros * _MICROSECOND
            if hour is None or not hour.start <= moment < hour.end:
                hour = _hour(number)
            yield hour, ranked[rank], moment, value


def _hour(number: int) -> RunHour:
    return RunHour(_EPOCH + timedelta(hours=number))
