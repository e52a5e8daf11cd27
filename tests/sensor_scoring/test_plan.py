"""What a run sets out to do."""

from __future__ import annotations

from scoring_contract.hour import RunHour
from scoring_contract.manifest import Manifest, ModelRef
from scoring_contract.registry import Registry, SensorEntry, TrainedModel
from sensor_scoring.plan import Plan, plan_hour, readings_by_sensor

HOUR = RunHour.parse("2018-08-29T02")
PLANNED_AT = "2018-08-29T03:05:00.000000Z"


def a_registry(*sensors: str) -> Registry:
    """Return a registry with a model for each sensor."""
    return Registry({sensor: _entry(sensor) for sensor in sensors})


def _entry(sensor: str) -> SensorEntry:
    ref = ModelRef("v1", f"{sensor}/v1/model.json", "00ff", "ocsvm-json/1")
    trained = TrainedModel(ref, HOUR.previous, HOUR, 900, {})
    return SensorEntry(*sensor.split("_"), current="v1", versions={"v1": trained})


def planned(registry: Registry, readings: dict[str, list[str]]) -> tuple[Plan, list[Manifest]]:
    """Plan the hour."""
    return plan_hour(registry, readings, hour=HOUR, run="run", planned_at=PLANNED_AT)


def test_each_sensor_with_model_and_readings_gets_a_group() -> None:
    """The order of the groups is that of the mapped task instances, and each has its manifest."""
    plan, manifests = planned(a_registry("1_2", "1_1"), {"1_1": ["b"], "1_2": ["c"]})
    assert plan.groups == {"1_1": ("1_1",), "1_2": ("1_2",)}
    assert [manifest.group for manifest in manifests] == ["1_1", "1_2"]
    assert manifests[0].sensors[0].readings == ("b",)
    assert plan.expectation.sensors == ("1_1", "1_2")


def test_who_cannot_be_scored_is_named() -> None:
    """A model without readings is a silent sensor, readings without a model are a sensor to train."""
    plan, manifests = planned(a_registry("1_1", "1_2"), {"1_2": ["b"], "2_1": ["c"]})
    assert (plan.silent, plan.unmodelled) == (("1_1",), ("2_1",))
    assert [manifest.group for manifest in manifests] == ["1_2"]


def test_an_hour_without_readings_is_a_plan_too() -> None:
    """All are silent; there is nothing to score, and that is known."""
    plan, manifests = planned(a_registry("1_1"), {})
    assert (plan.groups, plan.silent, manifests) == ({}, ("1_1",), [])


def test_a_plan_reads_back() -> None:
    """Later steps of the run see the same plan."""
    plan, _ = planned(a_registry("1_1", "1_2"), {"1_1": ["b"], "9_9": ["c"]})
    assert Plan.from_json(plan.to_json()) == plan


def test_several_files_of_a_sensor_belong_together() -> None:
    """Stream Analytics writes several files an hour; what is nobody's readings is passed over."""
    found = readings_by_sensor(
        [
            "readings/2018/08/29/02/1_1/1.csv",
            "readings/2018/08/29/02/1_1/0.csv",
            "readings/2018/08/29/02/stray.csv",
            "readings/2018/08/29/02/1_2/0.csv",
        ]
    )
    assert found == {
        "1_1": ["readings/2018/08/29/02/1_1/0.csv", "readings/2018/08/29/02/1_1/1.csv"],
        "1_2": ["readings/2018/08/29/02/1_2/0.csv"],
    }
