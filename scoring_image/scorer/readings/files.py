"""Reads a file of readings in any format: detects the format, and picks its reader. No clock and no I/O.

A row counts if it is readable, belongs to the hour and to one of our sensors, and its values are finite. All
rows that count are kept: a row that is delivered twice is scored twice, so that readings and predictions
match row by row, and the scorer never guesses what a device meant. ``docs/readings.md`` says how it handles
each irregularity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scorer.errors import DataFault
from scorer.readings.builder import FileRows, ReadingsBuilder
from scorer.readings.csv_rows import read_csv
from scorer.readings.issues import RowIssue
from scorer.readings.sensor_index import Owner
from scorer.readings.table import ONE_FEATURE, ReadingTable, in_order

if TYPE_CHECKING:
    from scoring_contract.hour import RunHour

__all__ = ["MOST_BYTES", "FileRows", "Owner", "ReadingTable", "RowIssue", "in_order", "read_file"]

MOST_BYTES = 1 << 28
"""A larger file is refused, compressed or not: texts take up to eight times their bytes, and nodes may be
small."""
_HEAD_BYTES = 512
_PLAIN = bytes(range(ord(" "), 127)) + b"\t\r\n"
"""Bytes of plain text; a file that starts with other bytes, or with markup, needs a closer look."""
_MARKUP = (b"<", b"%")


def read_file(
    name: str, data: bytes, *, hour: RunHour, owner: Owner, features: tuple[str, ...] = ONE_FEATURE
) -> FileRows:
    """Read one file of an hour, with the readings of one sensor or of many.

    Its first bytes tell gzip, Parquet, Avro and text apart. Text is JSON if the suffix says so (``.json``,
    ``.jsonl``, ``.ndjson``) or if it starts with a bracket; otherwise it is CSV.

    :param name: the blob's name, for its suffix and for errors
    :param hour: rows outside it are left out
    :param owner: returns the sensor of a device and a tag, None if it is not scored
    :param features: names of the numeric columns
    :raises DataFault: if the file is too large, or a binary file is damaged or its package is not installed
    """
    if len(data) > MOST_BYTES:
        raise DataFault(f"{name} has {len(data)} bytes; the limit is {MOST_BYTES}")
    builder = ReadingsBuilder(hour, owner, features)
    head = data[:_HEAD_BYTES]
    if head.translate(None, _PLAIN) or head.startswith(_MARKUP):
        _read_any(name, data, builder)
    else:
        _read_text(name, data, builder)
    return builder.rows()


def _read_text(name: str, data: bytes, builder: ReadingsBuilder) -> None:
    match name.rpartition(".")[2].lower():
        case "parquet" if data:
            _read_parquet(name, data, builder)
        case "json" | "jsonl" | "ndjson":
            _read_json(data, builder)
        case _ if data[:_HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
            _read_json(data, builder)
        case _:
            read_csv(data, builder)


def _read_any(name: str, data: bytes, builder: ReadingsBuilder, *, is_unpacked: bool = False) -> None:
    """Read a file that does not start like plain text."""
    from scoring_contract.reading_files.file_kinds import FileKind, Foreign, kind_of  # noqa: PLC0415  # most files are text

    match kind_of(data[:_HEAD_BYTES]):
        case Foreign() as foreign:
            builder.refuse(1, str(foreign))
        case FileKind.GZIP if is_unpacked:
            builder.refuse(1, "is compressed twice with gzip: compress it once")
        case FileKind.GZIP:
            from scorer.readings.unpacking import gunzipped  # noqa: PLC0415  # likewise

            unpacked = gunzipped(name, data, most_bytes=MOST_BYTES)
            _read_any(_without_gz(name), unpacked, builder, is_unpacked=True)
        case FileKind.PARQUET:
            _read_parquet(name, data, builder)
        case FileKind.AVRO:
            _read_avro(name, data, builder)
        case FileKind.UTF_16:
            _read_text(name, data.decode("utf-16", errors="replace").encode(errors="replace"), builder)
        case FileKind.TEXT:
            _read_text(name, data, builder)


def _without_gz(name: str) -> str:
    return name[: -len(".gz")] if name.lower().endswith(".gz") else name


def _read_json(data: bytes, builder: ReadingsBuilder) -> None:
    from scorer.readings.json_rows import read_json  # noqa: PLC0415  # most files are CSV

    read_json(data, builder)


def _read_parquet(name: str, data: bytes, builder: ReadingsBuilder) -> None:
    try:
        from scorer.readings.parquet_rows import read_parquet  # noqa: PLC0415  # pyarrow is slow to import, and optional
    except ImportError as error:
        raise _not_here(name, "Parquet", "pyarrow") from error
    read_parquet(name, data, builder)


def _read_avro(name: str, data: bytes, builder: ReadingsBuilder) -> None:
    try:
        from scorer.readings.avro_rows import read_avro  # noqa: PLC0415  # likewise
    except ImportError as error:
        raise _not_here(name, "Avro", "fastavro") from error
    read_avro(name, data, builder)


def _not_here(name: str, kind: str, package: str) -> DataFault:
    return DataFault(
        f"{name} is {kind} and {package} is not installed: use the scoring image with all requirements, "
        "or write CSV or JSON lines"
    )
