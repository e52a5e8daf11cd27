"""Predictions as Parquet: the columns of the CSV, typed. Needs pyarrow. No I/O."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scorer.errors import DataFault
from scorer.readings.arrow_arrays import array_of, texts_of
from scorer.readings.parquet_file import batches
from scorer.readings.table import ONE_FEATURE
from scorer.scoring.predictions import columns_for
from scoring_contract.sensor_names import sensor_named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from scorer.models.ocsvm import Predictions
    from scorer.readings.table import ReadingTable

    Part = tuple[str, str, ReadingTable, Predictions]

_ROWS_AT_ONCE = 1 << 18
"""Rows of a row group: readers load it whole, and that many take a few mebibytes."""
_BETWEEN = "\0"
"""Cannot be part of a name."""
_NAME = pa.dictionary(pa.int32(), pa.string())
_TYPES = {
    "TS": pa.timestamp("us", "UTC"),
    "Device": _NAME,
    "Tag": _NAME,
    "Prediction": pa.int8(),
    "Score": pa.float64(),
}


def render_parquet(parts: Iterable[Part]) -> bytes:
    """Write predictions as Parquet: timestamps in UTC to the microsecond, values and scores as float64.

    Parameters and errors are those of :func:`scorer.scoring.predictions.render_predictions`.
    """
    features: tuple[str, ...] | None = None
    sink, writer = io.BytesIO(), None
    for group in _groups(parts):
        for _, _, table, predictions in group:
            features = table.features if features is None else features
            _check(table, predictions, features)
        if writer is None:
            writer = _writer(sink, _schema(features or ONE_FEATURE))
        writer.write_table(_table(group, writer.schema))
    if writer is None:
        writer = _writer(sink, _schema(ONE_FEATURE))
    writer.close()
    return sink.getvalue()


def merged(before: bytes, ours: bytes, *, mine: Collection[str]) -> tuple[bytes, int] | None:
    """Merge two blobs: rows of ``before`` about other sensors, then all rows of ``ours``.

    :param mine: ids of the sensors in ``ours``
    :return: the merged blob and its number of rows; None if ``before`` has other columns or is damaged
    """
    own = pq.read_table(pa.BufferReader(ours), read_dictionary=["Device", "Tag"])
    # Fields of ``ours`` are not nullable, those of ``before`` are; only tables with equal schemas are joined.
    own = pa.Table.from_arrays(own.columns, names=own.schema.names)
    try:
        found = list(batches("the earlier predictions", before, own.schema.names))
    except DataFault:
        return None
    kept = [_without(mine, batch) for batch in found if isinstance(batch, pa.RecordBatch)]
    if len(kept) < len(found) or any(not batch.schema.equals(own.schema) for batch in kept):
        return None
    whole = pa.concat_tables([pa.Table.from_batches(kept, own.schema), own]).unify_dictionaries()
    sink = io.BytesIO()
    with _writer(sink, own.schema) as writer:
        writer.write_table(whole, _ROWS_AT_ONCE)
    return sink.getvalue(), len(whole)


def _without(sensors: Collection[str], batch: pa.RecordBatch) -> pa.RecordBatch:
    import pyarrow.compute as pc  # noqa: PLC0415  # takes as long as all of pyarrow; few blobs are merged

    names = (batch.column(name).cast(pa.string()) for name in ("Device", "Tag"))
    pairs = pc.binary_join_element_wise(*names, _BETWEEN)
    theirs = [pair for pair in pc.unique(pairs).to_pylist() if sensor_named(*pair.split(_BETWEEN)) in sensors]
    return batch.filter(pc.invert(pc.is_in(pairs, pa.array(theirs, pa.string()))))


def _groups(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Yield sensors in groups that each fill a row group."""
    group: list[Part] = []
    rows = 0
    for part in parts:
        group.append(part)
        rows += len(part[2])
        if rows >= _ROWS_AT_ONCE:
            yield group
            group, rows = [], 0
    if group:
        yield group


def _check(table: ReadingTable, predictions: Predictions, features: tuple[str, ...]) -> None:
    if table.features != features:
        raise ValueError(f"features {table.features} do not fit a blob with features {features}")
    if len(predictions.scores) != len(table):
        raise ValueError(f"{len(predictions.scores)} predictions for {len(table)} readings")


def _schema(features: Sequence[str]) -> pa.Schema:
    # Columns that are not nullable need no validity bits, which took an eighth of the time to write.
    kinds = {name: _TYPES.get(name, pa.float64()) for name in columns_for(features)}
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in kinds.items()])


def _writer(sink: io.BytesIO, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(sink, schema, use_dictionary=["Device", "Tag"], compression="zstd")


def _table(group: Sequence[Part], schema: pa.Schema) -> pa.Table:
    devices, tags, tables, predictions = zip(*group, strict=True)
    counts = [len(table) for table in tables]
    values = np.concatenate([table.values for table in tables])
    anomalies = np.concatenate([each.anomalies for each in predictions])
    return pa.Table.from_arrays(
        [
            array_of(np.concatenate([table.micros for table in tables]), _TYPES["TS"]),
            _names(devices, counts),
            _names(tags, counts),
            *(array_of(column, pa.float64()) for column in values.T),
            array_of(anomalies.view(np.int8), _TYPES["Prediction"]),
            array_of(np.concatenate([each.scores for each in predictions]), _TYPES["Score"]),
        ],
        schema=schema,
    )


def _names(names: Sequence[str], counts: Sequence[int]) -> pa.DictionaryArray:
    """Return a dictionary-encoded column with each name once per row of its sensor."""
    places: dict[str, int] = {}
    indices = np.array([places.setdefault(name, len(places)) for name in names], np.int32)
    rows = array_of(np.repeat(indices, counts), pa.int32())
    return pa.DictionaryArray.from_arrays(rows, texts_of(list(places)))
