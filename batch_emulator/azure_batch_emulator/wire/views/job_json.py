"""Jobs as JSON, and what jobs can be filtered by and cut down to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import stamp
from azure_batch_emulator.records.states import TaskState
from azure_batch_emulator.wire.bodies import job_bodies
from azure_batch_emulator.wire.conditions import etag
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.paging import Listing
from azure_batch_emulator.wire.views.stats import job_stats
from azure_batch_emulator.wire.views.write_only import readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.jobs import Job

COLUMNS = frozenset(job_bodies.JOB_PUT.properties)
FILTERS: Mapping[str, Property[Job]] = {
    "id": Property.identifier(lambda job: job.id),
    "state": Property.word(lambda job: job.state),
    "stateTransitionTime": Property.moment(lambda job: job.state_since),
    "creationTime": Property.moment(lambda job: job.created),
    "lastModified": Property.moment(lambda job: job.modified),
    "executionInfo/startTime": Property.moment(lambda job: job.created),
    "executionInfo/endTime": Property.moment(lambda job: job.ended),
    "executionInfo/poolId": Property.identifier(lambda job: job.pool_id),
}


def job_json(job: Job, base: str) -> dict[str, Any]:
    """Write a job for clients."""
    json: dict[str, Any] = {
        "id": job.id,
        "url": f"{base}/jobs/{job.id}",
        "eTag": etag(job),
        "creationTime": stamp(job.created),
        "lastModified": stamp(job.modified),
        "state": job.state.value,
        "stateTransitionTime": stamp(job.state_since),
    }
    if job.previous_state is not None and job.previous_since is not None:
        json["previousState"] = job.previous_state.value
        json["previousStateTransitionTime"] = stamp(job.previous_since)
    json.update(readable(job.spec))
    execution = {"startTime": stamp(job.created), "poolId": job.pool_id}
    if job.ended is not None:
        execution["endTime"] = stamp(job.ended)
    if job.terminate_reason is not None:
        execution["terminateReason"] = job.terminate_reason
    json["executionInfo"] = execution
    return json


LISTING: Listing[Job] = Listing(
    metadata="jobs",
    properties=FILTERS,
    render=job_json,
    position=lambda job: job.number,
    columns=COLUMNS,
    stats=job_stats,
)


def counts_json(job: Job) -> dict[str, Any]:
    """Write how many tasks, and slots, are in which state."""
    tasks, slots = job.tasks, job.tasks.slots
    return {
        "taskCounts": _counts(
            tasks.count(TaskState.ACTIVE), job.busy, tasks.count(TaskState.COMPLETED), tasks.failed
        ),
        "taskSlotCounts": _counts(
            slots[TaskState.ACTIVE],
            slots[TaskState.RUNNING] + slots[TaskState.PREPARING],
            slots[TaskState.COMPLETED],
            tasks.failed_slots,
        ),
    }


def _counts(active: int, running: int, completed: int, failed: int) -> dict[str, int]:
    return {
        "active": active,
        "running": running,
        "completed": completed,
        "succeeded": completed - failed,
        "failed": failed,
    }
