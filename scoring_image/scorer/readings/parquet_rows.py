"""Reads readings from Parquet, whole columns at a time. Needs pyarrow.

``TS`` holds timestamps of any unit, with a time zone or without (then UTC), counts since 1970, or texts;
devices and tags are texts or numbers, values are numbers or texts. Typed columns have no texts: those are
made when predictions are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from scorer.readings.arrow_arrays import numbers_of
from scorer.readings.identifiers import name_of
from scorer.readings.numbers import Numbers, read_numbers
from scorer.readings.parquet_file import Refused, batches, is_text
from scorer.readings.timestamps import Timestamps, read_timestamps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scorer.readings.builder import ReadingsBuilder
    from scorer.readings.sensor_index import SensorIndex

    BoolArray = NDArray[np.bool_]
    IndexArray = NDArray[np.intp]

_TICKS = {"s": 1_000_000, "ms": 1_000, "us": 1}
"""Microseconds per tick of a timestamp."""
_NANOSECONDS = 1_000
_FEW_PAIRS = 1 << 20
"""Up to this many combinations of devices and tags, a lookup table replaces sorting the rows."""
_RUN_ROWS = 8
"""A file counts as ordered by sensor if runs of one pair have at least this many rows on average."""


def read_parquet(name: str, data: bytes, builder: ReadingsBuilder) -> None:
    """Pass all rows of a file to a builder.

    :raises DataFault: if the file is damaged, or declares more rows or bytes than the limits
    """
    for batch in batches(name, data, ["TS", "Device", "Tag", *builder.features]):
        if isinstance(batch, Refused):
            builder.refuse(batch.rows, batch.problem)
        elif batch.num_rows:
            _take(batch, builder)


def _take(batch: pa.RecordBatch, builder: ReadingsBuilder) -> None:
    timestamps = _timestamps(batch.column("TS"))
    numbers = [_numbers(batch.column(feature)) for feature in builder.features]
    names = [_names(batch.column(column)) for column in ("Device", "Tag")]
    if timestamps is None or None in numbers:
        types = ", ".join(f"{field.name} {field.type}" for field in batch.schema)
        builder.refuse(batch.num_rows, f"has columns that are not timestamps, names and numbers: {types}")
        return
    pairs = _pairs(builder.index, *names)
    builder.add(pairs, timestamps, [column for column in numbers if column is not None])


def _timestamps(column: pa.Array) -> Timestamps | None:
    """Read timestamps; None if the column's type cannot hold them."""
    if pa.types.is_dictionary(column.type):
        texts = _texts(column)
        return None if texts is None else read_timestamps(texts)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return read_timestamps([name_of(count) or "" for count in column.to_pylist()])
    if not pa.types.is_timestamp(column.type):
        return None
    ticks, readable = _without_nulls(column.view(pa.int64()))
    if column.type.unit == "ns":
        micros = ticks // _NANOSECONDS
        return Timestamps(
            micros, _nano_texts(ticks) if (micros * _NANOSECONDS != ticks).any() else None, readable
        )
    factor = _TICKS[column.type.unit]
    limit = (
        np.iinfo(np.int64).max // factor
    )  # beyond it the product would overflow, and no hour of ours is there
    return Timestamps(np.clip(ticks, -limit, limit) * factor, None, readable)


def _nano_texts(ticks: NDArray[np.int64]) -> list[str]:
    """Format nanoseconds since 1970 with all nine digits."""
    texts: list[str] = np.strings.add(np.datetime_as_string(ticks.view("M8[ns]")), "Z").tolist()
    return texts


def _numbers(column: pa.Array) -> Numbers | None:
    """Read values; None if the column's type cannot hold numbers."""
    if pa.types.is_dictionary(column.type):
        texts = _texts(column)
        return None if texts is None else read_numbers(texts)
    kind = column.type
    if pa.types.is_decimal(kind):
        column = column.cast(pa.float64())
    elif not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
        return None
    numbers, readable = _without_nulls(column)
    return Numbers(numbers.astype(np.float64, copy=False), None, readable)


def _without_nulls(column: pa.Array) -> tuple[NDArray[Any], BoolArray | None]:
    """Return numbers with zeros for nulls, and the mask of those that are not null; None if none is null."""
    numbers, there = numbers_of(column)
    return (numbers if there is None else np.where(there, numbers, 0)), there


def _texts(column: pa.DictionaryArray) -> list[str] | None:
    """Return texts, an empty one for a null; None if the column does not hold texts."""
    if not is_text(column.type.value_type):
        return None
    indices, texts = _names(column)
    return [text or "" for text in map(texts.__getitem__, indices.tolist())]


def _names(column: pa.Array) -> tuple[IndexArray, list[str | None]]:
    """Return an index into the names for each row, and the names; the last name is None, for nulls."""
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    names = coded.dictionary
    found, there = numbers_of(coded.indices)
    indices = found.astype(np.intp)
    if there is not None:
        indices[~there] = len(names)
    if len(names) > len(coded):  # the dictionary of the whole file: keep only the names of these rows
        used, indices = np.unique(indices, return_inverse=True)
        names = names.take(pa.array(used, mask=used == len(names)))
    return indices, [*map(name_of, _values(names)), None]


def _values(names: pa.Array) -> list[Any]:
    if is_text(names.type):
        # As in CSV, an invalid byte makes only its own row unreadable.
        return [
            None if text is None else text.decode("utf-8", errors="replace")
            for text in _bytes_of(names).to_pylist()
        ]
    is_number = pa.types.is_integer(names.type) or pa.types.is_floating(names.type)
    return names.to_pylist() if is_number else [None] * len(names)


def _bytes_of(texts: pa.Array) -> pa.Array:
    """Return texts as bytes, without a cast, which would import all of pyarrow.compute."""
    is_large = pa.types.is_large_string(texts.type) or pa.types.is_large_binary(texts.type)
    return texts.view(pa.large_binary() if is_large else pa.binary())


def _pairs(
    index: SensorIndex,
    devices: tuple[IndexArray, list[str | None]],
    tags: tuple[IndexArray, list[str | None]],
) -> IndexArray | int:
    """Return the number of each row's pair; each pair is looked up once."""
    width = len(tags[1])
    combined = devices[0] * width + tags[0]
    starts = np.flatnonzero(combined[1:] != combined[:-1]) + 1
    if len(starts) * _RUN_ROWS < len(combined):
        # Ordered by sensor: numbering the runs as they come saves sorting the rows later.
        starts = np.concatenate(([0], starts))
        runs = _numbered(index, combined[starts], devices[1], tags[1])
        return np.repeat(runs, np.diff(starts, append=len(combined)))
    combinations = len(devices[1]) * width
    if combinations > _FEW_PAIRS:
        found, rows = np.unique(combined, return_inverse=True)
        return _numbered(index, found, devices[1], tags[1])[rows]
    found = np.flatnonzero(np.bincount(combined, minlength=combinations))
    table = np.zeros(combinations, dtype=np.intp)
    table[found] = _numbered(index, found, devices[1], tags[1])
    numbers: IndexArray = table[combined]
    return numbers


def _numbered(
    index: SensorIndex, found: IndexArray, devices: Sequence[str | None], tags: Sequence[str | None]
) -> IndexArray:
    pairs = (divmod(place, len(tags)) for place in found.tolist())
    return np.array([index[devices[device], tags[tag]] for device, tag in pairs], dtype=np.intp)
