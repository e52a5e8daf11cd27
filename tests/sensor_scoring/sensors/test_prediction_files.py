"""The rows of a sensor in files of predictions, as the scorer writes them and as they should not be."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring_contract.predictions import PredictionFormat
from scoring_contract.sensor_names import sensor_id_of
from sensor_scoring.sensors.predicted_hour import Owner, PredictionsUnreadable
from sensor_scoring.sensors.prediction_csv import read_csv
from sensor_scoring.sensors.prediction_parquet import read_parquet
from tests.sensor_scoring.sensors.predictions import HOUR, Pair, a_file, a_part, micros_of

if TYPE_CHECKING:
    from sensor_scoring.sensors.predicted_hour import PredictedHour

CSV, PARQUET = PredictionFormat
READERS = {CSV: read_csv, PARQUET: read_parquet}
HOSTILE = "<img src=x onerror=alert(1)>", 'Pump "A", left'
CHARS = st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="\ufffd")
NAMES = st.text(CHARS, min_size=1, max_size=20)


def read(
    form: PredictionFormat,
    data: bytes,
    pair: Pair = ("1", "4"),
    *,
    is_packed: bool = False,
    rows: int | None = None,
) -> PredictedHour:
    """Read a sensor's rows."""
    return READERS[form](data, Owner(sensor_id_of(*pair), pair), is_packed=is_packed, rows=rows)


@pytest.mark.parametrize("form", PredictionFormat)
def test_a_sensors_rows_are_read_from_its_own_file(form) -> None:
    """Every column, with the exact numbers; an infinite score and one that is no number, too."""
    part = a_part(("1", "4"), [[10.16], [0.1], [1e-5], [7]], scores=[0.25, -1 / 3, math.inf, math.nan])
    found = read(form, a_file(part, form=form), rows=4)
    assert (found.pair, found.features) == (("1", "4"), ("Value",))
    assert list(found.micros) == micros_of(HOUR, 0, 60, 120, 180)
    assert list(found.millis) == [micros // 1000 for micros in found.micros]
    assert [list(column) for column in found.values] == [[10.16, 0.1, 1e-5, 7]]
    assert list(found.scores[:3]) == [0.25, -1 / 3, math.inf]
    assert math.isnan(found.scores[3])
    assert list(found.anomalies) == [0, 1, 0, 1]


@pytest.mark.parametrize("form", PredictionFormat)
def test_of_a_packs_file_only_the_sensors_own_rows_are_read(form) -> None:
    """Also if another's names and value look like its names, and if names need quotes."""
    alike, ours = a_part(("9", "1"), [[4]] * 3), a_part(("1", "4"), [[5], [6]], scores=[1, -1])
    hostile = a_part(HOSTILE, [[7]])
    data = a_file(alike, ours, hostile, form=form)
    assert list(read(form, data, is_packed=True, rows=6).values[0]) == [5, 6]
    assert list(read(form, data, ("9", "1"), is_packed=True, rows=6).values[0]) == [4, 4, 4]
    found = read(form, data, HOSTILE, is_packed=True, rows=6)
    assert (found.pair, list(found.values[0])) == (HOSTILE, [7])


@pytest.mark.parametrize("form", PredictionFormat)
def test_several_features_are_columns_of_their_own(form) -> None:
    """In the order of the model, whatever they are called."""
    features = ("Mean", "Max, of all")
    part = a_part(("1", "4"), [[1, 2], [3, 4]], features=features)
    found = read(form, a_file(part, form=form))
    assert found.features == features
    assert [list(column) for column in found.values] == [[1, 3], [2, 4]]


def test_rows_are_sorted_by_time() -> None:
    """A chart would draw lines backwards; rows of one moment keep their order."""
    header, *rows = a_file(a_part(("1", "4"), [[1], [2], [3], [4]])).decode().splitlines()
    rows[3] = rows[2][:24] + rows[3][24:]
    found = read(CSV, "\n".join([header, *reversed(rows[:3]), rows[3], ""]).encode())
    assert list(found.values[0]) == [1, 2, 3, 4]


def test_a_timestamp_may_have_any_form_of_a_reading() -> None:
    """Predictions have it as the device wrote it; lines may end as on Windows."""
    moments = ("2018-08-29T04:00+02:00", "1535508060", "2018-08-29 02:02:00.000250")
    rows = "".join(f"{moment},1,4,7,0,1\r\n" for moment in moments)
    found = read(CSV, f"TS,Device,Tag,Value,Prediction,Score\r\n{rows}".encode(), rows=3)
    assert list(found.micros) == micros_of(HOUR, 0, 60, 120.00025)


@given(
    pair=st.tuples(NAMES, NAMES),
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5),
)
def test_both_formats_say_the_same(pair: Pair, values: list[float]) -> None:
    """Of any names and numbers, alone and in a pack."""
    parts = (
        a_part(pair, [[value] for value in values], scores=values),
        a_part((f"{pair[0]}x", pair[1]), [[1]]),
    )
    alone = [read(form, a_file(parts[0], form=form), pair, rows=len(values)) for form in PredictionFormat]
    packed = [
        read(form, a_file(*parts, form=form), pair, is_packed=True, rows=len(values) + 1)
        for form in PredictionFormat
    ]
    assert all(found == alone[0] for found in (*alone, *packed))
    assert list(alone[0].values[0]) == values


