"""Rows of predictions for readings that came as numbers, made by whole columns. Needs pyarrow.

Python writes a float64 in 0.4 microseconds, which is longer than all else that happens to a reading in
Parquet; pyarrow takes a fifth of that, and its text reads back as the same number too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scorer.moments import chars_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from scorer.ocsvm import Verdicts
    from scorer.sheet import Sheet

    FloatArray = NDArray[np.float64]

_ROWS_AT_ONCE = 1 << 16
"""So that no piece comes near 2 GiB, which is as far as pyarrow counts in a text."""


def rows_of(names: str, sheet: Sheet, verdicts: Verdicts) -> Iterator[bytes | memoryview]:
    """Yield the rows of one sensor in pieces, each row ended by a newline.

    :param names: what stands between moment and values, commas included
    """
    if len(verdicts.scores) != len(sheet):
        raise ValueError(f"{len(verdicts.scores)} verdicts about {len(sheet)} readings")
    for start in range(0, len(sheet), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        yield _joined(
            chars_of(sheet.micros[rows], before=b"\n", behind=names.encode()),
            sheet.values[rows],
            np.where(verdicts.anomalies[rows], b",1,", b",0,"),
            verdicts.scores[rows],
        )
        yield b"\n"


def _joined(starts: NDArray[Any], values: FloatArray, flags: NDArray[Any], scores: FloatArray) -> memoryview:
    """Join columns; each row but the first begins with the newline of the one before it.

    Texts of one length cost least to join, and moments are the only ones.
    """
    columns = [_numbers(column) for column in values.T]
    several = columns[0] if len(columns) == 1 else pc.binary_join_element_wise(*columns, ",")
    rows = pc.binary_join_element_wise(_texts(starts), several, _texts(flags), _numbers(scores), "")
    _, ends, chars = rows.buffers()
    return memoryview(chars)[1 : np.frombuffer(ends, np.int32)[len(rows)]]


def _texts(chars: NDArray[Any]) -> pa.StringArray:
    """Make an array of texts that all have the same length."""
    ends = np.arange(len(chars) + 1, dtype=np.int32) * chars.itemsize
    return pa.StringArray.from_buffers(len(chars), pa.py_buffer(ends), pa.py_buffer(chars))


def _numbers(column: FloatArray) -> pa.StringArray:
    return pc.cast(pa.array(column), pa.string())
