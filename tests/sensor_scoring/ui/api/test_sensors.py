"""The route to the sensors of the fleet, against Azurite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.messages.manifest import ModelRef
from scoring_contract.messages.registry import Registry, TrainedModel, TrainedSensor
from scoring_contract.sensor_names import sensor_id_of
from sensor_scoring.alerts.conditions import Kind, Lasting
from sensor_scoring.alerts.history import AlertHistory
from sensor_scoring.alerts.history_store import HISTORY_BLOB

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.sensor_scoring.ui.conftest import FleetApi

HOUR = RunHour.parse("2018-08-29T02")
IMAGE = "<img src=x onerror=alert(1)>"


def publish(
    fleet_api: FleetApi, pairs: Iterable[tuple[str, str]], version: str = "v1", *, ours: bool = True
) -> None:
    """Write a registry with a model for each device and tag."""
    model = TrainedModel(
        ModelRef(version, "m.json", "0" * 64, "f"),
        HOUR.previous if ours else None,
        HOUR if ours else None,
        0,
        {},
    )
    news = [TrainedSensor(sensor_id_of(device, tag), device, tag, model) for device, tag in pairs]
    fleet_api.write(Container.MODELS, layout.REGISTRY_BLOB, Registry().publishing(news).to_json())


def remember(fleet_api: FleetApi, *spiking: str, **rates: tuple[int, ...]) -> None:
    """Write an alert history with spikes and past rates."""
    conditions = {(Kind.SPIKE, sensor): Lasting("", HOUR, HOUR) for sensor in spiking}
    conditions[Kind.SILENT, "1_3"] = Lasting("", HOUR, HOUR)
    known = {sensor.removeprefix("s"): past for sensor, past in rates.items()}
    history = AlertHistory(hour=HOUR, conditions=conditions, rates=known)
    fleet_api.write(Container.RUNS, HISTORY_BLOB, history.to_json())


def test_every_sensor_of_the_registry_is_there_with_what_is_known_of_it(fleet_api: FleetApi) -> None:
    """A column for each fact; a baseline needs six hours, and names are text."""
    publish(fleet_api, [("1", "2"), ("1", "1"), (IMAGE, "t")])
    remember(fleet_api, "1_2", s1_1=(10, 20, 30, 40, 50, 900), s1_2=(10, 20, 30, 40, 50))
    image = sensor_id_of(IMAGE, "t")
    assert fleet_api.get("/sensors").json() == {
        "sensors": ["1_1", "1_2", image],
        "device": ["1", "1", IMAGE],
        "tag": ["1", "2", "t"],
        "version": ["v1"] * 3,
        "trained_at": ["2018-08-29T02:00:00Z"] * 3,
        "baseline": [0.035, None, None],
        "spiking": ["1_2"],
    }


def test_a_browser_is_told_when_nothing_changed(fleet_api: FleetApi) -> None:
    """Something has when the registry or the alert history was written."""
    publish(fleet_api, [("1", "1")])
    first = fleet_api.get("/sensors")
    etag = first.headers["etag"]
    same = fleet_api.get("/sensors", if_none_match=etag)
    assert (same.status_code, same.content) == (304, b"")
    remember(fleet_api, "1_1")
    second = fleet_api.get("/sensors", if_none_match=etag)
    assert second.json()["spiking"] == ["1_1"]
    publish(fleet_api, [("1", "1")], "v2", ours=False)
    third = fleet_api.get("/sensors", if_none_match=second.headers["etag"]).json()
    assert (third["version"], third["trained_at"]) == (["v2"], [None])


def test_a_fleet_without_a_registry_says_what_to_do(fleet_api: FleetApi) -> None:
    """It has no model yet; a damaged registry is another matter."""
    answer = fleet_api.get("/sensors")
    assert answer.status_code == 404
    assert "run the DAG 'train_models' first" in answer.json()["detail"]
    fleet_api.write(Container.MODELS, layout.REGISTRY_BLOB, "{")
    answer = fleet_api.get("/sensors")
    assert answer.status_code == 502
    assert "is damaged and was left alone" in answer.json()["detail"]


def test_an_alert_history_that_does_not_read_leaves_baselines_unknown(fleet_api: FleetApi) -> None:
    """The sensors are there all the same, as alerts begin an empty history."""
    publish(fleet_api, [("1", "1")])
    fleet_api.write(Container.RUNS, HISTORY_BLOB, "{")
    answer = fleet_api.get("/sensors").json()
    assert (answer["sensors"], answer["baseline"], answer["spiking"]) == (["1_1"], [None], [])


def test_20000_sensors_are_one_answer(fleet_api: FleetApi) -> None:
    """In columns, so that names are nearly all of it."""
    publish(fleet_api, ((str(device), str(tag)) for device in range(2000) for tag in range(10)))
    answer = fleet_api.get("/sensors")
    assert len(answer.json()["sensors"]) == len(answer.json()["baseline"]) == 20_000
    assert int(answer.headers["content-length"]) < 500_000
