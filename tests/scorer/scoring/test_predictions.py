"""The text of a prediction blob."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from scorer.models.ocsvm import Predictions
from scorer.readings.files import ReadingTable, read_file
from scorer.scoring.predictions import render_predictions
from scoring_contract.hour import RunHour

HOUR = RunHour.parse("2018-08-29T02")


def a_table(*rows: str, features: tuple[str, ...] = ("Value",)) -> ReadingTable:
    """Read rows of time and value, separated by a comma, as those of one sensor."""
    lines = [f"TS,{','.join(features)},Device,Tag", *(f"{row},1,4" for row in rows)]
    found = read_file(
        "a.csv", "\n".join(lines).encode(), hour=HOUR, owner=lambda *_: "1_4", features=features
    )
    return found.tables["1_4"]


def test_rows_keep_the_texts_they_came_with() -> None:
    """Times and values are not rewritten; scores read back exactly."""
    table = a_table("2018-08-29 02:00:05.000,10.160", "2018-08-29T02:00:10Z,1e3")
    score = 0.1 + 0.2
    assert render_predictions([("1", "4", table, Predictions(np.array([score, -0.25])))]).decode() == (
        "TS,Device,Tag,Value,Prediction,Score\n"
        "2018-08-29 02:00:05.000,1,4,10.160,0,0.30000000000000004\n"
        "2018-08-29T02:00:10Z,1,4,1e3,1,-0.25\n"
    )


def test_names_that_would_break_a_row_are_quoted() -> None:
    """A comma or quote in a device's name does not shift the columns."""
    table = a_table("2018-08-29T02:00:10Z,1")
    text = render_predictions([('pump "A", left', "4", table, Predictions(np.array([1.0])))]).decode()
    _, row = csv.reader(io.StringIO(text))
    assert row == ["2018-08-29T02:00:10Z", 'pump "A", left', "4", "1", "0", "1.0"]


def test_many_sensors_share_one_header() -> None:
    """Rows follow in the given order of sensors; a sensor without rows adds none."""
    table = a_table("2018-08-29T02:00:10Z,1")
    scored = Predictions(np.array([0.5]))
    parts = [
        ("1", "4", table, scored),
        ("1", "5", ReadingTable(), Predictions(np.empty(0))),
        ("2", "4", table, scored),
    ]
    assert render_predictions(iter(parts)).decode() == (
        "TS,Device,Tag,Value,Prediction,Score\n"
        "2018-08-29T02:00:10Z,1,4,1,0,0.5\n"
        "2018-08-29T02:00:10Z,2,4,1,0,0.5\n"
    )
    assert render_predictions([]).decode() == "TS,Device,Tag,Value,Prediction,Score\n"


def test_several_features_stand_in_the_place_of_value() -> None:
    """A single feature is called Value, whatever its name, so that readers need not know it."""
    predictions = Predictions(np.array([0.5]))
    one = a_table("2018-08-29T02:00:10Z,1", features=("Heat",))
    assert render_predictions([("1", "4", one, predictions)]).startswith(
        b"TS,Device,Tag,Value,Prediction,Score\n"
    )
    two = a_table("2018-08-29T02:00:10Z,1,2.50", features=("Heat", "Flow"))
    assert render_predictions([("1", "4", two, predictions)]).decode() == (
        "TS,Device,Tag,Heat,Flow,Prediction,Score\n2018-08-29T02:00:10Z,1,4,1,2.50,0,0.5\n"
    )
    with pytest.raises(ValueError, match="do not fit a blob with features"):
        render_predictions([("1", "4", one, predictions), ("1", "4", two, predictions)])


def test_predictions_must_match_the_readings() -> None:
    """A missing or surplus prediction never shifts the others."""
    with pytest.raises(ValueError, match="0 predictions for 1 readings"):
        render_predictions([("1", "4", a_table("2018-08-29T02:00:10Z,1"), Predictions(np.empty(0)))])
