"""Readings grouped as Stream Analytics groups them: a CSV for each hour and sensor. No storage here."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.reading import COLUMNS, SensorNames, timestamp
from scoring_contract.hour import RunHour
from scoring_contract.layout import packed_readings_prefix, readings_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ingest.reading import Reading
    from ingest.simulator import Label

LABELS_FOLDER = "labels/"
"""Folder in ``data`` with what the simulator did on purpose; scoring never reads it."""

_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BlobText:
    """A blob to be written."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class HourFiles:
    """Readings by hour and sensor.

    All of them are held at once: a source may come in any order, and one that is refused near its end
    (:class:`~ingest.errors.SensorCollision`) must not have written anything.
    """

    readings: dict[tuple[RunHour, str], list[Reading]]

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> HourFiles:
        """Group readings.

        :raises SensorCollision: if two pairs of device and tag share one sensor id
        :raises scoring_contract.errors.LayoutError: if a pair cannot name a sensor
        """
        names = SensorNames()
        grouped: defaultdict[tuple[RunHour, str], list[Reading]] = defaultdict(list)
        for reading in readings:
            hour = RunHour.containing(reading.moment)
            grouped[hour, names.id_of(reading.device, reading.tag)].append(reading)
        return cls(dict(grouped))

    @property
    def hours(self) -> tuple[RunHour, ...]:
        """Hours with at least one reading, in order."""
        return tuple(sorted({hour for hour, _ in self.readings}))

    @property
    def sensors(self) -> tuple[str, ...]:
        """Ids of the sensors with at least one reading, in order."""
        return tuple(sorted({sensor for _, sensor in self.readings}))

    @property
    def count(self) -> int:
        """How many readings there are."""
        return sum(len(readings) for readings in self.readings.values())

    def blobs(self, source: str, pack_of: Mapping[str, str]) -> Iterator[BlobText]:
        """Yield one blob per hour and sensor, or per hour and pack; a sensor's rows in time order.

        :param source: becomes the file name, so the same source always writes the same blobs
        :param pack_of: sensor to its pack, for those that share a file
        """
        shares: defaultdict[str, list[str]] = defaultdict(list)
        for hour, sensor in sorted(self.readings):
            pack = pack_of.get(sensor)
            folder = packed_readings_prefix(hour, pack) if pack else readings_prefix(hour, sensor)
            rows = sorted(self.readings[hour, sensor], key=lambda reading: reading.moment)
            shares[folder] += [reading.to_row() for reading in rows]
        for folder, lines in shares.items():
            yield BlobText(f"{folder}{source}.csv", _csv(COLUMNS, lines))


def checked_source(source: str) -> str:
    """Return the name of a source if it can be a file name.

    :raises ValueError: otherwise
    """
    if not _SOURCE.fullmatch(source):
        raise ValueError(
            f"{source!r} is no name of a source: 1 to 100 of A-Z a-z 0-9 _ . -, a letter or digit first"
        )
    return source


def label_blob(hour: RunHour) -> str:
    """Blob in ``data`` with the labels of one hour."""
    return f"{LABELS_FOLDER}{hour.path}.csv"


def label_blobs(labels: Iterable[Label], hours: Iterable[RunHour]) -> Iterator[BlobText]:
    """Yield a blob for every hour; one without labels says that nothing was done to the hour.

    :raises ValueError: for a label of another hour
    """
    rows: dict[RunHour, list[str]] = {hour: [] for hour in hours}
    for label in labels:
        hour = RunHour.containing(label.moment)
        if hour not in rows:
            raise ValueError(f"there is a label for {hour}, an hour without readings")
        rows[hour].append(f"{timestamp(label.moment)},{label.device},{label.tag},{label.kind}")
    for hour, of_hour in rows.items():
        yield BlobText(label_blob(hour), _csv(("TS", "Device", "Tag", "Anomaly"), of_hour))


def _csv(columns: Iterable[str], rows: Iterable[str]) -> str:
    return "\n".join((",".join(columns), *rows, ""))
