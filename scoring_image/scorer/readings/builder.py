"""Checks the rows of one file and divides them by sensor, whatever the file's format."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scorer.readings.issues import RowIssue
from scorer.readings.row_chunk import RowChunk, edges_of, falling_in, grouped, joined
from scorer.readings.sensor_index import NAMELESS, SensorIndex
from scorer.readings.table import ONE_FEATURE, ReadingTable
from scorer.readings.timestamps import micros_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scorer.readings.numbers import Numbers
    from scorer.readings.sensor_index import Owner
    from scorer.readings.timestamps import Timestamps
    from scoring_contract.hour import RunHour

    PairArray = NDArray[np.intp]

_ISSUES = (RowIssue.OTHER_HOUR, RowIssue.NOT_FINITE, RowIssue.UNREADABLE, RowIssue.OTHER_SENSOR)
"""Reasons to leave a row out; of several that apply, the last one is counted."""


@dataclass(slots=True)
class FileRows:
    """The rows of one file, by sensor."""

    tables: dict[str, ReadingTable]
    """By sensor id: every sensor with a row, even if all its rows are left out."""
    unowned: Counter[RowIssue]
    """Issues of rows that belong to no known sensor."""
    problem: str = ""
    """Why none of its rows can be read, completes "the file ..."; empty if they can."""
    features: tuple[str, ...] = ONE_FEATURE

    def of(self, sensor: str) -> ReadingTable:
        """Return the table of the one sensor that owns this file; issues of unowned rows count as its own."""
        table = self.tables.get(sensor, ReadingTable.empty(self.features))
        table.issues.update(self.unowned)
        return table


class ReadingsBuilder:
    """Collects the rows of a file chunk by chunk, and divides them by sensor.

    :param hour: rows outside it are left out
    :param owner: returns the sensor of a device and a tag, None if it is not scored
    :param features: names of the numeric columns
    """

    def __init__(self, hour: RunHour, owner: Owner, features: tuple[str, ...]) -> None:
        self.index = SensorIndex(owner)
        self.features = features
        self._start, self._end = micros_of(hour)
        self._chunks: list[RowChunk] = []
        self._problem = ""

    def reject(self, rows: int) -> None:
        """Count rows that cannot be parsed at all."""
        if rows:
            self.index.count(RowIssue.UNREADABLE, NAMELESS, rows)

    def refuse(self, rows: int, problem: str) -> None:
        """Count the rows of a file that cannot be read as a whole.

        :param problem: completes "the file ..."
        """
        self.reject(rows)
        self._problem = problem

    def add(self, pairs: PairArray | int, timestamps: Timestamps, numbers: Sequence[Numbers]) -> None:
        """Add rows, column by column.

        :param pairs: numbers of pairs in the index: shape (n_rows,), or one number for all rows
        :param timestamps: n_rows of them
        :param numbers: a column of n_rows per feature
        """
        if not len(timestamps.micros):
            return
        chunk = RowChunk.of(pairs, timestamps, numbers)
        faults = self._faults(chunk, timestamps, numbers)
        other_zone = timestamps.other_zone
        if faults is not None:
            self._count(chunk.whose, faults)
            keep = faults == 0
            chunk = chunk.filtered(keep)
            other_zone = None if other_zone is None else other_zone[keep]
        if other_zone is not None and other_zone.any():
            self._count(chunk.whose, np.where(other_zone, len(_ISSUES) + 1, 0))
        if len(chunk.micros):
            self.index.see(
                [pairs] if isinstance(pairs, int) else np.bincount(chunk.whose).nonzero()[0].tolist()
            )
            self._chunks.append(chunk)

    def _faults(
        self, chunk: RowChunk, timestamps: Timestamps, numbers: Sequence[Numbers]
    ) -> NDArray[np.intp] | None:
        """Return per row which of ``_ISSUES`` applies, from 1; 0 if none does. None if all rows count."""
        if self._is_faultless(chunk, timestamps, numbers):
            return None
        outside = (chunk.micros < self._start) | (chunk.micros >= self._end)
        infinite = ~np.isfinite(chunk.values).all(axis=1)
        readable = [timestamps.readable, *(column.readable for column in numbers)]
        masks = [mask for mask in readable if mask is not None]
        unreadable = ~np.logical_and.reduce(masks) if masks else np.False_
        strange = self._strange(chunk.whose)
        faults = np.zeros(len(chunk.micros), dtype=np.intp)
        for code, reason in enumerate((outside, infinite, unreadable, strange), start=1):
            faults[np.broadcast_to(reason, faults.shape)] = code
        return faults

    def _is_faultless(self, chunk: RowChunk, timestamps: Timestamps, numbers: Sequence[Numbers]) -> bool:
        """Whether every row counts, as in most chunks."""
        return bool(
            timestamps.readable is None
            and all(column.readable is None for column in numbers)
            and chunk.micros.min() >= self._start
            and chunk.micros.max() < self._end
            and np.isfinite(chunk.values).all()
            and not self._strange(chunk.whose).any()
        )

    def _strange(self, pairs: PairArray | int) -> NDArray[np.bool_] | np.bool_:
        """Whether rows belong to no sensor of ours."""
        if isinstance(pairs, int):
            return np.bool_(self.index.sensor_of[pairs] < 0)
        strange: NDArray[np.bool_] = np.array(self.index.sensor_of)[pairs] < 0
        return strange

    def _count(self, pairs: PairArray | int, codes: NDArray[np.intp]) -> None:
        """Count rows by pair and issue.

        :param codes: shape (n_rows,), index into ``_ISSUES`` from 1; 0 for no issue
        """
        each = np.broadcast_to(pairs, codes.shape)
        for code, issue in enumerate((*_ISSUES, RowIssue.OTHER_ZONE), start=1):
            found, rows = np.unique(each[codes == code], return_counts=True)
            for pair, count in zip(found.tolist(), rows.tolist(), strict=True):
                self.index.count(issue, pair, count)

    def rows(self) -> FileRows:
        """Return all added rows, by sensor."""
        tables = {}
        if self._chunks:
            tables = self._tables(joined(self._chunks, self.index.sensor_of))
        issues = self.index.issues
        for sensor in issues.keys() - {-1}:
            name = self.index.sensors[sensor]
            tables.setdefault(name, ReadingTable.empty(self.features)).issues.update(issues[sensor])
        return FileRows(tables, issues.get(-1, Counter()), self._problem, self.features)

    def _tables(self, whole: RowChunk) -> dict[str, ReadingTable]:
        """Split rows by sensor; the rows of a sensor keep their order."""
        whole = grouped(whole)
        edges = edges_of(whole)
        falling = falling_in(whole, edges)
        return {
            self.index.sensors[sensor]: self._cut(whole, sensor, rows, is_rising=sensor not in falling)
            for sensor, rows in edges.items()
        }

    def _cut(self, whole: RowChunk, sensor: int, rows: slice, *, is_rising: bool) -> ReadingTable:
        table = ReadingTable(
            micros=whole.micros[rows],
            values=whole.values[rows],
            features=self.features,
            written_ts=None if whole.ts is None else whole.ts[rows],
            written_columns=whole.columns and [column[rows] for column in whole.columns],
            pairs=self.index.pairs_of[sensor],
        )
        if not is_rising:
            table.count_disorder()
        return table
