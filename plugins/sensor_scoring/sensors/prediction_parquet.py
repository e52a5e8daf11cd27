"""Reads the rows of one sensor from predictions in Parquet. Pure; brings pyarrow, so import it late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sensor_scoring.sensors.predicted_hour import (
    PredictionsUnreadable,
    features_among,
    pair_among,
    predicted_hour,
)

if TYPE_CHECKING:
    from sensor_scoring.sensors.predicted_hour import Owner, PredictedHour

_MICROSECONDS = pa.timestamp("us", "UTC")


def read_parquet(data: bytes, owner: Owner, *, is_packed: bool, rows: int | None) -> PredictedHour:
    """Read a sensor's rows; parameters and errors are those of :func:`prediction_csv.read_csv`.

    :raises PredictionsUnreadable: if that many rows of these columns are not there, or one cannot be read
    """
    try:
        # The server answers others meanwhile: no threads of pyarrow's own.
        table = pq.read_table(pa.BufferReader(data), use_threads=False)
        features = features_among(table.column_names)
        if rows is not None and table.num_rows != rows:
            raise PredictionsUnreadable(f"have {table.num_rows} of the {rows} rows that their writer counted")
        names = [table[name].cast(pa.string()) for name in ("Device", "Tag")]
        if is_packed and owner.pair:
            device, tag = (pc.equal(*each) for each in zip(names, owner.pair, strict=True))
            is_ours = pc.and_(device, tag)
            table, names = table.filter(is_ours), [each.filter(is_ours) for each in names]
        return predicted_hour(
            pair_among(zip(*(each.to_pylist() for each in names), strict=True), owner),
            features,
            micros=_listed(table["TS"], _MICROSECONDS, pa.int64()),
            values=[_listed(table[name], pa.float64()) for name in features],
            anomalies=_listed(table["Prediction"], pa.int8()),
            scores=_listed(table["Score"], pa.float64()),
        )
    except (pa.ArrowException, OSError) as error:
        raise PredictionsUnreadable(f"are not Parquet: {str(error).partition(chr(10))[0][:200]}") from error


def _listed(column: Any, *kinds: Any) -> list[Any]:
    for kind in kinds:
        column = column.cast(kind)
    found: list[Any] = column.to_pylist()
    return found
