"""A sensor's readings of some hours, wherever its predictions are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scoring_contract import layout
from scoring_contract.messages.registry import SensorEntry
from scoring_contract.predictions import PredictionFormat
from sensor_scoring.sensors import sensor_readings
from sensor_scoring.sensors.sensor_readings import HourState, SensorReadings, TooManyReadings
from tests.sensor_scoring.sensors.predictions import (
    HOUR,
    a_file,
    a_part,
    mark_of,
    pack_mark_of,
)

if TYPE_CHECKING:
    from scoring_contract.hour import RunHour
    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.sensors.sensor_readings import ReadHour
    from sensor_scoring.settings import Settings
    from tests.sensor_scoring.sensors.predictions import Predictor

CSV, PARQUET = PredictionFormat
THERE, MISSING, UNREADABLE = HourState
PAIR, NEIGHBOUR = ("1", "4"), ("1", "5")
ENTRY = SensorEntry(*PAIR, "v", {}, pack="p0001", former_packs=("p0009",))


def hours(count: int) -> list[RunHour]:
    """Return consecutive hours."""
    found = [HOUR]
    while len(found) < count:
        found.append(found[-1].next)
    return found


def values_of(read: ReadHour) -> list[float]:
    """Return the values of an hour."""
    return list(read.predictions.values[0]) if read.predictions else []


@pytest.fixture
def readings(store: BlobStore, settings: Settings) -> SensorReadings:
    """Read what sensor 1_4 was predicted, a member of pack p0001."""
    return SensorReadings(store, settings, "1_4", ENTRY)


def test_an_hour_is_read_wherever_its_predictions_are(readings: SensorReadings, predictor: Predictor) -> None:
    """Format and packs change over time; the settings of today say little of a past hour."""
    first, second, third, fourth, fifth = hours(5)
    predictor.alone(a_part(PAIR, [[1]], hour=first), first)
    predictor.alone(a_part(PAIR, [[2]], hour=second), second, PARQUET)
    neighbours = [a_part(NEIGHBOUR, [[9]], hour=hour) for hour in (third, fourth)]
    predictor.packed(neighbours[0], a_part(PAIR, [[3]], hour=third), hour=third)
    predictor.packed(neighbours[1], a_part(PAIR, [[4]], hour=fourth), hour=fourth, form=PARQUET)
    former = layout.packed_prediction_blob(fifth, "p0009")
    predictor.put(former, a_file(a_part(PAIR, [[5]], hour=fifth)), pack_mark_of([PAIR], 1, hour=fifth))
    found = readings.read(hours(5))
    assert [(read.state, read.why) for read in found] == [(THERE, "")] * 5
    assert [values_of(read) for read in found] == [[1], [2], [3], [4], [5]]
    assert [values_of(read) for read in readings.read(hours(5)[::-1])] == [[5], [4], [3], [2], [1]]


def test_hours_without_predictions_of_the_sensor_are_missing(
    readings: SensorReadings, predictor: Predictor
) -> None:
    """No run has scored the hour, or its pack's predictions have no row of it."""
    predictor.packed(a_part(NEIGHBOUR, [[9]]))
    predictor.alone(a_part(("1", "4.5"), [[9]]))
    assert [read.state for read in readings.read(hours(2))] == [MISSING, MISSING]


def test_a_sensor_that_left_the_registry_keeps_its_own_predictions(
    store: BlobStore, settings: Settings, predictor: Predictor
) -> None:
    """Its id says which rows are its own."""
    predictor.alone(a_part(("9", "9"), [[7]]))
    (read,) = SensorReadings(store, settings, "9_9", None).read(hours(1))
    assert (read.state, values_of(read)) == (THERE, [7])


@pytest.mark.parametrize(
    ("content", "metadata", "why"),
    [
        pytest.param(a_file(a_part(PAIR, [[1]])), {}, "were not written by the scorer", id="no-metadata"),
        pytest.param(
            a_file(a_part(PAIR, [[1]])),
            mark_of(PAIR, 1, hour=HOUR.next),
            "are those of 2018-08-29T03",
            id="hour",
        ),
        pytest.param(
            a_file(a_part(NEIGHBOUR, [[1]])),
            mark_of(NEIGHBOUR, 1),
            "are those of the sensor 1_5",
            id="sensor",
        ),
        pytest.param(a_file(a_part(PAIR, [[1]])), mark_of(PAIR, 2), "have 1 of the 2 rows", id="cut"),
        pytest.param(
            a_file(a_part(PAIR, [[1]] * 61)), mark_of(PAIR, 61), "have rows outside the hour", id="later-rows"
        ),
        pytest.param(
            a_file(a_part(PAIR, [[1]], hour=HOUR.previous)),
            mark_of(PAIR, 1),
            "have rows outside the hour",
            id="earlier-rows",
        ),
        pytest.param(b"?", mark_of(PAIR, 0), "have the columns '?'", id="damaged"),
    ],
)
def test_a_blob_that_is_not_what_the_scorer_writes_is_named(
    readings: SensorReadings, predictor: Predictor, content, metadata, why
) -> None:
    """The other hours are read all the same."""
    blob = layout.prediction_blob(HOUR, "1_4")
    predictor.put(blob, content, metadata)
    predictor.alone(a_part(PAIR, [[2]], hour=HOUR.next), HOUR.next)
    wrong, right = readings.read(hours(2))
    assert (wrong.state, wrong.predictions) == (UNREADABLE, None)
    assert wrong.why.startswith(f"the predictions in predictions/{blob} {why}")
    assert values_of(right) == [2]


def test_a_blob_beyond_the_limit_is_named(
    readings: SensorReadings, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's memory does not grow with what somebody stored."""
    predictor.alone(a_part(PAIR, [[1]]))
    monkeypatch.setattr(sensor_readings, "MOST_BYTES", 20)
    (read,) = readings.read(hours(1))
    assert (read.state, read.predictions) == (UNREADABLE, None)
    assert read.why.endswith("bytes, more than the 20 that are read at once")


def test_too_many_readings_are_refused(
    readings: SensorReadings, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if each hour alone has few."""
    for hour in hours(3):
        predictor.alone(a_part(PAIR, [[1], [2]], hour=hour), hour)
    monkeypatch.setattr(sensor_readings, "MOST_READINGS", 5)
    with pytest.raises(TooManyReadings, match="ask for fewer hours"):
        readings.read(hours(3))
    assert len(readings.read(hours(2))) == 2


def test_what_the_settings_ask_for_is_looked_for_first(
    store: BlobStore, settings: Settings, predictor: Predictor
) -> None:
    """A sensor is in two blobs only if somebody put it there; a run's gate refuses that, and one is shown."""
    predictor.alone(a_part(PAIR, [[1]]))
    predictor.packed(a_part(PAIR, [[2]]))
    packed = replace(settings, hourly=replace(settings.hourly, packed_predictions=True))
    for chosen, value in ((settings, 1), (packed, 2)):
        (read,) = SensorReadings(store, chosen, "1_4", ENTRY).read(hours(1))
        assert values_of(read) == [value]
