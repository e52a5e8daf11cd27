"""Columns between numpy and pyarrow, as they lie in memory. Needs pyarrow.

``pa.array`` and ``to_numpy`` import pandas where it is installed, to ask whether theirs is its data: half a
second, three times what a sensor costs altogether. ``pyarrow.compute`` takes a sixth of that. None of it is
needed to hand over a buffer.
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

    :param numbers: shape (n,), as the kind has them in memory: int64 for timestamps
    """
    return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers))])


def texts_of(texts: Sequence[str]) -> pa.StringArray:
    """Make a column of texts."""
    coded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, coded)])
    return texts_between(ends, b"".join(coded))


def texts_between(ends: NDArray[np.integer[Any]], chars: bytes | NDArray[Any]) -> pa.StringArray:
    """Make a column of texts that follow one another.

    :param ends: shape (n + 1,), where each begins and the last one ends
    :param chars: less than 2 GiB
    """
    edges = pa.py_buffer(ends.astype(np.int32, copy=False))
    return pa.StringArray.from_buffers(len(ends) - 1, edges, pa.py_buffer(chars))


def numbers_of(column: pa.Array) -> tuple[NDArray[Any], BoolArray | None]:
    """Return the numbers of a column and which of them are there.

    :return: shape (n_rows,), read-only, anything in the place of a null; and the same, None if all are there
    """
    if not column.null_count:
        return np.from_dlpack(column), None
    bits, numbers = column.buffers()
    end = column.offset + len(column)
    there = np.unpackbits(np.frombuffer(bits, np.uint8), count=end, bitorder="little")[column.offset :]
    whole = pa.Array.from_buffers(column.type, len(column), [None, numbers], offset=column.offset)
    return np.from_dlpack(whole), there.view(np.bool_)
