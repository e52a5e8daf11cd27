"""Parses columns of numbers; NaN and infinity are numbers here, and left out later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    BoolArray = NDArray[np.bool_]
    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers."""

    values: FloatArray
    """Shape (n_rows,), float64; NaN where unreadable."""
    texts: list[str] | None
    """As written; None if the file held numbers, not texts."""
    readable: BoolArray | None = None
    """Shape (n_rows,); None if all are readable."""


def read_numbers(texts: list[str]) -> Numbers:
    """Parse a column of texts without surrounding spaces."""
    joined = "".join(texts)
    if joined.isascii() and "_" not in joined:
        try:
            return Numbers(np.fromiter(map(float, texts), np.float64, len(texts)), texts)
        except ValueError:
            pass
    return read_one_by_one(texts)


def read_one_by_one(texts: Sequence[str]) -> Numbers:
    """Parse any column, one text at a time."""
    found = [read_number(text) for text in texts]
    values = np.array([np.nan if number is None else number for number in found], dtype=np.float64)
    return Numbers(values, list(texts), np.array([number is not None for number in found], dtype=bool))


def read_number(text: str) -> float | None:
    """Parse one text; Python's extras (``1_000``, digits of other scripts) are not numbers here.

    :return: None if it is not a number
    """
    if not text.isascii() or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None
