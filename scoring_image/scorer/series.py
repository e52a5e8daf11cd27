"""Readings of a sensor over many hours: what training holds of them.

A file is taken apart as soon as it is read, so that an hour's rows are held at once and of all other hours
eight bytes a reading and feature.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from scorer.errors import BlobMissing
from scorer.readings import FileRows, Note, Sheet, in_order, read_file
from scorer.sheet import ONE_FEATURE
from scoring_contract.errors import LayoutError
from scoring_contract.layout import hour_of_readings, sensor_id_of, sensor_of_readings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from scorer.ocsvm import FloatArray
    from scorer.storage import BlobContainer
    from scoring_contract.hour import RunHour


@dataclass(slots=True)
class Series:
    """One sensor's readings, by time."""

    features: tuple[str, ...] = ONE_FEATURE
    pairs: set[tuple[str, str]] = field(default_factory=set)
    """Devices and tags that were found; more than one if two pairs share the sensor's id."""
    stamps: list[str] = field(default_factory=list)
    """Times as they were written, if they were asked for."""
    rejected: Counter[Note] = field(default_factory=Counter)
    """Rows of the sensor's own files that do not count."""
    _blocks: list[FloatArray] = field(default_factory=list)

    @property
    def values(self) -> FloatArray:
        """Shape (n_readings, n_features), float64, finite."""
        return np.concatenate([np.empty((0, len(self.features))), *self._blocks])

    def __len__(self) -> int:
        return sum(map(len, self._blocks))

    def why_rejected(self) -> str:
        """Say how many rows do not count and why: ``2 outside the hour, 1 unreadable``."""
        return ", ".join(f"{count} {note}" for note, count in self.rejected.most_common())

    def extend(self, sheet: Sheet, *, with_stamps: bool) -> None:
        """Add the readings of a later hour."""
        self._blocks.append(sheet.values)
        self.pairs |= sheet.pairs
        self.rejected += sheet.rejected
        if with_stamps:
            self.stamps += sheet.ts


def read_series(
    data: BlobContainer,
    sensors: Collection[str],
    blobs: Iterable[str],
    *,
    features: tuple[str, ...] = ONE_FEATURE,
    with_stamps: bool = False,
) -> dict[str, Series]:
    """Read the files of some sensors, each once.

    :param blobs: in the order of hours; those deleted since they were listed are left out
    :param with_stamps: whether to keep the times as they were written
    :return: a series for each sensor, empty if there is no reading of it
    :raises DataFault: if a file cannot be read at all
    :raises StorageFault: if storage refuses or does not answer
    """
    owner = _owner_among(frozenset(sensors))
    series = {sensor: Series(features) for sensor in sensors}
    for hour, names in groupby(blobs, key=hour_of_readings):
        pieces: defaultdict[str, list[Sheet]] = defaultdict(list)
        for name in names:
            for sensor, sheet in _sheets(data, name, hour, owner, features).items():
                pieces[sensor].append(sheet)
        for sensor, found in pieces.items():
            series[sensor].extend(in_order(found), with_stamps=with_stamps)
    return series


def _sheets(
    data: BlobContainer,
    name: str,
    hour: RunHour,
    owner: Callable[[str, str], str | None],
    features: tuple[str, ...],
) -> dict[str, Sheet]:
    """Read one file; return the rows that count, and what is said of the others, by sensor."""
    try:
        content = data.read(name)
    except BlobMissing:
        return {}
    own = sensor_of_readings(name)
    if own is None:
        return read_file(name, content, hour=hour, owner=owner, features=features).sheets
    # The folder says whose rows count in it, and who answers for all of them.
    rows: FileRows = read_file(
        name, content, hour=hour, owner=lambda *pair: own if owner(*pair) == own else None, features=features
    )
    return {own: rows.of(own)}


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
