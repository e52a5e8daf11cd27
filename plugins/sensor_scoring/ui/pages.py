"""The pages behind the operators' links: a Batch task, what it printed, what it predicted; a run's summary.

Whoever may read the task logs of a DAG in Airflow may see its pages. A page shows only what belongs to the
DAG run in its address: the id of a Batch job tells which run made it, so nobody reaches another DAG's by
writing an address.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.sdk.exceptions import AirflowNotFoundException
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse

from scoring_contract import layout
from scoring_contract.errors import ContractError, LayoutError
from scoring_contract.predictions import PredictionFormat
from scoring_contract.sensor_names import display_of
from sensor_scoring.azure_batch import ids
from sensor_scoring.azure_batch.addresses import path_part
from sensor_scoring.azure_batch.links import web_root
from sensor_scoring.errors import ScoringError
from sensor_scoring.hourly.planning.packing import shown_group
from sensor_scoring.settings import Settings
from sensor_scoring.ui import responses
from sensor_scoring.ui.batch_job import OwnJob, summary_of
from sensor_scoring.ui.facts import badge_of, facts_of, is_scoring, item_of
from sensor_scoring.ui.markup import Markup
from sensor_scoring.ui.run_facts import COLUMNS, MOST_SENSORS, badge_of_run, facts_of_run, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor_scoring.hourly.planning.plan import Plan

FILES = ("stdout.txt", "stderr.txt")
JOB = "/dags/{dag_id}/runs/{run_id}/tasks/{task_id}/jobs/{job}"
BATCH_TASK = JOB + "/batch-tasks/{batch_task}"
PREDICTIONS = JOB + "/predictions/{group}"
SUMMARY = "/dags/{dag_id}/runs/{run_id}/summaries/{run}"

may_see = requires_access_dag("GET", DagAccessEntity.TASK_LOGS)
"""Airflow's own check of the signed-in user against the DAG in the address."""

app = FastAPI(
    title="Sensor scoring",
    openapi_url=None,
    redirect_slashes=False,  # such an answer would be made without our headers
    # Of the application, so that no route can be added without it; it comes before all other dependencies.
    dependencies=[Depends(may_see)],
    exception_handlers={
        **dict.fromkeys((401, 403, 404, 405), responses.refusal),
        ScoringError: responses.failure,
        ContractError: responses.failure,
        AirflowNotFoundException: responses.failure,  # Airflow has no such connection
    },
)


def own_job(dag_id: str, run_id: str, task_id: str, job: str) -> OwnJob:
    """Return the Batch job, if it belongs to the run in the address.

    :raises HTTPException: 404 otherwise, the same whether there is such a job or not
    """
    if not ids.belongs_to(job, dag_id=dag_id, run_id=run_id, task_id=task_id):
        raise HTTPException(404, "This DAG run has no such Batch job.")
    return OwnJob(job, Settings.from_environ(os.environ))


def own_task(batch_task: str) -> str:
    """Return the id of the Batch task, if it can be one of ours."""
    try:
        layout.log_folder("run", "job", batch_task)
    except LayoutError:
        batch_task = ""
    if ids.AttemptId.parse(batch_task) is None:
        raise HTTPException(404, "This Batch job has no such task.")
    return batch_task


Job = Annotated[OwnJob, Depends(own_job)]
BatchTask = Annotated[str, Depends(own_task)]


@app.get(BATCH_TASK, response_class=HTMLResponse)
def batch_task_page(dag_id: str, run_id: str, job: Job, batch_task: BatchTask) -> HTMLResponse:
    """Show what Azure Batch says of a Batch task now."""
    task = job.batch_task(batch_task)
    run = _way_back(dag_id, run_id)
    names = Markup.note(f"Batch task {batch_task} of Batch job {job.id}")
    if task is None:
        gone = Markup.paragraph("Azure Batch no longer has this task. What was kept of it is here:")
        kept = Markup.links(_places(batch_task, _planned_group(job, batch_task)))
        return responses.page(Markup.page("Batch task", names, gone, kept, run), status=404)
    item = item_of(task)
    now = datetime.now(UTC)
    return responses.page(
        Markup.page(
            shown_group(item) or "Batch task",
            names,
            Markup.links(_places(batch_task, item if is_scoring(task) else "")),
            Markup.table(facts_of(task, now=now)),
            Markup.note(f"As of {now:%Y-%m-%d %H:%M:%S} UTC."),
            Markup.links(_azure(job, batch_task)),
            run,
            badge=Markup.badge(*badge_of(task)),
        )
    )


@app.get(BATCH_TASK + "/files/{file}", response_class=PlainTextResponse)
def file_page(job: Job, batch_task: BatchTask, file: str) -> PlainTextResponse:
    """Show the end of what a Batch task printed."""
    if file not in FILES:
        raise HTTPException(404, f"Only {' and '.join(FILES)} are shown.")
    printed = job.printed(batch_task, file)
    if printed is None:
        raise HTTPException(
            404, f"There is no {file}, or nothing in it yet: neither in the log container nor on the node."
        )
    return responses.text(printed or f"[{file} is empty.]\n")


