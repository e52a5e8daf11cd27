"""The route to a sensor's model, against Azurite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.layout import Container
from scoring_contract.messages.registry import Registry, TrainedSensor
from sensor_scoring.azure_batch import ids
from sensor_scoring.settings import TRAINING_PREFIX
from tests.sensor_scoring.sensors.test_model_history import FIRST, UNKNOWN, a_model, a_summary

if TYPE_CHECKING:
    from tests.sensor_scoring.ui.conftest import FleetApi


def publish(fleet_api: FleetApi, *versions: str, is_ours: bool = True) -> None:
    """Write a registry in which the last version of sensor 1_4's model is current."""
    registry = Registry()
    for version in versions:
        model = a_model(version, until=FIRST if is_ours else None)
        registry = registry.publishing([TrainedSensor("1_4", "1", "4", model)])
    fleet_api.write(Container.MODELS, layout.REGISTRY_BLOB, registry.to_json())


def test_a_model_is_shown_with_its_training_and_promotion(fleet_api: FleetApi) -> None:
    """What changed at promotion is what the training run measured."""
    publish(fleet_api, "v0", "v1")
    run = ids.run_base(TRAINING_PREFIX, FIRST, dag_id="train_models", run_id="manual__1")
    fleet_api.write(Container.RUNS, layout.summary_blob(run), a_summary("v1"))
    answer = fleet_api.get("/sensors/1_4/model").json()
    promoted_at = answer["promoted_at"]
    assert datetime.now(UTC) - datetime.fromisoformat(promoted_at) < timedelta(minutes=5)
    trained_on = {
        "from": "2018-08-26T23",
        "until": "2018-08-27T00",
        "readings": 700,
        "libraries": {"scikit-learn": "1.9.1"},
    }
    assert answer == {
        "version": "v1",
        "trained_at": "2018-08-27T00:00:00Z",
        "trained_on": trained_on,
        "promoted_at": promoted_at,
        "history": [
            {
                "version": "v1",
                "is_current": True,
                "trained_on": trained_on,
                "published_at": promoted_at,
                "decision": "promoted",
                "reason": "",
                "dag_run_id": "manual__1",
                "compared": {
                    "with": "v0",
                    "readings": 100,
                    "anomaly_share": 0.04,
                    "drift": 0.1,
                    "changed_share": 0.03,
                    "precision": 0.6,
                    "recall": 0.75,
                },
            },
            {
                "version": "v0",
                "is_current": False,
                "trained_on": trained_on,
                "published_at": None,
                "decision": None,
                "reason": "",
                "dag_run_id": None,
                "compared": None,
            },
        ],
        "unknown": [],
    }


def test_what_is_not_known_is_null_and_said(fleet_api: FleetApi) -> None:
    """A model from elsewhere was trained nobody knows when, and promoted by hand."""
    publish(fleet_api, "v1", is_ours=False)
    answer = fleet_api.get("/sensors/1_4/model").json()
    assert (answer["version"], answer["unknown"]) == ("v1", [UNKNOWN])
    assert [answer[name] for name in ("trained_at", "trained_on", "promoted_at")] == [None] * 3


def test_a_sensor_without_a_model_says_so(fleet_api: FleetApi) -> None:
    """As do an id that no sensor can have, and an account without a registry."""
    assert "there is no registry" in fleet_api.get("/sensors/1_4/model").json()["detail"].lower()
    publish(fleet_api, "v1")
    answer = fleet_api.get("/sensors/1_5/model")
    assert (answer.status_code, answer.json()["detail"]) == (404, "The registry has no sensor 1_5.")
    assert fleet_api.get("/sensors/-/model").status_code == 404
