"""Operations on jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire import conditions, paging
from azure_batch_emulator.wire.bodies import job_bodies
from azure_batch_emulator.wire.response import Response
from azure_batch_emulator.wire.views.job_json import COLUMNS, FILTERS, LISTING, counts_json

if TYPE_CHECKING:
    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.wire.request import Request


def create_job(request: Request) -> Response:
    """Make a job."""
    job = request.engine.jobs.create(request.body(job_bodies.JOB))
    return Response(201, headers={**_headers(request, job), "Location": f"{request.base}/jobs/{job.id}"})


def list_jobs(request: Request) -> Response:
    """List the jobs of the account."""
    chosen = paging.read_filter(request, FILTERS)
    first = paging.start(request)
    jobs = (job for job in request.engine.account.jobs.values() if job.number >= first)
    return paging.page(request, LISTING, jobs, chosen)


def get_job(request: Request) -> Response:
    """Show one job."""
    job = request.engine.lookup.job(request["jobId"])
    conditions.check(request, job, reading=True)
    shown = LISTING.shown(request, job, paging.select(request, COLUMNS))
    head = {"odata.metadata": f"{request.base}/$metadata#jobs/@Element"}
    return Response(200, head | shown, conditions.version_headers(job))


def update_job(request: Request) -> Response:
    """Change some properties of a job."""
    job = _for_change(request)
    request.engine.jobs.patch(job, request.body(job_bodies.JOB_PATCH))
    return Response(200, headers=_headers(request, job))


def replace_job(request: Request) -> Response:
    """Replace the properties of a job that may change."""
    job = _for_change(request)
    request.engine.jobs.put(job, request.body(job_bodies.JOB_PUT))
    return Response(200, headers=_headers(request, job))


def delete_job(request: Request) -> Response:
    """Begin to remove a job; ``force`` makes no difference, as no node is ever unreachable here."""
    job = _for_change(request)
    request.flag("force")
    request.engine.jobs.delete(job)
    return Response(202)


def terminate_job(request: Request) -> Response:
    """Begin to end a job."""
    job = _for_change(request)
    request.flag("force")
    reason = request.optional_body(job_bodies.JOB_TERMINATE).get("terminateReason") or "UserTerminate"
    request.engine.jobs.terminate(job, reason=reason)
    return Response(202, headers=_headers(request, job))


def disable_job(request: Request) -> Response:
    """Let a job start nothing more."""
    job = _for_change(request)
    request.engine.jobs.disable(job, running=request.body(job_bodies.JOB_DISABLE)["disableTasks"])
    return Response(202, headers=_headers(request, job))


def enable_job(request: Request) -> Response:
    """Let a disabled job go on."""
    job = _for_change(request)
    request.engine.jobs.enable(job)
    return Response(202, headers=_headers(request, job))


def get_job_task_counts(request: Request) -> Response:
    """Count the tasks of a job by state."""
    job = request.engine.lookup.job(request["jobId"])
    head = {"odata.metadata": f"{request.base}/$metadata#taskcountsresult/@Element"}
    return Response(200, head | counts_json(job))


def _for_change(request: Request) -> Job:
    job = request.engine.lookup.job(request["jobId"])
    conditions.check(request, job)
    return job


def _headers(request: Request, job: Job) -> dict[str, str]:
    return {**conditions.version_headers(job), "DataServiceId": f"{request.base}/jobs/{job.id}"}
