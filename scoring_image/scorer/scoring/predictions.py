"""Renders prediction blobs: each reading as it was read, its label and its score. No I/O.

CSV is written here and in ``prediction_csv.py``, Parquet in ``prediction_parquet.py``.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from scorer.errors import OrderFault
from scorer.scoring.float_text import texts_of_numbers
from scoring_contract.predictions import COLUMNS, PredictionFormat
from scoring_contract.reading_files.csv_dialect import csv_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scorer.models.ocsvm import BoolArray, FloatArray, Predictions
    from scorer.readings.table import ReadingTable

_FLAGS = (",0,", ",1,")
_CELLS = 6
"""Cells of a row: timestamp, names, values, label, score, end."""
_ROWS_AT_ONCE = 1 << 16
"""Rows whose texts are in memory at the same time."""


def render_predictions(
    parts: Iterable[tuple[str, str, ReadingTable, Predictions]], form: PredictionFormat = PredictionFormat.CSV
) -> bytes:
    """Render a prediction blob: a row per reading, in the given order.

    With several features, their columns replace the column ``Value``.

    :param parts: device, tag, readings and predictions of each sensor; consumed one after the other
    :raises ValueError: if the tables differ in features, or a reading has no prediction
    :raises OrderFault: if the package that writes the format is not installed
    """
    if form is PredictionFormat.CSV:
        return render_csv(parts)
    try:
        from scorer.scoring.prediction_parquet import render_parquet  # noqa: PLC0415  # needs pyarrow, which is optional
    except ImportError as error:
        raise OrderFault(
            "the predictions format is Parquet and pyarrow is not installed: use the scoring image with all "
            "requirements, or SENSOR_SCORING_PREDICTIONS_FORMAT=csv"
        ) from error
    return render_parquet(parts)


def columns_for(features: Sequence[str]) -> Sequence[str]:
    """Return the columns of predictions, in order."""
    if len(features) <= 1:
        return COLUMNS
    place = COLUMNS.index("Value")
    return (*COLUMNS[:place], *features, *COLUMNS[place + 1 :])


def render_csv(parts: Iterable[tuple[str, str, ReadingTable, Predictions]]) -> bytes:
    """Render predictions as CSV: a header, then rows, each ended by a newline.

    Timestamps and values keep their original texts; scores have the fewest digits that read back as the same
    float64. Parameters are those of :func:`render_predictions`.

    :raises ValueError: if the tables differ in features, or a reading has no prediction
    """
    features: tuple[str, ...] | None = None
    blob = io.BytesIO()
    for device, tag, table, predictions in parts:
        if features is None:
            features = table.features
            blob.write(_header(features))
        if table.features != features:
            raise ValueError(f"features {table.features} do not fit a blob with features {features}")
        blob.writelines(_rows(f",{csv_field(device)},{csv_field(tag)},", table, predictions))
    return blob.getvalue() or _header(())


def _header(features: Sequence[str]) -> bytes:
    return (",".join(map(csv_field, columns_for(features))) + "\n").encode()


def _rows(names: str, table: ReadingTable, predictions: Predictions) -> Iterable[bytes | memoryview]:
    if len(predictions.scores) != len(table):
        raise ValueError(f"{len(predictions.scores)} predictions for {len(table)} readings")
    if len(table) and table.written_ts is None and table.written_columns is None:
        from scorer.scoring.prediction_csv import rows_of  # noqa: PLC0415  # reading such a table has imported pyarrow

        return rows_of(names, table, predictions)
    ts, columns = table.ts, table.columns
    if len(table) <= _ROWS_AT_ONCE:
        return [_joined(ts, names, columns, predictions.anomalies, predictions.scores)]
    pieces = (slice(start, start + _ROWS_AT_ONCE) for start in range(0, len(table), _ROWS_AT_ONCE))
    return (
        _joined(
            ts[rows],
            names,
            [column[rows] for column in columns],
            predictions.anomalies[rows],
            predictions.scores[rows],
        )
        for rows in pieces
    )


def _joined(
    ts: list[str], names: str, columns: list[list[str]], anomalies: BoolArray, scores: FloatArray
) -> bytes:
    """Join all cells at once: formatting row by row takes half as long again."""
    cells = ["\n"] * (_CELLS * len(ts))
    cells[0::_CELLS] = ts
    cells[1::_CELLS] = [names] * len(ts)
    cells[2::_CELLS] = columns[0] if len(columns) == 1 else map(",".join, zip(*columns, strict=True))
    cells[3::_CELLS] = map(_FLAGS.__getitem__, anomalies.tolist())
    cells[4::_CELLS] = texts_of_numbers(scores)
    return "".join(cells).encode()
