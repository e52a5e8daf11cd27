"""Reads the rows of one sensor from predictions in CSV, as the scorer writes them. Pure."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from scoring_contract.reading_files.csv_dialect import csv_field
from scoring_contract.reading_files.timestamps import read_timestamp
from sensor_scoring.sensors.predicted_hour import (
    PredictionsUnreadable,
    features_among,
    pair_among,
    predicted_hour,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sensor_scoring.sensors.predicted_hour import Owner, PredictedHour


def read_csv(data: bytes, owner: Owner, *, is_packed: bool, rows: int | None) -> PredictedHour:
    """Read a sensor's rows.

    :param is_packed: whether other sensors have rows in the file, too
    :param rows: number of rows that the writer counted; None if it did not
    :raises PredictionsUnreadable: if that many rows of these columns are not there, or one cannot be read
    """
    header, _, body = data.partition(b"\n")
    count = body.count(b"\n") + (not body.endswith(b"\n") and body != b"")
    if rows is not None and count != rows:
        raise PredictionsUnreadable(f"have {count} of the {rows} rows that their writer counted")
    try:
        (columns,) = csv.reader([header.decode()])
        features = features_among(columns)
        table = _rows(body, columns, owner, is_packed=is_packed)
    except PredictionsUnreadable:
        raise
    except (ValueError, csv.Error) as error:
        raise PredictionsUnreadable(f"are not CSV: {error}") from error
    column = dict(zip(columns, table or [()] * len(columns), strict=True))
    pair = pair_among(zip(column["Device"], column["Tag"], strict=True), owner)
    return predicted_hour(
        pair,
        features,
        micros=map(_micros, column["TS"]),
        values=(map(float, column[name]) for name in features),
        anomalies=map(int, column["Prediction"]),
        scores=map(float, column["Score"]),
    )


def _rows(body: bytes, columns: Sequence[str], owner: Owner, *, is_packed: bool) -> list[tuple[str, ...]]:
    """Return the columns of the sensor's rows; nothing if there are none.

    :raises ValueError: if a row has another number of fields than the header, or is not UTF-8
    :raises csv.Error: if a row is not CSV
    """
    if is_packed and owner.pair:
        lines: Iterable[bytes] = _with(f",{','.join(map(csv_field, owner.pair))},".encode(), body)
    else:
        lines = body.splitlines()
    rows = list(csv.reader(line.decode() for line in lines))
    if other := next((row for row in rows if len(row) != len(columns)), None):
        raise ValueError(f"a row has {len(other)} fields, and the header {len(columns)}")
    if is_packed:
        device, tag = columns.index("Device"), columns.index("Tag")
        rows = [row for row in rows if (row[device], row[tag]) == owner.pair]
    return list(zip(*rows, strict=True))


def _with(part: bytes, body: bytes) -> Iterator[bytes]:
    """Yield the lines that contain something: to parse all lines of a pack takes ten times as long."""
    at = body.find(part)
    while at >= 0:
        end = body.find(b"\n", at) % (len(body) + 1)  # a last line without an end: all of the rest
        yield body[body.rfind(b"\n", 0, at) + 1 : end]
        at = body.find(part, end)


def _micros(text: str) -> int:
    found = read_timestamp(text)
    if found is None:
        raise ValueError(f"{text[:100]!r} is not a timestamp")
    return found[0]
