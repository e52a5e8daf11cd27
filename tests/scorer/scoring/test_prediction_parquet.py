"""Predictions as Parquet equal those as CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scorer.models.ocsvm import Predictions
from scorer.readings.files import read_file
from scorer.scoring import prediction_parquet
from scorer.scoring.prediction_parquet import merged
from scorer.scoring.predictions import render_predictions
from scorer.scoring.publishing import merged_csv
from scoring_contract.hour import RunHour
from scoring_contract.predictions import COLUMNS, PredictionFormat
from scoring_contract.reading_files.timestamps import read_timestamp
from scoring_contract.sensor_names import sensor_id_of

if TYPE_CHECKING:
    from scorer.readings.table import ReadingTable

    Part = tuple[str, str, ReadingTable, Predictions]

HOUR = RunHour.parse("2018-08-29T02")
TEXTS = (
    "2018-08-29 02:00:05.000,10.160",
    "2018-08-29T02:00:10Z,1e3",
    "2018-08-29T04:00:11.123456+02:00,-0.1",
    "1535508012,7",
)


def a_part(
    device: str, tag: str, rows: tuple[str, ...] = TEXTS, features: tuple[str, ...] = ("Value",)
) -> Part:
    """Read rows of one sensor, with made-up predictions."""
    lines = [f"TS,{','.join(features)},Device,Tag", *(f"{row},{device},{tag}" for row in rows)]
    data = "\n".join(lines).encode()
    table = read_file("a.csv", data, hour=HOUR, owner="{}_{}".format, features=features)
    scores = np.random.default_rng(int(tag)).normal(size=len(rows))
    return device, tag, table.tables[f"{device}_{tag}"], Predictions(scores)


def table_of(*parts: Part) -> pa.Table:
    """Write and read Parquet."""
    return pq.read_table(pa.BufferReader(render_predictions(parts, PredictionFormat.PARQUET)))


def as_parquet_says(row: dict[str, str]) -> dict[str, Any]:
    """Convert a CSV row to Parquet's types."""
    found = read_timestamp(row.pop("TS"))
    assert found is not None
    names = {name: row.pop(name) for name in ("Device", "Tag")}
    flag = {"Prediction": int(row.pop("Prediction"))}
    return {"TS": found[0], **names, **flag, **{name: float(text) for name, text in row.items()}}


@pytest.mark.behaviour("predictions-format")
@pytest.mark.parametrize("rows_at_once", [1 << 18, 5])
@pytest.mark.parametrize("features", [("Value",), ("Ampere", "Kelvin")])
def test_both_formats_say_the_same(
    features: tuple[str, ...], rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal rows in the same order: numbers to the last bit, timestamps to the microsecond."""
    monkeypatch.setattr(prediction_parquet, "_ROWS_AT_ONCE", rows_at_once)
    rows = tuple(f"{text},0.{place}" if len(features) > 1 else text for place, text in enumerate(TEXTS))
    parts = [a_part(device, tag, rows, features) for device, tag in (("1", "4"), ("2", "4"), ("1", "5"))]
    table = table_of(*parts)
    text = render_predictions(parts).decode()
    typed = table.set_column(0, "TS", table["TS"].cast(pa.int64())).to_pylist()
    assert typed == [as_parquet_says(row) for row in csv.DictReader(io.StringIO(text))]
    assert table.column_names == text.partition("\n")[0].split(",")


def test_the_types_are_those_that_analysts_expect() -> None:
    """Timestamps in UTC, names dictionary-encoded, numbers as numbers."""
    schema = pq.read_schema(pa.BufferReader(render_predictions([a_part("1", "4")], PredictionFormat.PARQUET)))
    assert dict(zip(schema.names, map(str, schema.types), strict=True)) == {
        "TS": "timestamp[us, tz=UTC]",
        "Device": "dictionary<values=string, indices=int32, ordered=0>",
        "Tag": "dictionary<values=string, indices=int32, ordered=0>",
        "Value": "double",
        "Prediction": "int8",
        "Score": "double",
    }


def test_predictions_of_nobody_have_the_columns() -> None:
    """Like CSV, which then has its header."""
    table = table_of()
    assert (table.column_names, len(table)) == (list(COLUMNS), 0)


def test_tables_of_different_features_cannot_share_a_blob() -> None:
    """Nor can there be more predictions than readings."""
    other = a_part("1", "5", ("2018-08-29T02:00:10Z,1,2",), ("Ampere", "Kelvin"))
    with pytest.raises(ValueError, match="do not fit a blob with features"):
        table_of(a_part("1", "4"), other)
    device, tag, table, _ = a_part("1", "4")
    with pytest.raises(ValueError, match="1 predictions for 4 readings"):
        table_of((device, tag, table, Predictions(np.zeros(1))))


def test_rows_of_sensors_that_only_the_earlier_blob_has_stay_before_ours() -> None:
    """For sensors in both, only our rows stay."""
    before = [a_part("1", "4"), a_part("1", "5"), a_part("2", "1")]
    ours = [a_part("1", "5", TEXTS[:1])]
    blobs = [render_predictions(parts, PredictionFormat.PARQUET) for parts in (before, ours)]
    whole = merged(*blobs, mine={"1_5"})
    assert whole is not None
    expected = table_of(before[0], before[2], ours[0])
    assert whole[1] == len(expected) == 9
    assert pq.read_table(pa.BufferReader(whole[0])).to_pylist() == expected.to_pylist()


@pytest.mark.parametrize("form", list(PredictionFormat))
def test_rows_are_merged_by_the_sensor_whatever_its_names(form: PredictionFormat) -> None:
    """Device a_b with tag c, and device a with tag b_c, keep rows of their own; quotes hide no row."""
    pairs = [("a_b", "c"), ("a", "b_c"), ('he said "hi", twice', "1"), ("Pumpe-\u00dc", "x")]
    many, one = a_part("1", "4")[2:], a_part("1", "4", TEXTS[:1])[2:]
    before = render_predictions([(*pair, *many) for pair in pairs], form)
    ours = render_predictions([(*pair, *one) for pair in pairs[1:3]], form)
    mine = {sensor_id_of(*pair) for pair in pairs[1:3]}
    is_csv = form is PredictionFormat.CSV
    whole = merged_csv(before, ours, mine) if is_csv else merged(before, ours, mine=mine)
    assert whole is not None
    if is_csv:
        rows = list(csv.DictReader(io.StringIO(whole[0].decode())))
    else:
        rows = pq.read_table(pa.BufferReader(whole[0])).to_pylist()
    counts = Counter((row["Device"], row["Tag"]) for row in rows)
    assert counts == {pairs[0]: 4, pairs[1]: 1, pairs[2]: 1, pairs[3]: 4}
    assert whole[1] == len(rows)


@pytest.mark.parametrize("harm", ["other columns", "damaged", "no Parquet"])
def test_an_earlier_blob_whose_rows_do_not_fit_gives_way(harm: str) -> None:
    """A blob whose columns differ from ours cannot be merged and is replaced."""
    ours = render_predictions([a_part("1", "4")], PredictionFormat.PARQUET)
    other = a_part("1", "5", ("2018-08-29T02:00:10Z,1,2",), ("Ampere", "Kelvin"))
    before = {
        "other columns": render_predictions([other], PredictionFormat.PARQUET),
        "damaged": ours[: len(ours) // 2] + ours[-300:],
        "no Parquet": render_predictions([a_part("1", "5")]),
    }
    assert merged(before[harm], ours, mine={"1_4"}) is None
