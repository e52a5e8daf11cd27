"""Readings of a sensor over many hours, as columns: what training holds of them.

A file is taken apart as soon as it is read, so that an hour's rows are held at once and of all other hours
eight bytes a reading.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from scorer.errors import BlobMissing
from scorer.readings import in_order, read_csv
from scoring_contract.errors import LayoutError
from scoring_contract.layout import hour_of_readings, sensor_id_of, sensor_of_readings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from scorer.ocsvm import FloatArray
    from scorer.readings import Reading, Rejection, Sheet
    from scorer.storage import BlobContainer
    from scoring_contract.hour import RunHour


@dataclass(slots=True)
class Series:
    """One sensor's readings, by time."""

    pairs: set[tuple[str, str]] = field(default_factory=set)
    """Devices and tags that were found; more than one if two pairs share the sensor's id."""
    stamps: list[str] = field(default_factory=list)
    """Times as they were written, if they were asked for."""
    rejected: Counter[Rejection] = field(default_factory=Counter)
    """Rows of the sensor's own files that do not count."""
    _columns: list[FloatArray] = field(default_factory=list)

    @property
    def values(self) -> FloatArray:
        """Shape (n_readings,), float64, finite."""
        return np.concatenate(self._columns) if self._columns else np.empty(0)

    def __len__(self) -> int:
        return sum(map(len, self._columns))

    def why_rejected(self) -> str:
        """Say how many rows do not count and why: ``2 outside the hour, 1 unreadable``."""
        return ", ".join(f"{count} {reason}" for reason, count in self.rejected.most_common())

    def extend(self, readings: Iterable[Reading], *, with_stamps: bool) -> None:
        """Add the readings of a later hour."""
        rows = list(readings)
        self._columns.append(np.array([row.value for row in rows], dtype=np.float64))
        self.pairs.update({(row.device, row.tag) for row in rows})
        if with_stamps:
            self.stamps += [row.ts for row in rows]


def read_series(
    data: BlobContainer, sensors: Collection[str], blobs: Iterable[str], *, with_stamps: bool = False
) -> dict[str, Series]:
    """Read the files of some sensors, each once.

    :param blobs: in the order of hours; those deleted since they were listed are left out
    :param with_stamps: whether to keep the times as they were written
    :return: a series for each sensor, empty if there is no reading of it
    :raises StorageFault: if storage refuses or does not answer
    """
    owner = _owner_among(frozenset(sensors))
    series = {sensor: Series() for sensor in sensors}
    for hour, names in groupby(blobs, key=hour_of_readings):
        sheets = []
        for name in names:
            sheet = _sheet(data, name, hour, owner)
            sheets.append(sheet)
            if own := sensor_of_readings(name):
                series[own].rejected += sheet.rejected
        for sensor, rows in _by_sensor(in_order(sheets).readings, owner).items():
            series[sensor].extend(rows, with_stamps=with_stamps)
    return series


def _sheet(data: BlobContainer, name: str, hour: RunHour, owner: Callable[[str, str], str | None]) -> Sheet:
    try:
        content = data.read(name)
    except BlobMissing:
        content = b""
    own = sensor_of_readings(name)
    if own:  # the folder says whose rows count in it
        return read_csv(content, hour, lambda *pair: owner(*pair) == own)
    return read_csv(content, hour, lambda *pair: owner(*pair) is not None)


def _by_sensor(
    readings: Iterable[Reading], owner: Callable[[str, str], str | None]
) -> dict[str, list[Reading]]:
    """Part the readings of an hour; each sensor's stay in their order."""
    parted: dict[str, list[Reading]] = {}
    for reading in readings:
        if sensor := owner(reading.device, reading.tag):
            parted.setdefault(sensor, []).append(reading)
    return parted


def _owner_among(sensors: frozenset[str]) -> Callable[[str, str], str | None]:
    """Return what names the sensor of a device and a tag, None for one that is not among ours."""

    @cache
    def owner(device: str, tag: str) -> str | None:
        try:
            sensor = sensor_id_of(device, tag)
        except LayoutError:
            return None
        return sensor if sensor in sensors else None

    return owner
