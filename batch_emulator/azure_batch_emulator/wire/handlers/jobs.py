"""Operations on jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire import conditions, paging
from azure_batch_emulator.wire.bodies import job_bodies
from azure_batch_emulator.wire.call import Answer, Call
from azure_batch_emulator.wire.views.job_json import COLUMNS, FILTERS, LISTING, counts_json

if TYPE_CHECKING:
    from azure_batch_emulator.records.jobs import Job


def create_job(call: Call) -> Answer:
    """Make a job."""
    job = call.engine.jobs.create(call.body(job_bodies.JOB))
    return Answer(201, headers={**_headers(call, job), "Location": f"{call.base}/jobs/{job.id}"})


def list_jobs(call: Call) -> Answer:
    """List the jobs of the account."""
    chosen = paging.read_filter(call, FILTERS)
    first = paging.start(call)
    jobs = (job for job in call.engine.account.jobs.values() if job.number >= first)
    return paging.page(call, LISTING, jobs, chosen)


def get_job(call: Call) -> Answer:
    """Show one job."""
    job = call.engine.lookup.job(call["jobId"])
    conditions.check(call, job, reading=True)
    shown = LISTING.shown(call, job, paging.select(call, COLUMNS))
    head = {"odata.metadata": f"{call.base}/$metadata#jobs/@Element"}
    return Answer(200, head | shown, conditions.version_headers(job))


def update_job(call: Call) -> Answer:
    """Change some properties of a job."""
    job = _for_change(call)
    call.engine.jobs.patch(job, call.body(job_bodies.JOB_PATCH))
    return Answer(200, headers=_headers(call, job))


def replace_job(call: Call) -> Answer:
    """Replace the properties of a job that may change."""
    job = _for_change(call)
    call.engine.jobs.put(job, call.body(job_bodies.JOB_PUT))
    return Answer(200, headers=_headers(call, job))


def delete_job(call: Call) -> Answer:
    """Begin to remove a job; ``force`` makes no difference, as no node is ever unreachable here."""
    job = _for_change(call)
    call.flag("force")
    call.engine.jobs.delete(job)
    return Answer(202)


def terminate_job(call: Call) -> Answer:
    """Begin to end a job."""
    job = _for_change(call)
    call.flag("force")
    reason = call.optional_body(job_bodies.JOB_TERMINATE).get("terminateReason") or "UserTerminate"
    call.engine.jobs.terminate(job, reason=reason)
    return Answer(202, headers=_headers(call, job))


def disable_job(call: Call) -> Answer:
    """Let a job start nothing more."""
    job = _for_change(call)
    call.engine.jobs.disable(job, running=call.body(job_bodies.JOB_DISABLE)["disableTasks"])
    return Answer(202, headers=_headers(call, job))


def enable_job(call: Call) -> Answer:
    """Let a disabled job go on."""
    job = _for_change(call)
    call.engine.jobs.enable(job)
    return Answer(202, headers=_headers(call, job))


def get_job_task_counts(call: Call) -> Answer:
    """Count the tasks of a job by state."""
    job = call.engine.lookup.job(call["jobId"])
    head = {"odata.metadata": f"{call.base}/$metadata#taskcountsresult/@Element"}
    return Answer(200, head | counts_json(job))


def _for_change(call: Call) -> Job:
    job = call.engine.lookup.job(call["jobId"])
    conditions.check(call, job)
    return job


def _headers(call: Call, job: Job) -> dict[str, str]:
    return {**conditions.version_headers(job), "DataServiceId": f"{call.base}/jobs/{job.id}"}
