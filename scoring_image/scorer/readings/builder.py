"""The rows of one file, checked and given to their sensors. What format they came in is not known here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scorer.readings.issues import Note
from scorer.readings.row_chunk import Stretch, edges_of, falling_in, grouped, joined
from scorer.readings.sensor_index import NAMELESS, Roster
from scorer.readings.table import ONE_FEATURE, Sheet
from scorer.readings.timestamps import micros_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scorer.readings.numbers import Numbers
    from scorer.readings.sensor_index import Owner
    from scorer.readings.timestamps import Moments
    from scoring_contract.hour import RunHour

    PairArray = NDArray[np.intp]

_NOTES = (Note.OTHER_HOUR, Note.NOT_FINITE, Note.UNREADABLE, Note.OTHER_SENSOR)
"""Why a row does not count; of several reasons the last one is told."""


@dataclass(slots=True)
class FileRows:
    """What one file holds."""

    sheets: dict[str, Sheet]
    """By sensor id: sensors with any row, also if none counts."""
    unowned: Counter[Note]
    """Notes about rows that cannot be given to a sensor."""
    problem: str = ""
    """Why none of its rows can be read; empty if they can."""
    features: tuple[str, ...] = ONE_FEATURE

    def of(self, sensor: str) -> Sheet:
        """Return the sheet of the one sensor whose file this is; every row is its concern."""
        sheet = self.sheets.get(sensor, Sheet.empty(self.features))
        sheet.notes.update(self.unowned)
        return sheet


class Gathering:
    """Takes the rows of a file stretch by stretch, and hands them out by sensor.

    :param features: names of the numeric columns
    """

    def __init__(self, hour: RunHour, owner: Owner, features: tuple[str, ...]) -> None:
        self.roster = Roster(owner)
        self.features = features
        self._start, self._end = micros_of(hour)
        self._stretches: list[Stretch] = []
        self._problem = ""

    def reject(self, rows: int) -> None:
        """Count rows that cannot be read at all."""
        if rows:
            self.roster.count(Note.UNREADABLE, NAMELESS, rows)

    def refuse(self, rows: int, problem: str) -> None:
        """Count the rows of a file of which none can be read.

        :param problem: completes "the file ..."
        """
        self.reject(rows)
        self._problem = problem

    def add(self, pairs: PairArray | int, moments: Moments, numbers: Sequence[Numbers]) -> None:
        """Take rows, column by column.

        :param pairs: numbers of the roster, one per row or one for all
        :param numbers: a column per feature
        """
        if not len(moments.micros):
            return
        stretch = Stretch.of(pairs, moments, numbers)
        faults = self._faults(stretch, moments, numbers)
        other_zone = moments.other_zone
        if faults is not None:
            self._count(stretch.whose, faults)
            keep = faults == 0
            stretch = stretch.filtered(keep)
            other_zone = None if other_zone is None else other_zone[keep]
        if other_zone is not None and other_zone.any():
            self._count(stretch.whose, np.where(other_zone, len(_NOTES) + 1, 0))
        if len(stretch.micros):
            self.roster.see(
                [pairs] if isinstance(pairs, int) else np.bincount(stretch.whose).nonzero()[0].tolist()
            )
            self._stretches.append(stretch)

    def _faults(
        self, stretch: Stretch, moments: Moments, numbers: Sequence[Numbers]
    ) -> NDArray[np.intp] | None:
        """Say per row which of ``_NOTES`` applies, counted from 1; 0 for a row that counts; None: all do."""
        if self._is_faultless(stretch, moments, numbers):
            return None
        outside = (stretch.micros < self._start) | (stretch.micros >= self._end)
        infinite = ~np.isfinite(stretch.values).all(axis=1)
        readable = [moments.readable, *(column.readable for column in numbers)]
        masks = [mask for mask in readable if mask is not None]
        unreadable = ~np.logical_and.reduce(masks) if masks else np.False_
        strange = self._strange(stretch.whose)
        faults = np.zeros(len(stretch.micros), dtype=np.intp)
        for code, reason in enumerate((outside, infinite, unreadable, strange), start=1):
            faults[np.broadcast_to(reason, faults.shape)] = code
        return faults

    def _is_faultless(self, stretch: Stretch, moments: Moments, numbers: Sequence[Numbers]) -> bool:
        """Whether every row counts, as in most stretches."""
        return bool(
            moments.readable is None
            and all(column.readable is None for column in numbers)
            and stretch.micros.min() >= self._start
            and stretch.micros.max() < self._end
            and np.isfinite(stretch.values).all()
            and not self._strange(stretch.whose).any()
        )

    def _strange(self, pairs: PairArray | int) -> NDArray[np.bool_] | np.bool_:
        """Whether rows are of nobody we score."""
        if isinstance(pairs, int):
            return np.bool_(self.roster.sensor_of[pairs] < 0)
        strange: NDArray[np.bool_] = np.array(self.roster.sensor_of)[pairs] < 0
        return strange

    def _count(self, pairs: PairArray | int, codes: NDArray[np.intp]) -> None:
        """Count rows by pair and code; 0 is not counted."""
        each = np.broadcast_to(pairs, codes.shape)
        for code, note in enumerate((*_NOTES, Note.OTHER_ZONE), start=1):
            found, rows = np.unique(each[codes == code], return_counts=True)
            for pair, count in zip(found.tolist(), rows.tolist(), strict=True):
                self.roster.count(note, pair, count)

    def rows(self) -> FileRows:
        """Hand out all rows that were taken."""
        sheets = {}
        if self._stretches:
            sheets = self._sheets(joined(self._stretches, self.roster.sensor_of))
        notes = self.roster.notes
        for sensor in notes.keys() - {-1}:
            name = self.roster.sensors[sensor]
            sheets.setdefault(name, Sheet.empty(self.features)).notes.update(notes[sensor])
        return FileRows(sheets, notes.get(-1, Counter()), self._problem, self.features)

    def _sheets(self, whole: Stretch) -> dict[str, Sheet]:
        """Split rows by sensor; those of one keep their order."""
        whole = grouped(whole)
        edges = edges_of(whole)
        falling = falling_in(whole, edges)
        return {
            self.roster.sensors[sensor]: self._cut(whole, sensor, rows, is_rising=sensor not in falling)
            for sensor, rows in edges.items()
        }

    def _cut(self, whole: Stretch, sensor: int, rows: slice, *, is_rising: bool) -> Sheet:
        sheet = Sheet(
            micros=whole.micros[rows],
            values=whole.values[rows],
            features=self.features,
            written_ts=None if whole.ts is None else whole.ts[rows],
            written_columns=whole.columns and [column[rows] for column in whole.columns],
            pairs=self.roster.pairs_of[sensor],
        )
        if not is_rising:
            sheet.count_disorder()
        return sheet
