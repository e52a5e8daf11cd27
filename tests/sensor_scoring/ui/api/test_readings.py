"""Routes to a sensor's readings, against Azurite."""

from __future__ import annotations

import csv
import io
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.sensor_names import sensor_id_of
from sensor_scoring.sensors import sensor_readings
from tests.sensor_scoring.sensors.predictions import HOUR, Predictor, a_part, micros_of
from tests.sensor_scoring.ui.api.test_sensors import IMAGE, publish, remember

if TYPE_CHECKING:
    from tests.sensor_scoring.ui.conftest import FleetApi

PAIR = ("1", "4")
ADDRESS = f"/sensors/1_4/readings?from={HOUR}&to={HOUR.next}"


@pytest.fixture
def predictor(fleet_api: FleetApi) -> Predictor:
    """Write predictions of a sensor that has a model."""
    publish(fleet_api, [PAIR])
    return Predictor(fleet_api.storage)


def test_readings_are_columns_over_all_hours(fleet_api: FleetApi, predictor: Predictor) -> None:
    """With what the page draws beside them: threshold, baseline, and what is there of each hour."""
    remember(fleet_api, s1_4=(10, 20, 30, 40, 50, 900))
    predictor.alone(a_part(PAIR, [[1.5], [2]], scores=[0.25, -0.5]))
    assert fleet_api.get(ADDRESS).json() == {
        "sensor": "1_4",
        "device": "1",
        "tag": "4",
        "features": ["Value"],
        "ts": [micros // 1000 for micros in micros_of(HOUR, 0, 60)],
        "values": [[1.5, 2.0]],
        "score": [0.25, -0.5],
        "anomaly": [0, 1],
        "threshold": 0.0,
        "hours": [
            {"hour": str(HOUR), "state": "there", "why": ""},
            {"hour": str(HOUR.next), "state": "missing", "why": ""},
        ],
        "baseline": 0.035,
    }


def test_what_json_cannot_say_is_null(fleet_api: FleetApi, predictor: Predictor) -> None:
    """A score that is no number, and a feature that a model of another hour does not know."""
    predictor.alone(a_part(PAIR, [[1]], scores=[math.nan]))
    later = a_part(PAIR, [[2, 3]], hour=HOUR.next, features=("Value", "Mean"), scores=[math.inf])
    predictor.alone(later, HOUR.next)
    answer = fleet_api.get(ADDRESS).json()
    assert (answer["features"], answer["values"]) == (["Value", "Mean"], [[1, 2], [None, 3]])
    assert (answer["score"], answer["anomaly"], answer["baseline"]) == ([None, None], [1, 0], None)


def test_an_hour_that_cannot_be_read_says_why(fleet_api: FleetApi, predictor: Predictor) -> None:
    """In a sentence that names the blob; the other hours are there."""
    blob = layout.prediction_blob(HOUR, "1_4")
    predictor.put(blob, b"TS,Value\n")
    predictor.alone(a_part(PAIR, [[2]], hour=HOUR.next), HOUR.next)
    answer = fleet_api.get(ADDRESS).json()
    assert [each["state"] for each in answer["hours"]] == ["unreadable", "there"]
    assert answer["hours"][0]["why"] == (
        f"The predictions in predictions/{blob} were not written by the scorer: they lack its metadata."
    )
    assert answer["values"] == [[2]]


def test_an_hour_to_come_is_missing(fleet_api: FleetApi, predictor: Predictor) -> None:
    """Nobody looks for it."""
    now = RunHour.containing(datetime.now(UTC))
    predictor.alone(a_part(PAIR, [[2]], hour=now), now)
    answer = fleet_api.get(f"/sensors/1_4/readings?from={now}&to={RunHour(now.start + timedelta(days=1))}")
    assert [each["state"] for each in answer.json()["hours"]] == ["there"] + ["missing"] * 24


def test_names_are_text_whatever_they_look_like(fleet_api: FleetApi, predictor: Predictor) -> None:
    """The id is safe in an address, and so is the name of a file."""
    pair, image = (IMAGE, "t"), sensor_id_of(IMAGE, "t")
    publish(fleet_api, [pair])
    predictor.alone(a_part(pair, [[1]]))
    answer = fleet_api.get(f"/sensors/{image}/readings?from={HOUR}&to={HOUR}")
    assert (answer.json()["device"], answer.json()["tag"]) == pair
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    file = fleet_api.get(f"/sensors/{image}/readings.csv?from={HOUR}&to={HOUR}")
    assert file.headers["content-disposition"] == f'attachment; filename="{image}-{HOUR}-{HOUR}.csv"'
    (row,) = csv.DictReader(io.StringIO(file.text))
    assert row["Device"] == IMAGE


def test_a_sensor_that_left_the_registry_is_shown(fleet_api: FleetApi, predictor: Predictor) -> None:
    """As long as there are predictions of it; else there is nothing to show."""
    predictor.alone(a_part(("9", "9"), [[7]]))
    answer = fleet_api.get(f"/sensors/9_9/readings?from={HOUR}&to={HOUR}").json()
    assert (answer["device"], answer["tag"], answer["values"]) == ("9", "9", [[7]])
    gone = fleet_api.get("/sensors/9_8/readings?from=2018-08-29T02&to=2018-08-29T02")
    assert (gone.status_code, gone.json()["detail"]) == (
        404,
        "The registry has no sensor 9_8, and there are no predictions of it here.",
    )


def test_readings_are_files_to_keep(fleet_api: FleetApi, predictor: Predictor) -> None:
    """CSV and Parquet say the same, as attachments that no browser keeps."""
    for hour in (HOUR, HOUR.next):
        predictor.alone(a_part(PAIR, [[0.1], [2]], hour=hour, scores=[0.25, -0.5]), hour)
    text = fleet_api.get(ADDRESS.replace("readings", "readings.csv"))
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(text.text)))
    file = fleet_api.get(ADDRESS.replace("readings", "readings.parquet"))
    assert file.headers["content-type"] == "application/vnd.apache.parquet"
    assert file.headers["cache-control"] == "no-store"
    table = pq.read_table(io.BytesIO(file.content)).to_pylist()
    assert [float(row["Value"]) for row in rows] == [row["Value"] for row in table] == [0.1, 2, 0.1, 2]
    assert [row["Prediction"] for row in rows] == [str(row["Prediction"]) for row in table]
    assert rows[1]["TS"] == "2018-08-29T02:01:00.000000Z"
    assert table[1]["TS"] == HOUR.start + timedelta(minutes=1)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_no_file_lacks_an_hour_without_a_word(fleet_api: FleetApi, predictor: Predictor, form: str) -> None:
    """It has no place for one, so it is refused before a byte of it is sent."""
    hours = [HOUR]
    while len(hours) < 5:
        predictor.put(layout.prediction_blob(hours[-1], "1_4"), b"?")
        hours.append(hours[-1].next)
    answer = fleet_api.get(f"/sensors/1_4/readings.{form}?from={HOUR}&to={hours[-1]}")
    assert answer.status_code == 409
    named = "2018-08-29T02, 2018-08-29T03, 2018-08-29T04 and 1 more"
    assert answer.json()["detail"] == (
        f"The file would lack hours that cannot be read, {named}: ask for hours without them."
    )


