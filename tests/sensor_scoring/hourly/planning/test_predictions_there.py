"""The predictions that an hour already has."""

from __future__ import annotations

import pytest

from scoring_contract.hour import RunHour
from scoring_contract.predictions import PackMark, PredictionFormat, PredictionMark
from sensor_scoring.blob_storage.listing import FoundBlob
from sensor_scoring.hourly.planning.predictions_there import NO_PREDICTIONS, PredictionsThere

HOUR = RunHour.parse("2018-08-29T02")
PLANNED_AT = "2018-08-29T03:05:00.000000Z"


def a_blob(sensor: str, *, hour: RunHour = HOUR, form: str = "csv") -> FoundBlob:
    """Return a sensor's predictions as a listing shows them."""
    mark = PredictionMark(hour, sensor, "00ff", "m.json", PLANNED_AT, 60)
    return FoundBlob(f"2018/08/29/02/{sensor}.{form}", 900, mark.to_metadata())


def a_pack(*sensors: str, form: str = "csv") -> FoundBlob:
    """Return the predictions of a pack."""
    mark = PackMark(HOUR, "p1", sensors, "m.json", PLANNED_AT)
    return FoundBlob(f"2018/08/29/02/_packs/p1.{form}", 900, mark.to_metadata())


@pytest.mark.behaviour("predictions-format")
@pytest.mark.parametrize(
    ("found", "form"),
    [
        ([], None),
        ([FoundBlob("2018/08/29/02/1_1.parquet", 1900, {})], None),
        ([a_blob("1_1", hour=HOUR.next)], None),
        ([a_blob("1_1")], PredictionFormat.CSV),
        ([a_blob("1_1", form="parquet")], PredictionFormat.PARQUET),
        ([a_pack("1_1")], PredictionFormat.CSV),
        ([a_pack("1_1", form="parquet")], PredictionFormat.PARQUET),
    ],
)
def test_the_predictions_of_an_hour_say_their_format(
    found: list[FoundBlob], form: PredictionFormat | None
) -> None:
    """Blobs of unknown writers or other hours are ignored."""
    assert PredictionsThere.of(found, HOUR).form is form


@pytest.mark.behaviour("predictions-place")
@pytest.mark.parametrize("wanted", [False, True])
def test_predictions_stay_where_they_are(*, wanted: bool) -> None:
    """All of a pack are alone or in its blob; the setting decides where there are none, or both."""
    found = [a_blob("1_1"), a_pack("1_2"), a_blob("1_3", hour=HOUR.next)]
    there = PredictionsThere.of(found, HOUR)
    assert there.are_packed(["1_1", "1_4"], wanted=wanted) is False
    assert there.are_packed(["1_2", "1_4"], wanted=wanted) is True
    for undecided in (["1_3", "1_4"], ["1_1", "1_2"]):
        assert there.are_packed(undecided, wanted=wanted) is wanted
    assert NO_PREDICTIONS.are_packed(["1_1"], wanted=wanted) is wanted
