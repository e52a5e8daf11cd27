"""The route to incomplete hours, against Azurite; ``missing_hours`` has the tests of what is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scoring_contract import layout
from scoring_contract.layout import Container
from sensor_scoring.ui.api import gaps as module
from tests.sensor_scoring.sensors.predictions import HOUR, Predictor, a_part
from tests.sensor_scoring.ui.api.test_sensors import publish

if TYPE_CHECKING:
    from tests.sensor_scoring.ui.conftest import FleetApi


def send(fleet_api: FleetApi, hour, *sensors: str) -> None:
    """Write readings of an hour."""
    for sensor in sensors:
        fleet_api.write(Container.DATA, f"{layout.readings_prefix(hour, sensor)}0.csv", "TS\n")


def test_an_hour_that_lacks_predictions_is_listed(fleet_api: FleetApi) -> None:
    """With the sensors that it lacks, and why; an hour before the first readings lacks nothing."""
    pairs = [("1", f"{tag:02}") for tag in range(12)]
    publish(fleet_api, pairs)
    send(fleet_api, HOUR, *(f"1_{tag}" for _, tag in pairs))
    send(fleet_api, HOUR.next, "1_00")
    Predictor(fleet_api.storage).alone(a_part(("1", "00"), [[1]], hour=HOUR.next), HOUR.next)
    answer = fleet_api.get(f"/gaps?from={HOUR.previous.previous}&to={HOUR.next}").json()
    first, second = answer["gaps"]
    assert first == {
        "hour": str(HOUR),
        "missing": 12,
        "sensors": [f"1_{tag:02}" for tag in range(10)],
        "why": "never scored; 12 sensors without predictions (1_00, 1_01, 1_02, 1_03, 1_04 and 7 more)",
        "since": "2018-08-29T03:05:00Z",
        "under_way": False,
    }
    assert (second["hour"], second["missing"], second["sensors"]) == (str(HOUR.next), 1, ["1_00"])
    assert "with readings newer than their predictions" in second["why"]


def test_a_run_that_has_planned_is_under_way(fleet_api: FleetApi) -> None:
    """Storage shows it; of one that has not, Airflow knows."""
    publish(fleet_api, [("1", "4")])
    send(fleet_api, HOUR, "1_4")
    fleet_api.write(Container.RUNS, "scoring-20180829T02-0123456789/plan.json", "{}")
    (gap,) = fleet_api.get(f"/gaps?from={HOUR}&to={HOUR}").json()["gaps"]
    assert gap["under_way"] is True


def test_no_more_is_listed_than_a_server_does_while_others_wait(
    fleet_api: FleetApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says what can be asked for; an hour always can."""
    publish(fleet_api, [("1", "4"), ("1", "5")])
    monkeypatch.setattr(module, "MOST_LISTED", 5)
    refused = fleet_api.get(f"/gaps?from={HOUR.previous}&to={HOUR.next}")
    assert (refused.status_code, refused.json()["detail"]) == (
        422,
        "2 sensors have files of their own: look at 2 hours or fewer at once.",
    )
    assert fleet_api.get(f"/gaps?from={HOUR}&to={HOUR.next}").status_code == 200
    monkeypatch.setattr(module, "MOST_LISTED", 1)
    assert fleet_api.get(f"/gaps?from={HOUR}&to={HOUR}").status_code == 200


@pytest.mark.parametrize(
    ("query", "status", "detail"),
    [
        ("from=2018-08-01T00&to=2018-08-08T00", 422, "The range has more than 7 days; ask for less at once."),
        ("", 422, "A range of hours has both from and to."),
        (
            "from=2018-08-29T02&to=2018-08-29T02",
            404,
            "There is no registry of models, models/registry.json: ",
        ),
    ],
)
def test_what_cannot_be_looked_for_is_said_in_a_sentence(
    fleet_api: FleetApi, query: str, status: int, detail: str
) -> None:
    """Without a registry nobody can tell what is expected."""
    answer = fleet_api.get(f"/gaps?{query}")
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(detail)
