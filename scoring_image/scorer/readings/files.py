"""Readings as files: which rows count, and what is said about the others. No clock and no I/O.

A row counts if it can be read, belongs to the hour and to a sensor that we score, and its values are finite.
All rows that count are kept: a row that is delivered twice is scored twice, so that readings and predictions
can be laid side by side, and no guess is made about what a device meant. ``docs/readings.md`` says for every
irregularity what becomes of it.
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
"""A larger file is refused, packed or not: texts take up to eight times their bytes, nodes may be small."""
_HEAD_BYTES = 512
_PLAIN = bytes(range(ord(" "), 127)) + b"\t\r\n"
"""What text is made of; other bytes, and the marks of text formats that follow, need a closer look."""
_MARKUP = (b"<", b"%")


def read_file(
    name: str, data: bytes, *, hour: RunHour, owner: Owner, features: tuple[str, ...] = ONE_FEATURE
) -> FileRows:
    """Read one file of an hour, of one sensor or of many.

    What the file begins with says whether it is gzip, Parquet, Avro or text. Text is JSON if the suffix says
    so (``.json``, ``.jsonl``, ``.ndjson``) or it begins with a bracket, else it is CSV.

    :param owner: gives the sensor behind a device and a tag; None if it is nobody we score
    :param features: names of the numeric columns
    :raises DataFault: if a file that is not text is damaged or cannot be read here, or any file is too large
    """
    if len(data) > MOST_BYTES:
        raise DataFault(f"{name} holds {len(data)} bytes, the most that is read at once is {MOST_BYTES}")
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
    """Read a file that does not begin as plain text does."""
    from scoring_contract.file_kinds import FileKind, Foreign, kind_of  # noqa: PLC0415  # most files are text

    match kind_of(data[:_HEAD_BYTES]):
        case Foreign() as foreign:
            builder.refuse(1, str(foreign))
        case FileKind.GZIP if is_unpacked:
            builder.refuse(1, "is packed twice with gzip: pack it once")
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
        from scorer.readings.parquet_rows import read_parquet  # noqa: PLC0415  # pyarrow takes its time, and may lack
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