@app.get(PREDICTIONS, response_class=HTMLResponse, response_model=None)
def predictions_page(job: Job, group: str) -> HTMLResponse | StreamingResponse:
    """Show the predictions of a group's only sensor, or the sensors of a packed group to choose from."""
    plan, sensors = _planned(job, group)
    if len(sensors) == 1:
        return _predictions(job, plan, sensors[0])
    # A relative address begins at the folder that the page's own address lies in.
    places = [(display_of(sensor), f"{path_part(group)}/{path_part(sensor)}") for sensor in sensors]
    note = Markup.note(f"{len(sensors)} sensors, hour {plan.hour}. Each leads to its predictions.")
    return responses.page(Markup.page(f"Predictions of {shown_group(group)}", note, Markup.links(places)))


@app.get(PREDICTIONS + "/{sensor}", response_class=PlainTextResponse, response_model=None)
def sensor_page(job: Job, group: str, sensor: str) -> StreamingResponse:
    """Show the predictions of one sensor of a group."""
    plan, sensors = _planned(job, group)
    if sensor not in sensors:
        raise HTTPException(404, "The run's plan has no such sensor in this group.")
    return _predictions(job, plan, sensor)


@app.get(SUMMARY, response_class=HTMLResponse)
def summary_page(dag_id: str, run_id: str, run: str) -> HTMLResponse:
    """Show the outcome of a run, sensor by sensor: first what failed, then who has most anomalies."""
    if not ids.is_run_of(run, dag_id=dag_id, run_id=run_id):
        raise HTTPException(404, "This DAG run has no such summary.")
    settings = Settings.from_environ(os.environ)
    summary = summary_of(run, settings)
    if summary is None:
        raise HTTPException(404, "This DAG run has no summary, or no longer.")
    whole = f"blob {layout.summary_blob(run)} of the container {settings.containers.runs_container}"
    more = len(summary.sensors) - MOST_SENSORS
    note = f"{more} more sensors, and all of this as JSON: " if more > 0 else "All of this as JSON: "
    return responses.page(
        Markup.page(
            f"Hour {summary.hour}",
            Markup.table(facts_of_run(summary)),
            Markup.grid(COLUMNS, rows_of(summary)),
            Markup.note(note + whole),
            _way_back(dag_id, run_id),
            badge=Markup.badge(*badge_of_run(summary)),
        )
    )


def _way_back(dag_id: str, run_id: str) -> Markup:
    address = f"{web_root()}/dags/{path_part(dag_id)}/runs/{path_part(run_id)}"
    return Markup.links([("Back to the DAG run", address)])


def _planned(job: OwnJob, group: str) -> tuple[Plan, tuple[str, ...]]:
    plan = job.plan()
    if plan is None:
        raise HTTPException(404, "This DAG run has no plan (any more), so its predictions are unknown.")
    if group not in plan.groups:
        raise HTTPException(404, "The run's plan has no such group.")
    return plan, plan.groups[group]


def _predictions(job: OwnJob, plan: Plan, sensor: str) -> StreamingResponse:
    is_text = plan.predictions_format is PredictionFormat.CSV
    answer = _shown(job, plan, sensor) if is_text else _handed_out(job, plan, sensor)
    if answer is None:
        raise HTTPException(
            404, f"There are no predictions of {display_of(sensor)} for {plan.hour}, or not yet."
        )
    return answer


def _shown(job: OwnJob, plan: Plan, sensor: str) -> StreamingResponse | None:
    found = job.predictions(plan, sensor)
    return None if found is None else responses.lines(found, file=f"{sensor}-{plan.hour}.csv")


def _handed_out(job: OwnJob, plan: Plan, sensor: str) -> StreamingResponse | None:
    """Give the file away: nothing here reads Parquet, so what a pack shares is not divided either."""
    found = job.prediction_file(plan, sensor)
    form = plan.predictions_format
    name = f"{plan.pack_of.get(sensor, sensor)}-{plan.hour}.{form}"
    return None if found is None else responses.download(found, file=name, media_type=form.content_type)


def _planned_group(job: OwnJob, batch_task: str) -> str:
    """Return the group that a Batch task's id was made for; empty if the run plans none such."""
    attempt, plan = ids.AttemptId.parse(batch_task), job.plan()
    groups = plan.groups if plan else ()
    return next((group for group in groups if attempt and ids.group_key(group) == attempt.key), "")


def _places(batch_task: str, group: str) -> Iterator[tuple[str, str]]:
    for file in FILES:
        yield file, f"{path_part(batch_task)}/files/{file}"
    if group:
        yield "Predictions", f"../predictions/{path_part(group)}"


def _azure(job: OwnJob, batch_task: str) -> Iterator[tuple[str, str]]:
    """Return the ways into Azure, for those who have a role there."""
    account = job.settings.connections.batch_account_id
    if account:
        # The form for any resource. Below the account, for a job or a task, the portal documents none.
        yield (
            "Batch account in the Azure portal",
            f"https://portal.azure.com/#resource{quote(account)}/overview",
        )
        # As Batch Explorer writes its own links, in its class BatchExplorerLink.
        route = f"jobs/{path_part(job.id)}/tasks/{path_part(batch_task)}?accountId={path_part(account)}"
        yield "Batch task in Batch Explorer", f"ms-batch-explorer://route/{route}"
