"""Reads Avro and Parquet files as lines of JSON, with few records in memory at a time.

Needs fastavro and pyarrow, which the scoring image has; loading text needs neither.
"""

from __future__ import annotations

import json
import zlib
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ingest.files.json_lines import values_in
from scoring_contract.reading_files.timestamps import text_of
from scoring_contract.text import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from typing import BinaryIO

_ROWS = 4096
_BODY = "Body"
_ENDS = " \t\r\n,[]"
_DAMAGE = (
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    OSError,
    AttributeError,
    zlib.error,
)
"""Exceptions for damaged files; fastavro has no common class for them."""


class NotRecords(ValueError):
    """The records of a file cannot be read; the text completes "the file ..."."""


def avro_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the records of an Avro container file; for events of Event Hubs Capture, their bodies.

    https://learn.microsoft.com/azure/event-hubs/event-hubs-capture-overview

    :raises NotRecords: if the file is damaged, or fastavro is not installed
    """
    try:
        import fastavro  # noqa: PLC0415  loading text does not need it
        from fastavro.schema import SchemaParseException  # noqa: PLC0415  likewise
    except ImportError as error:
        raise NotRecords("is Avro, and fastavro is not installed: install it, or write JSON lines") from error
    try:
        yield from _lines_of(fastavro.reader(stream))
    except (*_DAMAGE, SchemaParseException) as error:
        raise NotRecords(f"cannot be read as Avro: {shown(str(error)) or type(error).__name__}") from error


def parquet_lines(file: BinaryIO, *, wanted: Collection[str] | None) -> Iterator[bytes]:
    """Yield the rows of a Parquet file.

    :param file: seekable
    :param wanted: columns to read; None for all
    :raises NotRecords: if the file is damaged, or pyarrow is not installed
    """
    try:
        import pyarrow as pa  # noqa: PLC0415  loading text does not need it
        import pyarrow.parquet as pq  # noqa: PLC0415  likewise
    except ImportError as error:
        raise NotRecords("is Parquet, and pyarrow is not installed: install it, or write CSV") from error
    try:
        table = pq.ParquetFile(file)
        names = table.schema_arrow.names
        folded = None if wanted is None else {name.casefold() for name in wanted}
        ours = [name for name in names if folded is None or name.casefold() in folded]
        # Without our columns all others are read, so that the error can name them.
        for batch in table.iter_batches(_ROWS, columns=ours or None, use_threads=False):
            columns = [_in_micros(column, pa) for column in batch.columns]
            yield from _lines_of(pa.RecordBatch.from_arrays(columns, names=batch.schema.names).to_pylist())
    except (pa.ArrowException, OSError, ValueError, LookupError, RuntimeError) as error:
        raise NotRecords(f"cannot be read as Parquet: {shown(str(error))}") from error


def _in_micros(column: Any, pa: Any) -> Any:
    """Cut off digits below the microsecond, which ``datetime`` cannot hold."""
    if not pa.types.is_timestamp(column.type):
        return column
    return column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)


def _lines_of(records: Iterable[Any]) -> Iterator[bytes]:
    for record in records:
        for row in _opened(record):
            yield json.dumps(row, default=_written).encode()


def _opened(record: Any) -> list[Any]:
    """Return the objects in an event's body, or the record itself if it is not an event."""
    if not isinstance(record, dict) or _BODY not in record or any(name.casefold() == "ts" for name in record):
        return [record]
    body = record[_BODY] or b""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    try:
        values = list(values_in(text, ends=_ENDS))
    except (ValueError, RecursionError):
        return [{_BODY: shown(text.strip(_ENDS))}]
    return [row for value in values for row in (value if isinstance(value, list) else [value])]


def _written(value: Any) -> Any:
    """Convert values that JSON cannot represent to texts of readings."""
    match value:
        case Decimal():
            return str(value)
        case bytes():
            return value.decode(errors="replace")
        case datetime():
            return text_of(value) if value.tzinfo else value.isoformat(" ")  # perhaps not of UTC's clock
        case _:
            return str(value)
