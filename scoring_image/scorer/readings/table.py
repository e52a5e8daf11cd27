"""One sensor's rows that count, column by column. How they were read is not known here."""

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
    """What one or more files hold of one sensor: rows that count, and issues about these and the others.

    Texts are kept as they were written. Parquet has numbers in their place: their texts are made when
    somebody asks for them.
    """

    micros: MicrosArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Shape (n_readings,), microseconds since 1970 in UTC; digits below are cut off."""
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
        """Notes about rows that were left out, in the order of their declaration."""
        if not self.issues:  # as most tables: asked for of every sensor, thrice
            return Counter()
        return Counter(
            {issue: self.issues[issue] for issue in RowIssue if issue.is_left_out and self.issues[issue]}
        )

    @property
    def is_empty(self) -> bool:
        """Whether there was no row at all, good or bad."""
        return not len(self) and not self.rejected.total()

    def why_rejected(self) -> str:
        """Say how many rows do not count and why: ``2 outside the hour, 1 unreadable``."""
        return ", ".join(f"{count} {issue}" for issue, count in self.rejected.most_common())

    @property
    def is_rising(self) -> bool:
        """Whether every row is later than the one before it: nothing is repeated or out of order."""
        return bool((self.micros[1:] > self.micros[:-1]).all())

    def take(self, rows: NDArray[np.intp]) -> ReadingTable:
        """Return the same table with its rows in another order."""
        ts, columns = self.written_ts, self.written_columns
        return replace(
            self,
            micros=self.micros[rows],
            values=self.values[rows],
            written_ts=None if ts is None else picked(ts, rows),
            written_columns=None if columns is None else [picked(column, rows) for column in columns],
        )

    def without(self, refused: NDArray[np.bool_]) -> ReadingTable:
        """Leave out, and count, rows that a model cannot score.

        :param refused: shape (n_readings,)
        """
        rest = self.take(np.flatnonzero(~refused))
        rest.issues = self.issues + Counter({RowIssue.UNSCORABLE: int(refused.sum())})
        return rest

    def count_disorder(self) -> None:
        """Note rows that are earlier than one before them, and rows that are there already."""
        disorder = int((self.micros < np.maximum.accumulate(self.micros)).sum())
        if disorder:
            self.issues[RowIssue.OUT_OF_ORDER] = disorder
        self.count_repeats()

    def count_repeats(self) -> None:
        """Note rows whose moment and values are there already."""
        keys = (*self.values.T, self.micros)
        order = np.lexsort(keys)
        same = np.logical_and.reduce([key[order[1:]] == key[order[:-1]] for key in keys])
        self.issues.pop(RowIssue.REPEATED, None)
        if repeated := int(same.sum()):
            self.issues[RowIssue.REPEATED] = repeated


def in_order(tables: Iterable[ReadingTable]) -> ReadingTable:
    """Put files of one sensor together, rows by time; those of one moment keep the order they came in.

    A row is out of order only within its file: the names of files say nothing about time.

    :raises ValueError: if the tables are not of the same features
    """
    found = list(tables)
    whole = found[0] if len(found) == 1 else _joined(found)
    return whole if whole.is_rising else whole.take(np.argsort(whole.micros, kind="stable"))


def _joined(tables: Sequence[ReadingTable]) -> ReadingTable:
    if not tables:
        return ReadingTable()
    if len({table.features for table in tables}) > 1:
        raise ValueError("tables of different features cannot be put together")
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
