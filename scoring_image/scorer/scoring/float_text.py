"""Formats float64 numbers with the fewest digits that read back as the same number.

Python takes 0.4 microseconds per number, which was the most expensive step of scoring a reading; orjson takes
a twentieth of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_FEW = 3_600
"""Numbers that Python formats before orjson is imported: the import takes as long as 7,000 numbers."""
_PLAIN = 1e-4
"""Below it orjson and Python differ: 0.00001 for 1e-05, 1.5e-7 for 1.5e-07."""


class _Python:
    """How many numbers Python may still format before orjson is worth its import; per process."""

    left = _FEW


def texts_of_numbers(numbers: FloatArray) -> list[str]:
    """Format each number as ``repr`` does.

    :param numbers: shape (n,)
    """
    if len(numbers) <= _Python.left:
        _Python.left -= len(numbers)
        return list(map(repr, numbers.tolist()))
    return joined_texts(numbers).decode().split(",") if len(numbers) else []


def joined_texts(numbers: FloatArray) -> bytes:
    """Format numbers as ``repr`` does, separated by commas.

    :param numbers: shape (n,)
    """
    import orjson  # noqa: PLC0415  # scoring a few readings does not need it

    if not np.isfinite(numbers).all():  # JSON has neither NaN nor infinity
        return ",".join(map(repr, numbers.tolist())).encode()
    chars = orjson.dumps(np.ascontiguousarray(numbers), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    small = np.abs(numbers) < _PLAIN
    if small.any():
        small &= numbers != 0
        return _rewritten(chars, numbers, np.flatnonzero(small))
    return chars


def _rewritten(chars: bytes, numbers: FloatArray, places: NDArray[np.intp]) -> bytes:
    """Replace the texts of the numbers at these places by their ``repr``."""
    commas = np.flatnonzero(np.frombuffer(chars, np.uint8) == ord(","))
    starts = np.concatenate(([0], commas + 1))[places].tolist()
    ends = np.concatenate((commas, [len(chars)]))[places].tolist()
    pieces, done = [], 0
    for number, start, end in zip(numbers[places].tolist(), starts, ends, strict=True):
        pieces += [chars[done:start], repr(number).encode()]
        done = end
    return b"".join([*pieces, chars[done:]])