ROWS = a_file(a_part(("1", "4"), [[1], [2]])).decode()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(b"\xff\xfe", "are not CSV: 'utf-8' codec", id="not-utf-8"),
        pytest.param("", "have the columns ''", id="empty"),
        pytest.param("TS,Value\n1,2\n", "have the columns 'TS, Value'", id="other-columns"),
        pytest.param(ROWS.replace("Value", "Score"), "have the columns", id="a-column-twice"),
        pytest.param(ROWS.splitlines()[0] + "\n", "have no row of the sensor", id="no-row"),
        pytest.param(ROWS.replace(",1,4,", ",1,5,"), "are of device '1' and tag '5'", id="another-sensor"),
        pytest.param(ROWS.replace(",1,4,2", ",1,5,2"), "have rows of several sensors", id="two-sensors"),
        pytest.param(ROWS.replace(",1,4,2.0", ",1,4,high"), "have a row that cannot be read", id="no-number"),
        pytest.param(ROWS.replace("2018-08-29T02:01", "yesterday"), "is not a timestamp", id="no-timestamp"),
        pytest.param(ROWS.replace(",0,1.0", ",2,1.0"), "neither 0 nor 1", id="no-prediction"),
        pytest.param(ROWS.replace(",0,1.0", ",-1,1.0"), "cannot be read", id="scikit-learns-prediction"),
        pytest.param(ROWS[:-9], "a row has", id="cut-within-a-row"),
        pytest.param("PAR1" + ROWS, "have the columns", id="not-what-it-is-called"),
        pytest.param(ROWS.replace(",1,4,2", ',"1,4,2'), "are not CSV", id="a-quote-that-never-ends"),
    ],
)
def test_a_wrong_csv_is_refused_as_a_whole(text: str | bytes, why: str) -> None:
    """The sentence says what is wrong; nothing of it is taken for the sensor's readings."""
    with pytest.raises(PredictionsUnreadable, match=why):
        read(CSV, text.encode() if isinstance(text, str) else text)


@pytest.mark.parametrize("form", PredictionFormat)
def test_rows_that_are_missing_are_noticed(form) -> None:
    """A file that was cut between two rows looks whole but for what its writer counted."""
    with pytest.raises(PredictionsUnreadable, match="have 2 of the 3 rows that their writer counted"):
        read(form, a_file(a_part(("1", "4"), [[1], [2]]), form=form), rows=3)


@pytest.mark.parametrize("form", PredictionFormat)
def test_a_pack_without_the_sensors_rows_is_refused(form) -> None:
    """Its metadata names the sensor, so somebody has changed it."""
    with pytest.raises(PredictionsUnreadable, match="have no row of the sensor"):
        read(form, a_file(a_part(("9", "1"), [[4]]), form=form), is_packed=True)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PAR1 whatever PAR1", id="damaged"),
        pytest.param(ROWS.encode(), id="not-what-it-is-called"),
        pytest.param(a_file(a_part(("1", "4"), [[1]]), form=PARQUET)[:-20], id="cut"),
    ],
)
def test_what_is_not_parquet_is_refused(data) -> None:
    """In one line, whatever the library says."""
    with pytest.raises(PredictionsUnreadable, match=r"^are not Parquet: ") as caught:
        read(PARQUET, data)
    assert "\n" not in str(caught.value)


def test_anomalies_of_a_span_are_found_to_the_millisecond() -> None:
    """Both ends belong to it."""
    found = read(CSV, a_file(a_part(("1", "4"), [[1]] * 4, scores=[-1, 1, -1, -1])))
    first, last = list(found.millis)[1:3]
    assert found.flagged(first, last) == micros_of(HOUR, 120)
    assert found.flagged(first, last - 1) == []
    assert found.flagged(0, last + 60_000) == micros_of(HOUR, 0, 120, 180)
