"""The pages behind the operators' links: a Batch task, what it printed, what it predicted.

Whoever may see the logs of a DAG's task instances may see its pages. A page shows only what belongs to the
run in its address: the id of a Batch job tells which run it is of.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse

from scoring_contract import layout
from scoring_contract.errors import ContractError
from sensor_scoring import ids
from sensor_scoring.azure_errors import batch_explained
from sensor_scoring.blobs import BlobStore
from sensor_scoring.errors import ServiceError
from sensor_scoring.hooks import ScoringBatchHook
from sensor_scoring.plan import Plan
from sensor_scoring.settings import Settings
from sensor_scoring.ui import html
from sensor_scoring.ui.facts import facts_of
from sensor_scoring.ui.html import Link

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MOST_BYTES = 1 << 20
"""As much of a file as a page shows: its end."""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_GONE = {"TaskNotFound": None, "JobNotFound": None, "JobBeingDeleted": None}
_JOB = "/dags/{dag_id}/runs/{run_id}/tasks/{task_id}/jobs/{job}"

app = FastAPI(
    title="Sensor scoring",
    openapi_url=None,
    dependencies=[Depends(requires_access_dag("GET", DagAccessEntity.TASK_LOGS))],
)


@dataclass(frozen=True)
class OwnJob:
    """A Batch job that belongs to the run in the address."""

    id: str
    settings: Settings

    @cached_property
    def hook(self) -> ScoringBatchHook:
        """The Batch account."""
        return ScoringBatchHook(self.settings.batch_conn_id)

    @cached_property
    def store(self) -> BlobStore:
        """The storage account."""
        return BlobStore(self.settings.wasb_conn_id)

    def plan(self) -> Plan:
        """Return the plan of the run.

        :raises HTTPException: if there is none, as with a run that does not score
        """
        text = self.store.read(self.settings.runs_container, layout.plan_blob(ids.base_of(self.id)))
        if text is None:
            raise HTTPException(404, "This run has no plan.")
        return Plan.from_json(text)


def own_job(dag_id: str, run_id: str, task_id: str, job: str) -> OwnJob:
    """Let nobody see the jobs of a run that is not in the address.

    :raises HTTPException: as if there were no such job
    """
    if not ids.belongs_to(job, dag_id=dag_id, task_id=task_id, run_id=run_id):
        raise HTTPException(404, "There is no such Batch job in this run.")
    return OwnJob(job, Settings.from_environ(os.environ))


Job = Annotated[OwnJob, Depends(own_job)]


@app.middleware("http")
async def with_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Say how a page may be used; a service that does not answer is one sentence, not a traceback."""
    try:
        answer = await call_next(request)
    except (ServiceError, ContractError) as error:
        answer = PlainTextResponse(f"{error}\n", status_code=502)
    answer.headers.update(_HEADERS)
    return answer


@app.get(_JOB + "/batch-tasks/{batch_task}")
def batch_task_page(request: Request, job: Job, batch_task: str) -> HTMLResponse:
    """Show what Azure Batch says of a Batch task."""
    here = request.url.path.rsplit("/", 1)[1]
    files = [Link(name, f"{quote(here)}/files/{name}") for name in ("stdout.txt", "stderr.txt")]
    with batch_explained(f"look at Batch task {batch_task}", job.hook.conn_id, _GONE):
        task = job.hook.connection.get_task(job.id, batch_task)
        rows = html.table([("Job", job.id), *facts_of(task)])
        return HTMLResponse(html.page(batch_task, rows, html.links(files)))
    gone = html.paragraph("Azure Batch no longer has this task. What it printed was kept.")
    return HTMLResponse(html.page(batch_task, gone, html.links(files)))


@app.get(_JOB + "/batch-tasks/{batch_task}/files/{file}")
def file_page(job: Job, batch_task: str, file: str) -> PlainTextResponse:
    """Show the end of what a Batch task printed: from the log container, else from its node."""
    if file not in {"stdout.txt", "stderr.txt"} or ids.AttemptId.parse(batch_task) is None:
        raise HTTPException(404, "There is no such file.")
    folder = layout.log_folder(ids.base_of(job.id), job.id, batch_task)
    text = job.store.tail(job.settings.logs_container, f"{folder}/{file}", size=MOST_BYTES)
    return PlainTextResponse(text or job.hook.file_tail(job.id, batch_task, file, size=MOST_BYTES))


@app.get(_JOB + "/predictions/{group}")
def predictions_page(request: Request, job: Job, group: str, sensor: str = "") -> Response:
    """Show the predictions of a group's only sensor, or the sensors of a packed one to choose from."""
    plan = job.plan()
    sensors = plan.groups.get(group, ())
    if len(sensors) > 1 and not sensor:
        here = quote(request.url.path.rsplit("/", 1)[1])
        found = [Link(name, f"{here}?sensor={quote(name)}") for name in sensors]
        return HTMLResponse(html.page(f"{group} in {plan.hour}", html.links(found)))
    chosen = sensor or "".join(sensors)
    if chosen not in sensors:
        raise HTTPException(404, "The run's plan has no such group or sensor.")
    text = job.store.read(job.settings.predictions_container, layout.prediction_blob(plan.hour, chosen))
    if text is None:
        raise HTTPException(404, f"There is no prediction of {chosen} for {plan.hour}.")
    return PlainTextResponse(text.decode(errors="replace"))
