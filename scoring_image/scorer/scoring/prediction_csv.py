"""Formats predictions as CSV for readings from typed columns, whole columns at a time. Needs pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scorer.readings.arrow_arrays import texts_between, texts_of
from scorer.readings.timestamps import chars_of
from scorer.scoring.float_text import joined_texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from scorer.models.ocsvm import Predictions
    from scorer.readings.table import ReadingTable

    FloatArray = NDArray[np.float64]

_ROWS_AT_ONCE = 1 << 16
"""Keeps each piece below 2 GiB, the limit of pyarrow's string arrays
(https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-layout)."""


def rows_of(names: str, table: ReadingTable, predictions: Predictions) -> Iterator[bytes | memoryview]:
    """Yield the rows of one sensor in pieces, each row ended by a newline.

    :param names: the text between timestamp and values, commas included
    """
    for start in range(0, len(table), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        yield _joined(
            _texts(chars_of(table.micros[rows], behind=names.encode())),
            *(_numbers(column, end=b",") for column in table.values[rows].T),
            _texts(np.where(predictions.anomalies[rows], b"1,", b"0,")),
            _numbers(predictions.scores[rows], end=b"\n"),
        )


def _joined(*columns: pa.StringArray) -> memoryview:
    """Join columns whose cells end with their separator."""
    rows = pc.binary_join_element_wise(*columns, texts_of([""])[0])
    _, ends, chars = rows.buffers()
    return memoryview(chars)[: np.frombuffer(ends, np.int32)[len(rows)]]


def _texts(chars: NDArray[Any]) -> pa.StringArray:
    """Make an array of texts of equal length."""
    ends = np.arange(len(chars) + 1, dtype=np.int32) * chars.itemsize
    return texts_between(ends, chars)


def _numbers(column: FloatArray, *, end: bytes) -> pa.StringArray:
    chars = joined_texts(column).replace(b",", end) + end
    found = np.flatnonzero(np.frombuffer(chars, np.uint8) == ord(end))
    return texts_between(np.concatenate(([0], found + 1)), chars)
