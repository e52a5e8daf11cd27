"""The text of a prediction blob."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import numpy as np

from scorer.ocsvm import Verdicts
from scorer.predictions import render_predictions
from scorer.readings import Reading


def a_reading(ts: str, text: str, device: str = "1") -> Reading:
    """Build a reading by hand."""
    return Reading(datetime(2018, 8, 29, 2, tzinfo=UTC), ts, device, "4", text, float(text))


def test_rows_keep_the_texts_they_came_with() -> None:
    """Times and values are not rewritten; scores are written so that they read back exactly."""
    readings = [a_reading("2018-08-29 02:00:05.000", "10.160"), a_reading("2018-08-29T02:00:10Z", "1e3")]
    score = 0.1 + 0.2
    assert render_predictions(readings, Verdicts(np.array([score, -0.25]))).decode() == (
        "TS,Device,Tag,Value,Prediction,Score\n"
        "2018-08-29 02:00:05.000,1,4,10.160,0,0.30000000000000004\n"
        "2018-08-29T02:00:10Z,1,4,1e3,1,-0.25\n"
    )


def test_names_that_would_break_a_row_are_quoted() -> None:
    """A comma or a quote in a device's name does not shift the columns."""
    text = render_predictions([a_reading("t", "1", 'pump "A", left')], Verdicts(np.array([1.0]))).decode()
    _, row = csv.reader(io.StringIO(text))
    assert row == ["t", 'pump "A", left', "4", "1", "0", "1.0"]
