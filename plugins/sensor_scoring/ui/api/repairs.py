"""Route to what completes hours. Only Airflow knows its runs, so the browser asks it and tells them here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from scoring_contract.hour import RunHour
from sensor_scoring.missing_hours.dag_runs import slots_among
from sensor_scoring.missing_hours.repair import Repair, RepairAction, repairs
from sensor_scoring.ui.api.hour_range import asked_hour

MOST_HOURS = 24 * 31
MOST_RUNS = 2 * MOST_HOURS

router = APIRouter(tags=["gaps"])


class FoundRun(BaseModel):
    """A DAG run as Airflow's REST API describes it."""

    logical_date: datetime | None
    data_interval_start: datetime | None
    run_after: datetime
    state: str
    conf: dict[str, Any] | None = None


class Incomplete(BaseModel):
    """Hours to complete, and the runs that have their logical dates."""

    hours: Annotated[list[str], Field(max_length=MOST_HOURS)]
    runs: Annotated[list[FoundRun], Field(max_length=MOST_RUNS)]


class Proposal(BaseModel):
    """One thing to ask of Airflow."""

    action: RepairAction
    hours: list[str]
    also: int
    """Complete hours between these that are scored too."""
    command: str
    """For a terminal."""
    body: dict[str, Any]
    """What Airflow's REST API takes for it: ``backfills``, ``clearTaskInstances`` or ``dagRuns``."""


class Proposals(BaseModel):
    """What completes the hours; nothing for those that a run is at."""

    repairs: list[Proposal]


@router.post("/gaps/repairs")
def proposals(asked: Incomplete) -> Proposals:
    """Return what completes hours, given what Airflow has there; nothing is changed."""
    hours: list[RunHour] = [asked_hour(hour) for hour in asked.hours]
    return Proposals(repairs=[_proposal(each) for each in repairs(slots_among(asked.runs, hours))])


def _proposal(repair: Repair) -> Proposal:
    return Proposal(
        action=repair.action,
        hours=list(map(str, repair.hours)),
        also=repair.also,
        command=str(repair),
        body=repair.body,
    )
