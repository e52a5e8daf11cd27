"""What a run plans to do."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from scoring_contract.hour import RunHour
from scoring_contract.messages.manifest import Manifest, ModelRef
from scoring_contract.messages.registry import Registry, SensorEntry, TrainedModel
from scoring_contract.predictions import PredictionFormat
from sensor_scoring.hourly.planning.plan import Plan, plan_hour
from sensor_scoring.hourly.planning.predictions_there import PredictionsThere
from sensor_scoring.hourly.planning.readings import HourReadings

HOUR = RunHour.parse("2018-08-29T02")
PLANNED_AT = "2018-08-29T03:05:00.000000Z"


def a_registry(*sensors: str) -> Registry:
    """Return a registry with a model for each sensor."""
    return Registry({sensor: _entry(sensor) for sensor in sensors})


def _entry(sensor: str) -> SensorEntry:
    ref = ModelRef("v1", f"{sensor}/v1/model.json", "00ff", "ocsvm-json/2")
    trained = TrainedModel(ref, HOUR.previous, HOUR, 900, {})
    device, _, tag = sensor.partition("_")
    return SensorEntry(device, tag, current="v1", versions={"v1": trained})


def planned(registry: Registry, readings: dict[str, list[str]]) -> tuple[Plan, list[Manifest]]:
    """Plan the hour."""
    return plan_hour(registry, HourReadings(readings), hour=HOUR, run="run", planned_at=PLANNED_AT)


def test_each_sensor_with_model_and_readings_gets_a_group() -> None:
    """Groups are in the order of the mapped task instances, each with its manifest."""
    plan, manifests = planned(a_registry("1_2", "1_1"), {"1_1": ["b"], "1_2": ["c"]})
    assert plan.groups == {"1_1": ("1_1",), "1_2": ("1_2",)}
    assert [manifest.group for manifest in manifests] == ["1_1", "1_2"]
    assert manifests[0].sensors[0].readings == ("b",)
    assert plan.expectation.sensors == ("1_1", "1_2")


def test_who_cannot_be_scored_is_named() -> None:
    """A model without readings means silent; readings without a model mean unmodelled."""
    plan, manifests = planned(a_registry("1_1", "1_2"), {"1_2": ["b"], "2_1": ["c"]})
    assert (plan.silent, plan.unmodelled) == (("1_1",), ("2_1",))
    assert [manifest.group for manifest in manifests] == ["1_2"]


def test_an_hour_without_readings_is_a_plan_too() -> None:
    """All sensors are silent: the plan is empty, and says so."""
    plan, manifests = planned(a_registry("1_1"), {})
    assert (plan.groups, plan.silent, manifests) == ({}, ("1_1",), [])


def test_a_plan_reads_back() -> None:
    """Later steps of the run see the same plan."""
    plan, _ = planned(a_registry("1_1", "1_2"), {"1_1": ["b"], "9_9": ["c"]})
    assert Plan.from_json(plan.to_json()) == plan


def test_several_files_of_a_sensor_belong_together() -> None:
    """Stream Analytics writes several files an hour; blobs of no sensor are skipped."""
    found = HourReadings.among(
        [
            "readings/2018/08/29/02/1_1/1.csv",
            "readings/2018/08/29/02/1_1/0.csv",
            "readings/2018/08/29/02/stray.csv",
            "readings/2018/08/29/02/1_2/0.csv",
        ]
    )
    assert found.of_sensor == {
        "1_1": ["readings/2018/08/29/02/1_1/0.csv", "readings/2018/08/29/02/1_1/1.csv"],
        "1_2": ["readings/2018/08/29/02/1_2/0.csv"],
    }


def a_packed_registry() -> Registry:
    """Return a registry with two sensors in a pack and one outside."""
    entries = a_registry("1_1", "1_2", "1_3").sensors
    return Registry(
        {sensor: replace(entry, pack="p1" if sensor != "1_3" else "") for sensor, entry in entries.items()}
    )


def test_sensors_of_a_pack_share_its_readings_and_a_group() -> None:
    """Only reading a shared file shows whose rows it has, so the whole pack is ordered."""
    readings = HourReadings({"1_2": ["own"], "1_3": ["other"]}, {"p1": ["shared"]})
    plan, manifests = plan_hour(a_packed_registry(), readings, hour=HOUR, run="run", planned_at=PLANNED_AT)
    assert plan.groups == {"1_1..1_2": ("1_1", "1_2"), "1_3": ("1_3",)}
    assert [order.readings for order in manifests[0].sensors] == [("shared",), ("own", "shared")]
    assert {order.pack for manifest in manifests for order in manifest.sensors} == {""}


def test_a_sensor_that_left_a_pack_is_looked_for_in_its_old_files() -> None:
    """Hours written before the move are still scored as they were."""
    moved = {sensor: entry.in_pack("p2") for sensor, entry in a_packed_registry().sensors.items()}
    readings = HourReadings({}, {"p1": ["old"]})
    plan, manifests = plan_hour(Registry(moved), readings, hour=HOUR, run="run", planned_at=PLANNED_AT)
    assert plan.groups == {"1_1..1_2": ("1_1", "1_2")}
    assert (plan.silent, plan.unknown_packs) == (("1_3",), ())
    assert manifests[0].sensors[0].readings == ("old",)
    assert moved["1_1"].in_pack("p1").former_packs == ("p2",)


def test_packed_predictions_are_expected_where_the_scorer_puts_them() -> None:
    """Orders and expectation name the same blob; a sensor without a pack has its own."""
    readings = HourReadings({"1_3": ["other"]}, {"p1": ["shared"]})
    plan, manifests = plan_hour(
        a_packed_registry(), readings, hour=HOUR, run="run", planned_at=PLANNED_AT, packed_predictions=True
    )
    orders = [order for manifest in manifests for order in manifest.sensors]
    blobs = {order.sensor: order.prediction_blob(HOUR) for order in orders}
    assert blobs == {"1_1": "2018/08/29/02/_packs/p1.csv", "1_2": "2018/08/29/02/_packs/p1.csv",
                     "1_3": "2018/08/29/02/1_3.csv"}  # fmt: skip
    assert {sensor: plan.expectation.blob_of(sensor) for sensor in blobs} == blobs
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.behaviour("predictions-place")
@pytest.mark.parametrize("wanted", [False, True])
@pytest.mark.parametrize("is_packed", [False, True])
def test_an_hour_that_is_scored_again_keeps_the_places_and_format_of_its_predictions(
    *, is_packed: bool, wanted: bool
) -> None:
    """Orders go over what is there, though the settings have changed since."""
    sensors, none = frozenset({"1_1"}), frozenset[str]()
    places = (none, sensors) if is_packed else (sensors, none)
    plan, manifests = plan_hour(
        a_packed_registry(),
        HourReadings({"1_3": ["other"]}, {"p1": ["shared"]}),
        hour=HOUR,
        run="run",
        planned_at=PLANNED_AT,
        packed_predictions=wanted,
        there=PredictionsThere(PredictionFormat.PARQUET, *places),
    )
    blobs = {
        order.sensor: order.prediction_blob(HOUR, manifest.predictions_format)
        for manifest in manifests
        for order in manifest.sensors
    }
    of_pack = "_packs/p1"
    assert blobs == {
        "1_1": f"2018/08/29/02/{of_pack if is_packed else '1_1'}.parquet",
        "1_2": f"2018/08/29/02/{of_pack if is_packed else '1_2'}.parquet",
        "1_3": "2018/08/29/02/1_3.parquet",
    }
    assert {sensor: plan.expectation.blob_of(sensor) for sensor in blobs} == blobs


@pytest.mark.behaviour("predictions-format")
def test_the_format_of_predictions_goes_with_the_orders() -> None:
    """So retries and clears keep it, and the expectation names the same blobs."""
    readings = HourReadings({"1_3": ["other"]}, {"p1": ["shared"]})
    plan, manifests = plan_hour(
        a_packed_registry(),
        readings,
        hour=HOUR,
        run="run",
        planned_at=PLANNED_AT,
        packed_predictions=True,
        predictions_format=PredictionFormat.PARQUET,
    )
    read = [Manifest.from_json(manifest.to_json()) for manifest in manifests]
    blobs = {
        order.sensor: order.prediction_blob(HOUR, manifest.predictions_format)
        for manifest in read
        for order in manifest.without(()).sensors
    }
    assert blobs == {
        "1_1": "2018/08/29/02/_packs/p1.parquet",
        "1_2": "2018/08/29/02/_packs/p1.parquet",
        "1_3": "2018/08/29/02/1_3.parquet",
    }
    again = Plan.from_json(plan.to_json())
    assert {sensor: again.expectation.blob_of(sensor) for sensor in blobs} == blobs


def test_readings_of_a_pack_that_nobody_knows_are_named() -> None:
    """Otherwise nobody would score them, and nobody would notice."""
    readings = HourReadings({}, {"p9": ["shared"]})
    plan, _ = plan_hour(a_packed_registry(), readings, hour=HOUR, run="run", planned_at=PLANNED_AT)
    assert plan.unknown_packs == ("p9",)


FOLDER = "readings/2018/08/29/02"


@pytest.mark.parametrize(
    "blob",
    [
        pytest.param(f"{FOLDER}/00:1B:44:11:3A:B7/0.csv", id="no-sensor-name"),
        pytest.param(f"{FOLDER}/0_1234.csv", id="without-the-partition-column"),
        pytest.param(f"{FOLDER}/1_4/part/0.csv", id="one-level-too-deep"),
        pytest.param(f"{FOLDER}/_packs/p1", id="straight-in-the-folder-of-packs"),
        pytest.param(f"{FOLDER}/1_4/", id="without-a-name"),
    ],
)
def test_blobs_that_nobody_claims_are_counted_and_two_are_named(blob) -> None:
    """They are somebody's readings, so calling those sensors silent would be wrong."""
    others = [f"{FOLDER}/1_1/0.csv", f"{FOLDER}/_packs/p/0.csv"]
    found = HourReadings.among([blob, *others])
    if blob.endswith("/"):  # an empty name is a name to Blob Storage
        assert found.of_sensor["1_4"] == [blob]
        return
    assert found.unclaimed == [blob]
    plan, _ = plan_hour(a_registry("1_1"), found, hour=HOUR, run="run", planned_at=PLANNED_AT)
    assert (plan.unclaimed, plan.unclaimed_named) == (1, (blob,))
    assert Plan.from_json(plan.to_json()) == plan


def test_a_plan_of_before_has_no_such_blobs() -> None:
    """An older plan still reads; unprintable names are shown escaped."""
    found = HourReadings.among([f"{FOLDER}/\n{number}" for number in range(9)])
    plan, _ = plan_hour(a_registry("1_1"), found, hour=HOUR, run="run", planned_at=PLANNED_AT)
    assert (plan.unclaimed, plan.unclaimed_named) == (9, (f"{FOLDER}/\\n0", f"{FOLDER}/\\n1"))
    body = json.loads(plan.to_json())
    del body["unclaimed"], body["unclaimed_named"]
    assert Plan.from_json(json.dumps(body)) == replace(plan, unclaimed=0, unclaimed_named=())
