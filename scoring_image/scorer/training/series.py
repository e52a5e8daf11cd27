"""Readings of a sensor over many hours, as training holds them in memory.

Files are parsed hour by hour: only one hour's rows are in memory at a time, and of all other hours eight
bytes per reading and feature.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from scorer.errors import BlobMissing, ScorerError
from scorer.readings.files import MOST_BYTES, FileRows, Owner, ReadingTable, RowIssue, in_order, read_file
from scorer.readings.table import ONE_FEATURE
from scorer.training.span_labels import NO_SPAN_LABELS
from scoring_contract.layout import hour_of_readings, sensor_of_readings
from scoring_contract.sensor_names import sensor_named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from scorer.models.ocsvm import FloatArray
    from scorer.readings.table import MicrosArray
    from scorer.storage import BlobContainer
    from scorer.training.span_labels import SpanLabels
    from scoring_contract.hour import RunHour

_MOST_PROBLEMS = 3
_REMEMBERED_PAIRS = 1 << 16


@dataclass(slots=True)
class Series:
    """One sensor's readings, sorted by time."""

    features: tuple[str, ...] = ONE_FEATURE
    pairs: set[tuple[str, str]] = field(default_factory=set)
    """Its device and tag; empty without readings."""
    rejected: Counter[RowIssue] = field(default_factory=Counter)
    """Rows that are left out, by issue."""
    problems: list[str] = field(default_factory=list)
    """Problems of whole files, the first few, a sentence each."""
    fault: ScorerError | None = None
    """Why one of its own files cannot be read; its other files are then ignored."""
    _blocks: list[FloatArray] = field(default_factory=list)
    _micros: list[MicrosArray] = field(default_factory=list)

    @property
    def micros(self) -> MicrosArray:
        """Timestamps in microseconds since 1970, shape (n_readings,); empty unless requested."""
        return np.concatenate([np.empty(0, dtype=np.int64), *self._micros])

    @property
    def values(self) -> FloatArray:
        """Shape (n_readings, n_features), float64, finite."""
        return np.concatenate([np.empty((0, len(self.features))), *self._blocks])

    def __len__(self) -> int:
        return sum(map(len, self._blocks))

    def why_rejected(self) -> str:
        """Describe how many rows are left out, and why: ``2 outside the hour, 1 unreadable``."""
        counts = ", ".join(f"{count} {issue}" for issue, count in self.rejected.most_common())
        return "; ".join((counts, *self.problems))

    def note_problem(self, problem: str) -> None:
        """Keep the problem of a whole file, up to a limit."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)

    def refuse_faulty(self) -> None:
        """Raise :attr:`fault`, if there is one.

        :raises ScorerError: why one of its own files cannot be read
        """
        if self.fault is not None:
            raise self.fault

    def extend(self, table: ReadingTable, *, with_timestamps: bool) -> None:
        """Add the readings of a later hour."""
        self._blocks.append(table.values)
        self.pairs |= table.pairs
        self.rejected += table.rejected
        if with_timestamps:
            self._micros.append(table.micros)


def read_series(
    data: BlobContainer,
    sensors: Collection[str],
    blobs: Iterable[str],
    *,
    features: tuple[str, ...] = ONE_FEATURE,
    with_timestamps: bool = False,
    labels: SpanLabels = NO_SPAN_LABELS,
) -> dict[str, Series]:
    """Read the files of some sensors, each once.

    :param blobs: in the order of hours; blobs that were deleted meanwhile are ignored
    :param features: names of the numeric columns
    :param with_timestamps: whether to keep the timestamps of the readings
    :param labels: readings labelled as maintenance are left out
    :return: a series for each sensor; empty if it has no readings, with a fault if a file in its own folder
        cannot be read
    :raises ScorerError: if a file of many sensors cannot be read at all (DataFault), or storage refuses it or
        does not answer (StorageFault)
    """
    owner = _owner_among(frozenset(sensors))
    series = {sensor: Series(features) for sensor in sensors}
    for hour, names in groupby(blobs, key=hour_of_readings):
        pieces: defaultdict[str, list[ReadingTable]] = defaultdict(list)
        for name in names:
            own = sensor_of_readings(name)
            if own is not None and series[own].fault:
                continue
            try:
                rows = _rows_of(data, name, hour, owner if own is None else _only(own, owner), features)
            except ScorerError as fault:
                if own is None:
                    raise
                series[own].fault = fault
                continue
            # Issues of unknown rows in a sensor's own folder count as its own.
            tables = rows.tables if own is None else {own: rows.of(own)}
            for sensor, table in tables.items():
                pieces[sensor].append(table)
            if rows.problem:
                for sensor in series if own is None else (own,):
                    series[sensor].note_problem(f"{name} {rows.problem}")
        for sensor, found in pieces.items():
            counting = labels.without_maintenance(sensor, in_order(found))
            series[sensor].extend(counting, with_timestamps=with_timestamps)
    return series


def _rows_of(
    data: BlobContainer, name: str, hour: RunHour, owner: Owner, features: tuple[str, ...]
) -> FileRows:
    """Read one file; no rows if it was deleted meanwhile."""
    try:
        content = data.read(name, most_bytes=MOST_BYTES)
    except BlobMissing:
        return FileRows({}, Counter())
    return read_file(name, content, hour=hour, owner=owner, features=features)


def _only(sensor: str, owner: Owner) -> Owner:
    """Return an owner function for this sensor alone."""
    return lambda *pair: sensor if owner(*pair) == sensor else None


def _owner_among(sensors: frozenset[str]) -> Owner:
    """Return a function that maps device and tag to one of these sensors, or to None."""

    @lru_cache(_REMEMBERED_PAIRS)
    def owner(device: str, tag: str) -> str | None:
        sensor = sensor_named(device, tag)
        return sensor if sensor in sensors else None

    return owner
