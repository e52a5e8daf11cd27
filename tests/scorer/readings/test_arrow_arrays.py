"""Columns keep their numbers, texts and nulls when converted between numpy and pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from scorer.readings.arrow_arrays import array_of, numbers_of, texts_between, texts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = [pa.int8(), pa.uint16(), pa.int32(), pa.int64(), pa.float32(), pa.float64()]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("part", [slice(0, 20), slice(3, 19), slice(9, 9)], ids=["all", "a piece", "nothing"])
@pytest.mark.parametrize("gap", [None, 7, 1], ids=["no null", "some nulls", "all null"])
def test_numbers_and_nulls_come_out(kind: pa.DataType, part: slice, gap: int | None) -> None:
    """Whole columns, slices that start inside a byte of the null bitmap, and empty ones."""
    rows = [None if gap and number % gap == 0 else number for number in range(20)]
    column = pa.array(rows, kind)[part]
    numbers, there = numbers_of(column)
    found = numbers.tolist() if there is None else np.where(there, numbers, 99).tolist()
    assert found == [99 if number is None else number for number in rows[part]]
    assert (there is None) == (None not in rows[part])
    assert numbers.dtype == kind.to_pandas_dtype()


@pytest.mark.parametrize("numbers", [np.arange(8.0), np.arange(16.0)[::2], np.array([])])
def test_numbers_go_in(numbers: NDArray[Any]) -> None:
    """Even if they are not contiguous."""
    assert array_of(numbers, pa.float64()).equals(pa.array(numbers, pa.float64()))


def test_moments_go_in() -> None:
    """As counts of their unit."""
    kind = pa.timestamp("us", "UTC")
    assert array_of(np.array([0, 1_500_000]), kind).equals(pa.array([0, 1_500_000], kind))


@pytest.mark.parametrize("texts", [[], [""], ["a", "", "Pumpe 1 \N{DEGREE SIGN}"]])
def test_texts_go_in(texts: list[str]) -> None:
    """In any script."""
    column = texts_of(texts)
    column.validate(full=True)
    assert column.equals(pa.array(texts, pa.string()))


def test_texts_that_follow_one_another_are_cut() -> None:
    """At the given ends."""
    assert texts_between(np.array([0, 1, 3]), b"abc").to_pylist() == ["a", "bc"]
