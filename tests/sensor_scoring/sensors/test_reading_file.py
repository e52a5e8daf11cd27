"""Readings as files for people to keep."""

from __future__ import annotations

import io
import math

import pyarrow.parquet as pq

from scoring_contract.sensor_names import sensor_id_of
from sensor_scoring.sensors.predicted_hour import Owner, PredictedHour
from sensor_scoring.sensors.prediction_csv import read_csv
from sensor_scoring.sensors.prediction_parquet import read_parquet
from sensor_scoring.sensors.reading_file import csv_pieces, parquet_file
from tests.sensor_scoring.sensors.predictions import HOUR, Pair, a_file, a_part

PAIR = ('Pump "A", left', "<img src=x onerror=alert(1)>")
OWNER = Owner(sensor_id_of(*PAIR), PAIR)


def an_hour(values: list[list[float]], *features: str, later: int = 0, pair: Pair = PAIR) -> PredictedHour:
    """Read the predictions of an hour."""
    hour = HOUR
    for _ in range(later):
        hour = hour.next
    part = a_part(pair, values, hour=hour, features=features or ("Value",), scores=[-0.1] * len(values))
    return read_csv(a_file(part), Owner(sensor_id_of(*pair), pair), is_packed=False, rows=None)


def test_a_csv_has_the_columns_of_predictions() -> None:
    """It reads back as what it was made from, names with quotes and commas included."""
    hour = an_hour([[1.5], [0.1]])
    text = b"".join(csv_pieces([hour]))
    lines = text.decode().splitlines()
    assert lines[0] == "TS,Device,Tag,Value,Prediction,Score"
    assert lines[1].startswith('2018-08-29T02:00:00.000000Z,"Pump ""A"", left",<img')
    assert lines[1].endswith(",1.5,1,-0.1")
    assert read_csv(text, OWNER, is_packed=False, rows=2) == hour


def test_hours_of_other_features_have_empty_fields() -> None:
    """A model may have got more features; no hour loses any."""
    found = list(csv_pieces([an_hour([[1]]), an_hour([[2, 3]], "Max", "Value", later=1)]))
    rows = [line.rsplit(",", 4)[1:3] for line in b"".join(found).decode().splitlines()]
    assert rows == [["Value", "Max"], ["1.0", ""], ["3.0", "2.0"]]


def test_a_large_csv_comes_in_pieces() -> None:
    """The server holds no text of all rows."""
    pieces = list(csv_pieces([an_hour([[1]] * 60, later=later) for later in range(200)]))
    assert len(pieces) == 1 + 3
    assert b"".join(pieces).count(b"\n") == 12_001


def test_no_reading_gives_a_file_without_rows() -> None:
    """It says which columns there would be."""
    assert b"".join(csv_pieces([])) == b"TS,Device,Tag,Prediction,Score\r\n"
    assert pq.read_table(io.BytesIO(parquet_file([]))).num_rows == 0


def test_a_parquet_file_has_typed_columns() -> None:
    """An hour reads back as it was; a feature that another hour does not have is NaN there."""
    hours = [an_hour([[1], [2]]), an_hour([[3, 4]], "Value", "Max", later=1)]
    table = pq.read_table(io.BytesIO(parquet_file(hours)))
    assert table.column_names == ["TS", "Device", "Tag", "Value", "Max", "Prediction", "Score"]
    assert str(table.schema.field("TS").type) == "timestamp[us, tz=UTC]"
    assert [table.num_rows, table["Value"].to_pylist()] == [3, [1, 2, 3]]
    assert math.isnan(table["Max"][0].as_py())
    assert read_parquet(parquet_file(hours[:1]), OWNER, is_packed=False, rows=2) == hours[0]
