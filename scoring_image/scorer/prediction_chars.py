"""Rows of predictions for readings that came as numbers, made by whole columns. Needs pyarrow.

Python writes a float64 in 0.4 microseconds, which is longer than all else that happens to a reading in
Parquet; pyarrow takes a fifth of that, and its text reads back as the same number too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scorer.moments import chars_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scorer.ocsvm import Verdicts
    from scorer.sheet import Sheet

    FloatArray = NDArray[np.float64]
    MicrosArray = NDArray[np.int64]


def rows_of(names: str, sheet: Sheet, verdicts: Verdicts) -> bytes:
    """Write the rows of one sensor.

    :param names: what stands between moment and values, commas included
    """
    if len(verdicts.scores) != len(sheet):
        raise ValueError(f"{len(verdicts.scores)} verdicts about {len(sheet)} readings")
    values = [part for column in sheet.values.T for part in (_numbers(column), ",")]
    flags = pc.if_else(pa.array(verdicts.anomalies), "1,", "0,")
    # The empty text at the end is the separator between the joined ones.
    rows = pc.binary_join_element_wise(
        _moments(sheet.micros), names, *values, flags, _numbers(verdicts.scores), "\n", ""
    )
    chars: bytes = rows.buffers()[2].to_pybytes()
    return chars


def _moments(micros: MicrosArray) -> pa.StringArray:
    chars = chars_of(micros)
    ends = np.arange(len(chars) + 1, dtype=np.int32) * chars.itemsize
    return pa.StringArray.from_buffers(len(chars), pa.py_buffer(ends), pa.py_buffer(chars))


def _numbers(column: FloatArray) -> pa.StringArray:
    return pc.cast(pa.array(column), pa.string())
