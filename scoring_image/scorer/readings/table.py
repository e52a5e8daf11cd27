"""One sensor's readings as columns, whatever their format was."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from scorer.readings.issues import RowIssue
from scorer.readings.timestamps import texts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    MicrosArray = NDArray[np.int64]

ONE_FEATURE = ("Value",)


@dataclass(slots=True, eq=False)
class ReadingTable:
    """Rows of one sensor that count, from one or more files, and the issues of all its rows.

    Texts are kept as they were written. Parquet holds numbers instead: their texts are made on demand.
    """

    micros: MicrosArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Shape (n_readings,), microseconds since 1970 in UTC; further digits are cut off."""
    values: FloatArray = field(default_factory=lambda: np.empty((0, 1)))
    """Shape (n_readings, n_features), float64, finite."""
    features: tuple[str, ...] = ONE_FEATURE
    written_ts: list[str] | None = None
    written_columns: list[list[str]] | None = None
    """A list per feature."""
    pairs: set[tuple[str, str]] = field(default_factory=set)
    """Devices and tags of the rows that count."""
    issues: Counter[RowIssue] = field(default_factory=Counter)

    @classmethod
    def empty(cls, features: tuple[str, ...]) -> ReadingTable:
        """Make a table without rows."""
        return cls(values=np.empty((0, len(features))), features=features)

    def __len__(self) -> int:
        return len(self.micros)

    @property
    def ts(self) -> list[str]:
        """Timestamps as written."""
        return texts_of(self.micros) if self.written_ts is None else self.written_ts

    @property
    def texts(self) -> list[str]:
        """Values of the first feature as written."""
        return self.columns[0]

    @property
    def columns(self) -> list[list[str]]:
        """Values as written, a list per feature."""
        if self.written_columns is not None:
            return self.written_columns
        return [list(map(repr, column)) for column in self.values.T.tolist()]

    @property
    def rejected(self) -> Counter[RowIssue]:
        """Issues of rows that were left out, in the order of :class:`RowIssue`."""
        if not self.issues:  # the usual case; called three times per sensor
            return Counter()
        return Counter(
            {issue: self.issues[issue] for issue in RowIssue if issue.is_left_out and self.issues[issue]}
        )

    @property
    def is_empty(self) -> bool:
        """Whether there was no row at all, good or bad."""
        return not len(self) and not self.rejected.total()

    def why_rejected(self) -> str:
        """Describe how many rows are left out, and why: ``2 outside the hour, 1 unreadable``."""
        return ", ".join(f"{count} {issue}" for issue, count in self.rejected.most_common())

    @property
    def is_rising(self) -> bool:
        """Whether every row is later than the one before it, so that none is repeated or out of order."""
        return bool((self.micros[1:] > self.micros[:-1]).all())

    def take(self, rows: NDArray[np.intp]) -> ReadingTable:
        """Return a table of these rows, in this order, with the same issues.

        :param rows: indices of rows
        """
        ts, columns = self.written_ts, self.written_columns
        return replace(
            self,
            micros=self.micros[rows],
            values=self.values[rows],
            written_ts=None if ts is None else picked(ts, rows),
            written_columns=None if columns is None else [picked(column, rows) for column in columns],
        )

    def without(self, refused: NDArray[np.bool_]) -> ReadingTable:
        """Return the table without rows that a model cannot score, and count them.

        :param refused: shape (n_readings,), true for a row to leave out
        """
        rest = self.take(np.flatnonzero(~refused))
        rest.issues = self.issues + Counter({RowIssue.UNSCORABLE: int(refused.sum())})
        return rest

    def count_disorder(self) -> None:
        """Count rows that are earlier than a row before them, and repeated rows."""
        disorder = int((self.micros < np.maximum.accumulate(self.micros)).sum())
        if disorder:
            self.issues[RowIssue.OUT_OF_ORDER] = disorder
        self.count_repeats()

    def count_repeats(self) -> None:
        """Count rows with the timestamp and values of another row."""
        keys = (*self.values.T, self.micros)
        order = np.lexsort(keys)
        same = np.logical_and.reduce([key[order[1:]] == key[order[:-1]] for key in keys])
        self.issues.pop(RowIssue.REPEATED, None)
        if repeated := int(same.sum()):
            self.issues[RowIssue.REPEATED] = repeated


def in_order(tables: Iterable[ReadingTable]) -> ReadingTable:
    """Join the tables of one sensor, sorted by time; rows with equal timestamps keep their order.

    A row is out of order only within its file: the names of files say nothing about time.

    :raises ValueError: if the tables differ in their features
    """
    found = list(tables)
    whole = found[0] if len(found) == 1 else _joined(found)
    return whole if whole.is_rising else whole.take(np.argsort(whole.micros, kind="stable"))


def _joined(tables: Sequence[ReadingTable]) -> ReadingTable:
    if not tables:
        return ReadingTable()
    if len({table.features for table in tables}) > 1:
        raise ValueError("tables of different features cannot be joined")
    whole = ReadingTable(
        micros=np.concatenate([table.micros for table in tables]),
        values=np.concatenate([table.values for table in tables]),
        features=tables[0].features,
        written_ts=_all_of(tables, lambda table: table.written_ts, lambda table: table.ts),
        written_columns=_columns_of(tables),
        pairs=set().union(*(table.pairs for table in tables)),
        issues=sum((table.issues for table in tables), Counter()),
    )
    if not whole.is_rising:
        whole.count_repeats()
    return whole


def _columns_of(tables: Sequence[ReadingTable]) -> list[list[str]] | None:
    if all(table.written_columns is None for table in tables):
        return None
    parts = [table.columns for table in tables]
    return [[text for part in parts for text in part[place]] for place in range(len(parts[0]))]


def _all_of(
    tables: Sequence[ReadingTable],
    written: Callable[[ReadingTable], list[str] | None],
    made: Callable[[ReadingTable], list[str]],
) -> list[str] | None:
    if all(written(table) is None for table in tables):
        return None
    return [text for table in tables for text in made(table)]


def picked(texts: Sequence[str], rows: NDArray[np.intp]) -> list[str]:
    """Return the texts of these rows, in their order."""
    return list(map(texts.__getitem__, rows.tolist()))
