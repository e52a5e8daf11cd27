"""Route to what it takes to score cells of the fleet again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from scoring_contract.hour import RunHour
from sensor_scoring.fleet.rescore import rescore
from sensor_scoring.ui.api.deployment import Deployed
from sensor_scoring.ui.api.hour_range import asked_hour

MOST_HOURS = 24 * 7
MOST_SENSORS = 100_000

router = APIRouter(tags=["rescore"])


class Cells(BaseModel):
    """Sensors of an hour."""

    hour: str
    sensors: Annotated[list[str], Field(min_length=1, max_length=MOST_SENSORS)]


class Selection(BaseModel):
    """The cells to score again."""

    cells: Annotated[list[Cells], Field(min_length=1, max_length=MOST_HOURS)]


class Unplanned(BaseModel):
    """Sensors that no instance of a run scores: when it planned they had no readings, or no model."""

    hour: str
    sensors: list[str]


class RunToClear(BaseModel):
    """The mapped instances of ``score`` to clear in a DAG run."""

    hour: str
    dag_run_id: str
    map_indexes: list[int]
    batch_tasks: int
    """Each instance makes one, which scores all sensors of its group."""


class Plan(BaseModel):
    """What to clear."""

    runs: list[RunToClear]
    without_run: list[str]
    """Hours of which a run is unknown, or its plan gone: they need a new run, such as a backfill's."""
    unplanned: list[Unplanned]


@router.post("/rescore")
def rescore_plan(dag_id: str, asked: Selection, deployed: Deployed) -> Plan:
    """Find the instances that scored these cells; nothing is changed."""
    cells: dict[RunHour, list[str]] = {}
    for each in asked.cells:
        cells.setdefault(asked_hour(each.hour), []).extend(each.sensors)
    found = rescore(deployed.store, deployed.settings, cells, dag_id=dag_id)
    return Plan(
        runs=[
            RunToClear(
                hour=str(run.hour),
                dag_run_id=run.dag_run_id,
                map_indexes=list(run.map_indexes),
                batch_tasks=len(run.map_indexes),
            )
            for run in found.runs
            if run.map_indexes
        ],
        without_run=list(map(str, found.without_run)),
        unplanned=[
            Unplanned(hour=str(run.hour), sensors=list(run.unplanned)) for run in found.runs if run.unplanned
        ],
    )
