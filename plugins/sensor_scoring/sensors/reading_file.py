"""Files of readings for people to keep: the columns of predictions, over many hours. Pure."""

from __future__ import annotations

import io
from itertools import chain, islice
from math import nan
from typing import TYPE_CHECKING

from scoring_contract.reading_files.csv_dialect import csv_field
from scoring_contract.reading_files.timestamps import moment_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sensor_scoring.sensors.predicted_hour import PredictedHour

_ROWS_AT_ONCE = 5_000


def features_of(hours: Iterable[PredictedHour]) -> tuple[str, ...]:
    """Return the features of all hours, in the order in which they first occur."""
    return tuple(dict.fromkeys(feature for hour in hours for feature in hour.features))


def csv_pieces(hours: Sequence[PredictedHour]) -> Iterator[bytes]:
    """Yield a CSV, some rows at a time; a feature that an hour does not have is an empty field there."""
    features = features_of(hours)
    header = ",".join(map(csv_field, ("TS", "Device", "Tag", *features, "Prediction", "Score")))
    rows = chain.from_iterable(_csv_rows(hour, features) for hour in hours)
    yield f"{header}\r\n".encode()
    while piece := "".join(islice(rows, _ROWS_AT_ONCE)):
        yield piece.encode()


def _csv_rows(hour: PredictedHour, features: Sequence[str]) -> Iterator[str]:
    names = ",".join(map(csv_field, hour.pair))
    found = dict(zip(hour.features, hour.values, strict=True))
    columns = [map(repr, found[name]) if name in found else [""] * len(hour) for name in features]
    for micros, *values, anomaly, score in zip(
        hour.micros, *columns, hour.anomalies, hour.scores, strict=True
    ):
        yield ",".join((text_of(moment_of(micros)), names, *values, str(anomaly), f"{score!r}\r\n"))


def parquet_file(hours: Sequence[PredictedHour]) -> bytes:
    """Return a Parquet file: timestamps in UTC to the microsecond, a row group for each hour.

    A feature that an hour does not have is NaN there.
    """
    import pyarrow as pa  # noqa: PLC0415  # few need it, and it takes a tenth of a second
    import pyarrow.parquet as pq  # noqa: PLC0415

    features = features_of(hours)
    kinds = {
        "TS": pa.timestamp("us", "UTC"),
        "Device": pa.string(),
        "Tag": pa.string(),
        **dict.fromkeys(features, pa.float64()),
        "Prediction": pa.int8(),
        "Score": pa.float64(),
    }
    schema, sink = pa.schema(kinds), io.BytesIO()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for hour in hours:
            found = dict(zip(hour.features, hour.values, strict=True))
            columns = (
                hour.micros,
                *([name] * len(hour) for name in hour.pair),
                *(found.get(name, [nan] * len(hour)) for name in features),
                hour.anomalies,
                hour.scores,
            )
            arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds.values(), strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
    return sink.getvalue()
