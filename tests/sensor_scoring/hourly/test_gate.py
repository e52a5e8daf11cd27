"""The gate on an hour's predictions."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from scoring_contract.hour import RunHour
from scoring_contract.predictions import COLUMNS, PackMark, PredictionFormat, PredictionMark
from sensor_scoring.blob_storage.listing import FoundBlob
from sensor_scoring.hourly.gate import Expectation

HOUR = RunHour.parse("2018-08-29T02")
PLANNED_AT = "2018-08-29T03:05:00.000000Z"
EXPECTED = Expectation(HOUR, PLANNED_AT, ("1_1", "1_2"))


WRITTEN = datetime(2018, 8, 29, 5, tzinfo=UTC)


def a_blob(sensor: str, *, size: int = 500, hour: RunHour = HOUR, planned_at: str = PLANNED_AT) -> FoundBlob:
    """Return a prediction blob as a listing shows it."""
    mark = PredictionMark(hour, sensor, "00ff", "m.json", planned_at)
    return FoundBlob(f"2018/08/29/02/{sensor}.csv", size, mark.to_metadata(), WRITTEN)


def test_everything_there_is_complete() -> None:
    """Both expected predictions exist and follow this plan."""
    verdict = EXPECTED.judge([a_blob("1_1"), a_blob("1_2")])
    assert verdict.is_complete
    assert verdict.fresh == ("1_1", "1_2")


@pytest.mark.behaviour("gate")
def test_what_is_wrong_is_named_by_kind() -> None:
    """Missing, empty, stale and unexpected predictions are listed by kind and name."""
    expected = Expectation(HOUR, PLANNED_AT, ("1_1", "1_2", "1_3", "1_4"))
    header_only = len(",".join(COLUMNS)) + 1
    verdict = expected.judge(
        [
            a_blob("1_2", size=header_only),
            a_blob("1_3", planned_at="2018-08-29T03:04:59.999999Z"),
            a_blob("1_4"),
            a_blob("9_9"),
        ]
    )
    assert not verdict.is_complete
    assert (verdict.missing, verdict.empty, verdict.stale) == (("1_1",), ("1_2",), ("1_3",))
    assert verdict.stray == ("9_9",)
    assert verdict.describe() == "1 missing (1_1); 1 empty (1_2); 1 stale (1_3); 1 not expected (9_9)"


def test_a_later_plan_for_the_hour_is_as_good_as_ours() -> None:
    """Two runs of one hour overwrite each other, and the later one does not fail ours."""
    later = [a_blob(sensor, planned_at="2018-08-29T04:00:00.000000Z") for sensor in ("1_1", "1_2")]
    assert EXPECTED.judge(later).is_complete


@pytest.mark.behaviour("plan-of-the-future")
@pytest.mark.parametrize("planned_at", ["2018-08-29T17:05:00.000000Z", "soon", "2018-08-29T04:00:00"])
def test_a_plan_of_the_future_is_no_later_plan(planned_at: str) -> None:
    """Half a day after the blob was written, or an invalid time: a clock was wrong."""
    assert EXPECTED.judge([a_blob("1_1"), a_blob("1_2", planned_at=planned_at)]).stale == ("1_2",)


@pytest.mark.behaviour("gate")
def test_a_blob_of_another_hour_or_of_nobody_is_stale() -> None:
    """A file copied there by hand, or marked with another hour, is not a prediction."""
    verdict = EXPECTED.judge(
        [
            a_blob("1_1", hour=HOUR.previous),
            FoundBlob("2018/08/29/02/1_2.csv", 500, {}),
        ]
    )
    assert verdict.stale == ("1_1", "1_2")


def test_strays_alone_do_not_block() -> None:
    """Predictions of a sensor that left the fleet are named, but do not fail the hour."""
    assert EXPECTED.judge([a_blob("1_1"), a_blob("1_2"), a_blob("9_9")]).is_complete


def test_an_expectation_travels_in_a_trigger() -> None:
    """Triggers carry only text."""
    assert Expectation.from_json(EXPECTED.to_json()) == EXPECTED
    assert EXPECTED.without(["1_1"]).sensors == ("1_2",)


def a_pack(*sensors: str, planned_at: str = PLANNED_AT) -> FoundBlob:
    """Return a prediction blob of a pack as a listing shows it."""
    mark = PackMark(HOUR, "p1", sensors, "m.json", planned_at)
    return FoundBlob("2018/08/29/02/_packs/p1.csv", 500, mark.to_metadata())


def test_a_pack_answers_for_the_sensors_that_it_names() -> None:
    """Of a shared blob, exactly the sensors that it does not list are missing."""
    expected = Expectation(HOUR, PLANNED_AT, ("1_1", "1_2", "1_3"), {"1_1": "p1", "1_2": "p1"})
    verdict = expected.judge([a_pack("1_1"), a_blob("1_3")])
    assert (verdict.fresh, verdict.missing, verdict.stray) == (("1_1", "1_3"), ("1_2",), ())
    assert Expectation.from_json(expected.to_json()) == expected


def test_a_pack_of_an_earlier_plan_is_stale_for_all() -> None:
    """Its rows follow an older order."""
    expected = Expectation(HOUR, PLANNED_AT, ("1_1", "1_2"), {"1_1": "p1", "1_2": "p1"})
    verdict = expected.judge([a_pack("1_1", "1_2", planned_at="2018-08-29T03:04:00.000000Z")])
    assert verdict.stale == ("1_1", "1_2")


def test_a_sensors_own_blob_does_not_stand_for_its_pack() -> None:
    """The location of predictions is part of the promise, so a blob elsewhere is named."""
    expected = Expectation(HOUR, PLANNED_AT, ("1_1",), {"1_1": "p1"})
    verdict = expected.judge([a_blob("1_1")])
    assert (verdict.missing, verdict.stray) == (("1_1",), ("1_1",))


PARQUET = PredictionFormat.PARQUET
AS_PARQUET = Expectation(HOUR, PLANNED_AT, ("1_1", "1_2"), form=PARQUET)


def as_parquet(sensor: str, *, rows: int | None = 60, planned_at: str = PLANNED_AT) -> FoundBlob:
    """Return a sensor's predictions as Parquet, as a listing shows them."""
    mark = PredictionMark(HOUR, sensor, "00ff", "m.json", planned_at, rows)
    return FoundBlob(f"2018/08/29/02/{sensor}.parquet", 1900, mark.to_metadata(), WRITTEN)


