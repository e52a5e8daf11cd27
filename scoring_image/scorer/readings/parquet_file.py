"""Opens untrusted Parquet files, after checking the sizes that their footers declare. Needs pyarrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from scorer.errors import DataFault
from scorer.readings.arrow_arrays import numbers_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ROWS = 1 << 23
"""Limit of the rows of one file: 2,300 sensors with a reading a second. A few kilobytes can really encode
that many."""
MOST_UNPACKED_BYTES = 1 << 30
"""Limit of a file's decompressed bytes, ignored columns included."""
ROWS_AT_ONCE = 1 << 16
_SHOWN_COLUMNS = 10

_DAMAGE = (pa.ArrowException, OSError, ValueError, KeyError, IndexError, OverflowError, RuntimeError)
"""Exceptions that pyarrow raises for damaged files."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The rows of a file that cannot be read as a whole."""

    rows: int
    problem: str
    """Completes "the file ..."."""


def batches(name: str, data: bytes, columns: list[str]) -> Iterator[pa.RecordBatch | Refused]:
    """Yield the rows of a file in batches; columns of texts are dictionary-encoded.

    :param name: the blob's name, for errors
    :param columns: names to look for, exactly or regardless of case
    :return: batches of these columns in the file's own types; or the refused rows if a column is missing
    :raises DataFault: if the file is damaged, or declares more rows or bytes than the limits
    """
    try:
        yield from _batches(name, data, columns)
    except _DAMAGE as error:
        raise DataFault(f"{name} cannot be read as Parquet: {_first_line(error)}") from error


def _batches(name: str, data: bytes, columns: list[str]) -> Iterator[pa.RecordBatch | Refused]:
    source = pa.BufferReader(data)
    metadata = pq.read_metadata(source)
    _check_claims(name, metadata)
    schema = metadata.schema.to_arrow_schema()
    own_names = [_name_in(schema, column) for column in columns]
    found = [own for own in own_names if own is not None]
    if len(found) < len(columns):
        missing = [column for column, own in zip(columns, own_names, strict=True) if own is None]
        has = ", ".join(schema.names[:_SHOWN_COLUMNS])
        yield Refused(metadata.num_rows, f"has no column {' or '.join(missing)}: its columns are {has}")
        return
    texts = [own for own in found if is_text(schema.field(own).type)]
    file = pq.ParquetFile(source, metadata=metadata, read_dictionary=texts, coerce_int96_timestamp_unit="us")
    rows = 0
    for batch in file.iter_batches(ROWS_AT_ONCE, columns=found, use_threads=False):
        _check_dictionaries(batch)
        rows += batch.num_rows
        if rows > MOST_ROWS:
            raise DataFault(_too_much(name, f"more rows than the {metadata.num_rows} of its footer"))
        yield pa.RecordBatch.from_arrays([batch.column(own) for own in found], names=columns)


def _name_in(schema: pa.Schema, column: str) -> str | None:
    """Return a file's own name of a column, which may differ in case; None unless exactly one matches."""
    alike = (
        [column] if column in schema.names else [n for n in schema.names if n.casefold() == column.casefold()]
    )
    return alike[0] if len(alike) == 1 and schema.names.count(alike[0]) == 1 else None


def _check_claims(name: str, metadata: pq.FileMetaData) -> None:
    # Row groups only: pyarrow aborts the process when it is asked for a column with damaged metadata.
    groups = [metadata.row_group(place) for place in range(metadata.num_row_groups)]
    sizes = [group.total_byte_size for group in groups]
    counts = [group.num_rows for group in groups]
    if min((*sizes, *counts, metadata.num_rows), default=0) < 0 or sum(counts) != metadata.num_rows:
        raise DataFault(f"{name} cannot be read as Parquet: it contradicts itself about its rows")
    if metadata.num_rows > MOST_ROWS:
        raise DataFault(_too_much(name, f"{metadata.num_rows} rows"))
    if sum(sizes) > MOST_UNPACKED_BYTES:
        raise DataFault(_too_much(name, f"{sum(sizes)} bytes when decompressed"))


def _check_dictionaries(batch: pa.RecordBatch) -> None:
    """Refuse indices outside their dictionary, which pyarrow does not check."""
    for column in batch.columns:
        if pa.types.is_dictionary(column.type):
            indices, there = numbers_of(column.indices)
            used = indices if there is None else indices[there]
            if len(used) and not 0 <= used.min() <= used.max() < len(column.dictionary):
                raise ValueError("a row points beyond its dictionary")


def _too_much(name: str, what: str) -> str:
    return (
        f"{name} has {what}; the limits of a file are {MOST_ROWS} rows and {MOST_UNPACKED_BYTES} bytes: "
        "write several files"
    )


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds texts."""
    return any(
        is_kind(kind)
        for is_kind in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
