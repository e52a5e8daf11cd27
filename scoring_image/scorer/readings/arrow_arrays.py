"""Zero-copy conversion of columns between numpy and pyarrow. Needs pyarrow.

``pa.array`` and ``to_numpy`` import pandas if it is installed, to check for pandas objects: half a second,
three times the total time of one sensor. ``pyarrow.compute`` takes a sixth of that. Passing a buffer needs
neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    BoolArray = NDArray[np.bool_]


def array_of(numbers: NDArray[Any], kind: pa.DataType) -> pa.Array:
    """Make a column of numbers.

    :param numbers: shape (n,), in the memory layout of ``kind``: int64 for timestamps
    """
    return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers))])


def texts_of(texts: Sequence[str]) -> pa.StringArray:
    """Make a column of texts."""
    coded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, coded)])
    return texts_between(ends, b"".join(coded))


def texts_between(ends: NDArray[np.integer[Any]], chars: bytes | NDArray[Any]) -> pa.StringArray:
    """Make a column of texts that lie one after the other in memory.

    :param ends: shape (n + 1,), offsets at which each text starts and the last one ends
    :param chars: UTF-8, less than 2 GiB
    """
    edges = pa.py_buffer(ends.astype(np.int32, copy=False))
    return pa.StringArray.from_buffers(len(ends) - 1, edges, pa.py_buffer(chars))


def numbers_of(column: pa.Array) -> tuple[NDArray[Any], BoolArray | None]:
    """Return the numbers of a column and its validity mask.

    :return: numbers, shape (n_rows,), read-only, arbitrary where null; mask, shape (n_rows,), true where not
        null, or None if there is no null
    """
    if not column.null_count:
        return np.from_dlpack(column), None
    bits, numbers = column.buffers()
    end = column.offset + len(column)
    there = np.unpackbits(np.frombuffer(bits, np.uint8), count=end, bitorder="little")[column.offset :]
    whole = pa.Array.from_buffers(column.type, len(column), [None, numbers], offset=column.offset)
    return np.from_dlpack(whole), there.view(np.bool_)