@pytest.mark.behaviour("predictions-format")
def test_predictions_are_expected_in_the_format_of_the_plan() -> None:
    """CSV cannot replace Parquet, whose number of rows is in its mark, not in its size."""
    assert AS_PARQUET.judge([as_parquet("1_1"), as_parquet("1_2")]).is_complete
    verdict = AS_PARQUET.judge([a_blob("1_1"), as_parquet("1_2", rows=0)])
    assert (verdict.missing, verdict.empty, verdict.stray) == (("1_1",), ("1_2",), ("1_1",))
    assert Expectation.from_json(AS_PARQUET.to_json()) == AS_PARQUET


@pytest.mark.behaviour("two-blobs")
@pytest.mark.parametrize(
    "planned_at", [PLANNED_AT, "2018-08-29T02:59:00.000000Z", "2018-08-29T04:00:00.000000Z"]
)
def test_predictions_in_two_formats_are_not_complete(planned_at: str) -> None:
    """Whichever is older, for single sensors and packs: readers of both cannot tell which counts."""
    found = [a_blob("1_1"), a_blob("1_2"), as_parquet("1_1", planned_at=planned_at)]
    verdict = EXPECTED.judge(found)
    assert not verdict.is_complete
    assert (verdict.fresh, verdict.doubled) == (("1_2",), ("1_1",))
    assert verdict.describe() == "1 in two blobs (1_1); 1 not expected (1_1)"
    pack = a_pack("1_1", "1_2")
    other = FoundBlob("2018/08/29/02/_packs/p1.parquet", 1900, a_pack("1_2").metadata, WRITTEN)
    shared = Expectation(HOUR, PLANNED_AT, ("1_1", "1_2"), {"1_1": "p1", "1_2": "p1"})
    assert shared.judge([pack, other]).doubled == ("1_2",)


def test_a_file_of_nobody_in_the_other_format_doubles_nothing() -> None:
    """Like a copy of another hour, it is named as unexpected."""
    foreign = FoundBlob("2018/08/29/02/1_1.parquet", 1900, {}, WRITTEN)
    elsewhere = FoundBlob("2018/08/29/02/1_2.parquet", 1900, a_blob("1_2", hour=HOUR.next).metadata, WRITTEN)
    verdict = EXPECTED.judge([a_blob("1_1"), a_blob("1_2"), foreign, elsewhere])
    assert verdict.is_complete
    assert verdict.stray == ("1_1", "1_2")


def test_a_gate_of_before_expects_csv() -> None:
    """A trigger may have been waiting since before an upgrade."""
    body = json.loads(EXPECTED.to_json())
    del body["form"]
    assert Expectation.from_json(json.dumps(body)) == EXPECTED


@pytest.mark.behaviour("two-blobs")
@pytest.mark.parametrize(
    ("pack_of", "doubled"),
    [
        pytest.param({}, ("1_1", "1_2"), id="alone-now"),
        pytest.param({"1_1": "p1", "1_2": "p1"}, ("1_1", "1_2"), id="packed-now"),
        pytest.param({"1_1": "p1"}, ("1_1", "1_2"), id="one-of-each"),
    ],
)
def test_predictions_alone_and_in_a_pack_are_not_complete(
    pack_of: dict[str, str], doubled: tuple[str, ...]
) -> None:
    """A reader of the hour's folder would count the sensor twice, whichever the plan expects."""
    found = [a_blob("1_1"), a_blob("1_2"), a_pack("1_1", "1_2")]
    verdict = Expectation(HOUR, PLANNED_AT, ("1_1", "1_2"), pack_of).judge(found)
    assert not verdict.is_complete
    assert verdict.doubled == doubled


@pytest.mark.behaviour("two-blobs")
def test_a_former_pack_that_still_names_a_sensor_doubles_it() -> None:
    """A sensor that moved to another pack is named by both until the former one is written again."""
    former = replace(a_pack("1_1", "1_2"), name="2018/08/29/02/_packs/p0.csv")
    expected = Expectation(HOUR, PLANNED_AT, ("1_1", "1_3"), {"1_1": "p1", "1_3": "p1"})
    verdict = expected.judge([a_pack("1_1", "1_3"), former])
    assert (verdict.doubled, verdict.fresh) == (("1_1",), ("1_3",))