@pytest.mark.parametrize("route", ["readings", "readings.csv", "readings.parquet"])
def test_what_cannot_be_meant_is_refused_in_a_sentence(fleet_api: FleetApi, route: str) -> None:
    """A range of more than a week, an id that no sensor can have, a registry that is not there."""
    refused = {
        f"/sensors/1_4/{route}?from=2018-08-01T00&to=2018-08-08T00": (
            422,
            "The range has more than 7 days; ask for less at once.",
        ),
        f"/sensors/1_4/{route}": (422, "A range of hours has both from and to."),
        f"/sensors/.x/{route}?from={HOUR}&to={HOUR}": (404, "No sensor can have this id."),
    }
    for address, (status, detail) in refused.items():
        answer = fleet_api.get(address)
        assert (answer.status_code, answer.json()) == (status, {"detail": detail})
    missing = fleet_api.get(f"/sensors/1_4/{route}?from={HOUR}&to={HOUR}")
    assert missing.status_code == 404
    assert "there is no registry" in missing.json()["detail"].lower()


def test_too_many_readings_are_refused(
    fleet_api: FleetApi, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's memory is for all who ask."""
    predictor.alone(a_part(PAIR, [[1]] * 5))
    monkeypatch.setattr(sensor_readings, "MOST_READINGS", 4)
    answer = fleet_api.get(ADDRESS)
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "There are more than 4 readings in these hours: ask for fewer hours.",
    )


@pytest.mark.parametrize("content", ["?", '{"contract": 2}'])
def test_an_alert_history_that_cannot_be_read_leaves_the_baseline_unknown(
    fleet_api: FleetApi, predictor: Predictor, content: Any
) -> None:
    """The readings are shown all the same."""
    predictor.alone(a_part(PAIR, [[1]]))
    fleet_api.write(Container.RUNS, "_alerts/history.json", content)
    assert fleet_api.get(ADDRESS).json()["baseline"] is None
