"""A chunk of a file's rows as columns; joining chunks, and grouping their rows by sensor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, compress
from typing import TYPE_CHECKING, Any

import numpy as np

from scorer.readings.table import picked
from scorer.readings.timestamps import texts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from scorer.readings.numbers import Numbers
    from scorer.readings.timestamps import Timestamps

    FloatArray = NDArray[np.float64]
    IndexArray = NDArray[np.intp]
    MicrosArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RowChunk:
    """Rows of one chunk of a file."""

    whose: IndexArray | int
    """Number of each row's pair, shape (n_rows,), or one for all; the sensor's once chunks are joined."""
    micros: MicrosArray
    values: FloatArray
    """Shape (n_rows, n_features)."""
    ts: list[str] | None
    columns: list[list[str]] | None
    """Texts of the values, a list per feature. None if the file held numbers; ``ts`` likewise."""

    @classmethod
    def of(cls, pairs: IndexArray | int, timestamps: Timestamps, numbers: Sequence[Numbers]) -> RowChunk:
        """Combine columns."""
        if len(numbers) == 1:
            values = numbers[0].values[:, np.newaxis]
        else:
            values = np.column_stack([column.values for column in numbers])
        return cls(pairs, timestamps.micros, values, timestamps.texts, _texts(numbers))

    def filtered(self, keep: NDArray[np.bool_]) -> RowChunk:
        """Return the rows where ``keep`` is true.

        :param keep: shape (n_rows,)
        """
        chosen = keep.tolist()
        return RowChunk(
            whose=self.whose if isinstance(self.whose, int) else self.whose[keep],
            micros=self.micros[keep],
            values=self.values[keep],
            ts=None if self.ts is None else list(compress(self.ts, chosen)),
            columns=self.columns and [list(compress(column, chosen)) for column in self.columns],
        )


def _texts(numbers: Sequence[Numbers]) -> list[list[str]] | None:
    if all(column.texts is None for column in numbers):
        return None
    return [
        list(map(repr, column.values.tolist())) if column.texts is None else column.texts
        for column in numbers
    ]


def joined(chunks: list[RowChunk], sensor_of: Sequence[int]) -> RowChunk:
    """Concatenate chunks, and replace pairs by sensors.

    :param chunks: emptied, so that rows are not held twice
    :param sensor_of: number of the sensor of each pair
    """
    pair = chunks[0].whose
    if len(chunks) == 1 and isinstance(pair, int):
        return replace(chunks.pop(), whose=sensor_of[pair])
    table = np.array(sensor_of, dtype=np.intp)
    whose = [np.broadcast_to(table[part.whose], part.micros.shape) for part in chunks]
    micros, values = [part.micros for part in chunks], [part.values for part in chunks]
    ts, columns = _joined_ts(chunks), _joined_columns(chunks)
    chunks.clear()
    return RowChunk(_concatenated(whose), _concatenated(micros), _concatenated(values), ts, columns)


def _concatenated(parts: list[NDArray[Any]]) -> NDArray[Any]:
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _joined_ts(chunks: Sequence[RowChunk]) -> list[str] | None:
    if all(part.ts is None for part in chunks):
        return None
    texts = (texts_of(part.micros) if part.ts is None else part.ts for part in chunks)
    return list(chain.from_iterable(texts))


def _joined_columns(chunks: Sequence[RowChunk]) -> list[list[str]] | None:
    """Concatenate texts of values; either all chunks of a file have them or none has."""
    parts = [part.columns for part in chunks if part.columns is not None]
    return [list(chain.from_iterable(column)) for column in zip(*parts, strict=True)] or None


def grouped(whole: RowChunk) -> RowChunk:
    """Return the rows grouped by sensor; the rows of a sensor keep their order."""
    if isinstance(whole.whose, int) or (whole.whose[1:] >= whole.whose[:-1]).all():
        return whole
    # numpy sorts 16-bit integers by radix, in linear time: https://numpy.org/doc/stable/reference/generated/numpy.sort.html
    narrow = whole.whose.max() < np.iinfo(np.uint16).max
    rows = np.argsort(whole.whose.astype(np.uint16) if narrow else whole.whose, kind="stable")
    return RowChunk(
        whose=whole.whose[rows],
        micros=whole.micros[rows],
        values=whole.values[rows],
        ts=None if whole.ts is None else picked(whole.ts, rows),
        columns=whole.columns and [picked(column, rows) for column in whole.columns],
    )


def edges_of(whole: RowChunk) -> dict[int, slice]:
    """Return the rows of each sensor in a grouped chunk."""
    if isinstance(whole.whose, int):
        return {whole.whose: slice(0, len(whole.micros))}
    starts = [0, *(np.flatnonzero(np.diff(whole.whose)) + 1).tolist()]
    ends = [*starts[1:], len(whole.whose)]
    return dict(zip(whole.whose[starts].tolist(), map(slice, starts, ends), strict=True))


def falling_in(whole: RowChunk, edges: Mapping[int, slice]) -> set[int]:
    """Return the sensors whose timestamps do not rise from row to row."""
    rising = whole.micros[1:] > whole.micros[:-1]
    if rising.all():
        return set()
    if isinstance(whole.whose, int):
        return set(edges)
    same = whole.whose[1:] == whole.whose[:-1]
    # np.unique would import numpy.ma: a twenty-fifth of scoring 500 sensors with a reading a minute.
    return set(np.flatnonzero(np.bincount(whole.whose[1:][same & ~rising])).tolist())
