"""Reads readings from Avro container files. Needs fastavro.

Records have our columns, or are events of Event Hubs Capture, whose ``Body`` is JSON
(https://learn.microsoft.com/azure/event-hubs/event-hubs-capture-overview).

Blocks are decompressed here, one at a time and up to a limit, because fastavro has no limit.
"""

from __future__ import annotations

import io
import zlib
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import fastavro
from fastavro.schema import SchemaParseException

from scorer.errors import DataFault
from scorer.readings.identifiers import NumberText
from scorer.readings.json_rows import read_json, take_rows
from scoring_contract.reading_files.timestamps import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scorer.readings.builder import ReadingsBuilder

MOST_BLOCK_BYTES = 1 << 25
"""Limit of a decompressed block; writers begin a new one after 16 KB to a few MB."""
_ROWS = 1 << 12
_SYNC_BYTES = 16
_RAW_DEFLATE = -15
_LONG_BITS = 64
_BODY = "Body"
_DAMAGE = (
    SchemaParseException,
    ValueError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    OverflowError,
    AttributeError,
    zlib.error,
    OSError,
)
"""Exceptions that fastavro raises for damaged files."""


def read_avro(name: str, data: bytes, builder: ReadingsBuilder) -> None:
    """Pass all rows of a file to a builder; none if it has no records, as Capture writes during idle times.

    :raises DataFault: if the file is damaged, compressed with anything but deflate, or a block is too large
    """
    try:
        for records in _batches(name, data):
            _take(records, builder)
    except _DAMAGE as error:
        raise DataFault(f"{name} cannot be read as Avro: {str(error) or type(error).__name__}") from error


def _take(records: list[Any], builder: ReadingsBuilder) -> None:
    rows = [record for record in records if isinstance(record, dict)]
    builder.reject(len(records) - len(rows))
    if not rows:
        return
    if _BODY in rows[0] and "ts" not in map(str.casefold, rows[0]):
        _take_messages([row[_BODY] or b"" for row in rows], builder)
    else:
        take_rows([{name: _as_json(value) for name, value in row.items()} for row in rows], builder)


def _take_messages(bodies: Sequence[bytes], builder: ReadingsBuilder) -> None:
    if any(bodies) and not any(body.lstrip().startswith((b"{", b"[")) for body in bodies):
        builder.refuse(len(bodies), "has events whose Body is not JSON: let devices send JSON")
        return
    # JSON escapes line breaks in strings, so a raw one only separates tokens.
    read_json(b"\n".join(body.replace(b"\n", b" ") for body in bodies), builder)


def _as_json(value: Any) -> Any:
    """Return a value as the JSON reader would."""
    match value:
        case bool():
            return value
        case int() | float() | Decimal():
            return NumberText(value)
        case bytes():
            return value.decode(errors="replace")
        case datetime():
            return text_of(value)
        case _:
            return value


def _batches(name: str, data: bytes) -> Iterator[list[dict[str, Any]]]:
    source = io.BytesIO(data)
    header = fastavro.reader(source)
    codec = header.metadata.get("avro.codec", "null")
    if codec not in {"null", "deflate"}:
        raise DataFault(f"{name} is Avro compressed with {codec}: write it with deflate")
    schema = fastavro.parse_schema(header.writer_schema, _force=True)
    mark = data[source.tell() - _SYNC_BYTES : source.tell()]
    while source.tell() < len(data):
        count, block = _block(name, source, mark, is_packed=codec == "deflate")
        for start in range(0, count, _ROWS):
            yield [_record(block, schema) for _ in range(min(_ROWS, count - start))]


def _record(block: io.BytesIO, schema: Any) -> Any:
    start = block.tell()
    record = fastavro.schemaless_reader(block, schema, None, handle_unicode_errors="replace")
    if block.tell() == start:  # a block may claim any number of empty records, and they would fill the memory
        raise ValueError("a record without a byte")
    return record


def _block(name: str, source: io.BytesIO, mark: bytes, *, is_packed: bool) -> tuple[int, io.BytesIO]:
    """Read a block's number of records and its decompressed bytes.

    :param mark: the file's sync marker, which follows each block
    """
    count, size = _long(source), _long(source)
    packed, behind = source.read(max(size, 0)), source.read(_SYNC_BYTES)
    if count < 0 or len(packed) != size or behind != mark:
        raise ValueError("a block is damaged")
    unpacker = zlib.decompressobj(_RAW_DEFLATE)
    unpacked = unpacker.decompress(packed, MOST_BLOCK_BYTES + 1) if is_packed else packed
    if len(unpacked) > MOST_BLOCK_BYTES:
        raise DataFault(
            f"{name} has an Avro block of more than {MOST_BLOCK_BYTES} bytes: write smaller blocks"
        )
    return count, io.BytesIO(unpacked)


def _long(source: io.BytesIO) -> int:
    """Read a ``long`` of Avro: zigzag, seven bits a byte, the lowest first.

    https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
    """
    number = shift = 0
    while True:
        byte = source.read(1)
        if not byte or shift >= _LONG_BITS:
            raise EOFError("it ends too early")
        number |= (byte[0] & 0x7F) << shift
        shift += 7
        if not byte[0] & 0x80:
            return (number >> 1) ^ -(number & 1)
