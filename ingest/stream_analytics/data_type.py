"""Data types of Stream Analytics, and conversions of what JSON holds. Pure.

https://learn.microsoft.com/stream-analytics-query/data-types-azure-stream-analytics

A record has a type, a column has none: the same column may hold 1 in one event and "1" in the next.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeAlias

from ingest.stream_analytics.ticks import read_ticks

Scalar: TypeAlias = int | float | str | bool | None
"""A value of JSON that is neither an object nor an array; a ``datetime`` is in ticks."""

_BIGINT = 2**63
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


class DataType(StrEnum):
    """Types that the local runner knows; the value is the name in queries."""

    BIGINT = "bigint"
    FLOAT = "float"
    TEXT = "nvarchar(max)"
    DATETIME = "datetime"
    BIT = "bit"


class NotConvertible(Exception):
    """A value cannot be of the type."""


def cast(value: object, to: DataType) -> Scalar:
    """Convert one value as ``CAST`` does; NULL stays NULL.

    :raises NotConvertible: if the value has no such form
    """
    if value is None:
        return None
    if to is DataType.TEXT:
        return _text(value)
    if to is DataType.FLOAT:
        return _float(value)
    raise NotConvertible(f"{value!r} is not converted to {to}")


def declared(value: object, of: DataType) -> Scalar:
    """Return a value of a column that ``CREATE TABLE`` declares.

    It converts nothing but an integer to ``float`` and text to ``datetime``, whose form in JSON is text:
    https://learn.microsoft.com/stream-analytics-query/create-table-stream-analytics

    :raises NotConvertible: if the value is of another type: the row is then dropped
    """
    if value is None:
        return None
    if of is DataType.DATETIME and isinstance(value, str) and (ticks := read_ticks(value)) is not None:
        return ticks
    if of is DataType.FLOAT and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if of is DataType.BIGINT and isinstance(value, int) and not isinstance(value, bool):
        return value
    if of is DataType.TEXT and isinstance(value, str):
        return value
    if of is DataType.BIT and isinstance(value, bool):
        return value
    raise NotConvertible(f"{value!r} is not {of}")


def is_bigint(value: int) -> bool:
    """Whether an integer fits; one that does not makes its event undecodable."""
    return -_BIGINT <= value < _BIGINT


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return float_text(value)
    raise NotConvertible("an object or an array has no text")


def _float(value: object) -> float:
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value) and abs(number := float(value)) != float("inf"):
        return number
    raise NotConvertible(f"{value!r} is not a number")


def float_text(value: float) -> str:
    """Write a float with the fewest digits that read back as it, and a whole one without a point."""
    text = repr(value)
    return text.removesuffix(".0")
