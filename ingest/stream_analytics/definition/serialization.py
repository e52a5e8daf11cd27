"""Turns rows of an output into bytes: CSV with a header, JSON with an object per line, Parquet.

https://learn.microsoft.com/azure/stream-analytics/stream-analytics-define-outputs
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ingest.stream_analytics.data_type import DataType, Scalar, float_text
from ingest.stream_analytics.ticks import TICKS_PER_MICROSECOND, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

Columns = tuple[tuple[str, DataType], ...]
"""Names and types."""
Row = tuple[Scalar, ...]
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Format(StrEnum):
    """Formats of outputs; the value is the end of a file's name."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Serialization:
    """How an output is written.

    :param delimiter: between fields of CSV
    """

    format: Format
    delimiter: str = ","

    @property
    def appends(self) -> bool:
        """Whether a file grows; of Parquet every batch is a file of its own."""
        return self.format is not Format.PARQUET

    def head(self, columns: Columns) -> bytes:
        """Return what a file begins with."""
        if self.format is Format.CSV:
            return self._csv([[name for name, _ in columns]])
        return _BYTE_ORDER_MARK if self.format is Format.JSON else b""

    def rows(self, columns: Columns, rows: Sequence[Row]) -> bytes:
        """Return some rows."""
        if self.format is Format.PARQUET:
            return _parquet(columns, rows)
        kinds = [kind for _, kind in columns]
        if self.format is Format.CSV:
            texts = [[_csv_text(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows]
            return self._csv(texts)
        names = [name for name, _ in columns]
        lines = [
            json.dumps(
                dict(zip(names, (_json(v, k) for v, k in zip(row, kinds, strict=True)), strict=True)),
                ensure_ascii=False,
                separators=(",", ":"),
            )
            for row in rows
        ]
        return "".join(f"{line}\r\n" for line in lines).encode()

    def _csv(self, rows: Sequence[Sequence[str]]) -> bytes:
        text = io.StringIO()
        csv.writer(text, delimiter=self.delimiter, lineterminator="\r\n").writerows(rows)
        return text.getvalue().encode()


def _json(value: Scalar, kind: DataType) -> Scalar:
    return text_of(int(value)) if kind is DataType.DATETIME and value is not None else value


def _csv_text(value: Scalar, kind: DataType) -> str:
    if value is None:
        return ""
    if kind is DataType.DATETIME:
        return text_of(int(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return float_text(value) if isinstance(value, float) else str(value)


def _parquet(columns: Columns, rows: Sequence[Row]) -> bytes:
    import pyarrow as pa  # noqa: PLC0415 - takes a third of a second, and only Parquet needs it
    import pyarrow.parquet as pq  # noqa: PLC0415 - likewise

    types = {
        DataType.BIGINT: pa.int64(),
        DataType.FLOAT: pa.float64(),
        DataType.TEXT: pa.string(),
        DataType.DATETIME: pa.timestamp("us", tz="UTC"),
        DataType.BIT: pa.bool_(),
    }
    arrays = []
    for place, (_, kind) in enumerate(columns):
        values = [row[place] for row in rows]
        if kind is DataType.DATETIME:
            values = [None if value is None else int(value) // TICKS_PER_MICROSECOND for value in values]
        arrays.append(
            pa.array(values, pa.int64() if kind is DataType.DATETIME else types[kind]).cast(types[kind])
        )
    file = io.BytesIO()
    pq.write_table(pa.table(arrays, names=[name for name, _ in columns]), file)
    return file.getvalue()
