"""The route to what it takes to score cells again, against Azurite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from sensor_scoring.azure_batch import ids
from sensor_scoring.hourly.names import DAG_ID
from sensor_scoring.hourly.outcome.hour_record import HourRecord
from sensor_scoring.hourly.outcome.record_store import keep_record
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary
from sensor_scoring.hourly.planning.plan import Plan

if TYPE_CHECKING:
    from httpx2 import Response

    from tests.sensor_scoring.ui.conftest import FleetApi

HOUR = RunHour.parse("2018-08-29T02")
SCHEDULED, MANUAL = "scheduled__2018-08-29T03:00:00+00:00", "manual__2018-08-29T09:00:00+00:00"


def scored(
    fleet_api: FleetApi,
    *groups: tuple[str, ...],
    run_id: str = SCHEDULED,
    hour: RunHour = HOUR,
    dag: str = DAG_ID,
    planned_at: str = "2018-08-29T03:05:00.000000Z",
    silent: tuple[str, ...] = (),
) -> str:
    """Write the plan and the record of a run that scored groups of sensors; return its folder."""
    base = ids.run_base("scoring", hour, dag_id=dag, run_id=run_id)
    named = {f"{group[0]}..{group[-1]}": group for group in groups}
    plan = Plan(hour=hour, run=base, planned_at=planned_at, groups=named, silent=silent, unmodelled=())
    fleet_api.write(Container.RUNS, layout.plan_blob(base), plan.to_json())
    outcomes = [(sensor, Outcome.SCORED) for group in groups for sensor in group]
    outcomes += [(sensor, Outcome.SILENT) for sensor in silent]
    lines = tuple(SensorOutcome(sensor=sensor, outcome=outcome) for sensor, outcome in sorted(outcomes))
    summary = Summary(hour=hour, run=base, dag_run_id=run_id, sensors=lines, planned_at=planned_at)
    assert keep_record(fleet_api.store, "runs", HourRecord.of(summary))
    return base


def ask(fleet_api: FleetApi, *cells: tuple[Any, list[str]], **kwargs: Any) -> Response:
    """Ask what it takes to score cells again."""
    body = {"cells": [{"hour": str(hour), "sensors": sensors} for hour, sensors in cells]}
    found: Response = fleet_api.browser.post(f"/dags/{DAG_ID}/rescore", **{"json": body, **kwargs})
    return found


def test_the_instances_that_scored_the_cells_are_found(fleet_api: FleetApi) -> None:
    """A Batch task each, whichever of its sensors were selected; indexes are those of the run's own plan."""
    scored(fleet_api, ("1_1", "1_2"), ("1_3",), ("2_1", "2_2"))
    scored(fleet_api, ("1_3",), ("2_1",), hour=HOUR.next)
    answer = ask(fleet_api, (HOUR, ["2_2", "1_1", "1_2"]), (HOUR.next, ["2_1"]), (HOUR, ["1_1"]))
    assert answer.json() == {
        "runs": [
            {"hour": "2018-08-29T02", "dag_run_id": SCHEDULED, "map_indexes": [0, 2], "batch_tasks": 2},
            {"hour": "2018-08-29T03", "dag_run_id": SCHEDULED, "map_indexes": [1], "batch_tasks": 1},
        ],
        "without_run": [],
        "unplanned": [],
    }


def test_sensors_that_different_runs_scored_are_cleared_in_each(fleet_api: FleetApi) -> None:
    """The newest knows nothing of a sensor that only an earlier run planned."""
    scored(fleet_api, ("1_1",), ("1_2",))
    scored(fleet_api, ("1_1",), run_id=MANUAL, planned_at="2018-08-29T09:05:00.000000Z")
    answer = ask(fleet_api, (HOUR, ["1_1", "1_2"])).json()
    assert [(run["dag_run_id"], run["map_indexes"]) for run in answer["runs"]] == [
        (SCHEDULED, [1]),
        (MANUAL, [0]),
    ]
    assert answer["without_run"] == []


def test_an_hour_whose_run_is_gone_needs_a_new_one(fleet_api: FleetApi) -> None:
    """Housekeeping deletes plans, and the record stays; an hour without a record was never scored."""
    base = scored(fleet_api, ("1_1",))
    fleet_api.storage.container(Container.RUNS).delete_blob(layout.plan_blob(base))
    answer = ask(fleet_api, (HOUR.next, ["1_1"]), (HOUR, ["1_1"])).json()
    assert answer == {"runs": [], "without_run": ["2018-08-29T02", "2018-08-29T03"], "unplanned": []}


def test_a_sensor_that_no_instance_scores_is_named(fleet_api: FleetApi) -> None:
    """To clear a run does not help one that was silent: only a new plan finds its readings."""
    scored(fleet_api, ("1_1",), silent=("1_2",))
    answer = ask(fleet_api, (HOUR, ["1_2", "9_9", "1_1"])).json()
    assert [run["map_indexes"] for run in answer["runs"]] == [[0]]
    assert answer["unplanned"] == [{"hour": "2018-08-29T02", "sensors": ["1_2", "9_9"]}]
    assert ask(fleet_api, (HOUR, ["1_2"])).json()["runs"] == []


def test_no_plan_of_another_dag_is_read(fleet_api: FleetApi) -> None:
    """Access to one DAG says nothing of another's runs."""
    scored(fleet_api, ("1_1",), dag="another")
    assert ask(fleet_api, (HOUR, ["1_1"])).json()["without_run"] == ["2018-08-29T02"]


def test_a_plan_that_cannot_be_read_is_one_sentence(fleet_api: FleetApi) -> None:
    """It names the place."""
    base = scored(fleet_api, ("1_1",))
    fleet_api.write(Container.RUNS, layout.plan_blob(base), "{}")
    answer = ask(fleet_api, (HOUR, ["1_1"]))
    assert (answer.status_code, answer.json()["detail"]) == (
        502,
        "Plan: contract: is version None, this program reads 2.",
    )


@pytest.mark.parametrize(
    ("cells", "detail"),
    [
        ([], "Body.cells: List should have at least 1 item after validation, not 0."),
        ([("2018-08-29", ["1_1"])], "'2018-08-29' is not an hour of the form 2018-08-29T02 (UTC)."),
        ([(HOUR, [])], "Body.cells.0.sensors: List should have at least 1 item after validation, not 0."),
        (
            [(HOUR, ["1_1"])] * 169,
            "Body.cells: List should have at most 168 items after validation, not 169.",
        ),
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(
    fleet_api: FleetApi, cells: list[tuple[Any, list[str]]], detail: str
) -> None:
    """In a sentence."""
    answer = ask(fleet_api, *cells)
    assert (answer.status_code, answer.json()) == (422, {"detail": detail})


def test_a_selection_says_that_it_is_json(fleet_api: FleetApi) -> None:
    """No form of another site can ask."""
    body = '{"cells": [{"hour": "2018-08-29T02", "sensors": ["1_1"]}]}'
    answer = ask(fleet_api, json=None, content=body, headers={"content-type": "text/plain"})
    assert answer.status_code == 422
