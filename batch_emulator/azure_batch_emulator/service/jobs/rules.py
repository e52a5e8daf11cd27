"""What jobs are by default, and what they may not be or do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import UNLIMITED_TEXT
from azure_batch_emulator.records.states import JobState
from azure_batch_emulator.service.pools import auto_pools

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.jobs import Job

PRIORITIES = range(-1000, 1001)
DEFAULTS: Mapping[str, Any] = {
    "priority": 0,
    "maxParallelTasks": -1,
    "allowTaskPreemption": False,
    "onAllTasksComplete": "noaction",
    "onTaskFailure": "noaction",
    "usesTaskDependencies": False,
}
DEFAULT_CONSTRAINTS: Mapping[str, Any] = {"maxWallClockTime": UNLIMITED_TEXT, "maxTaskRetryCount": 0}
ENDING = frozenset({JobState.TERMINATING, JobState.DELETING})
REFUSALS = {
    JobState.COMPLETED: ("JobCompleted", "The specified job is completed."),
    JobState.TERMINATING: ("JobBeingTerminated", "The specified job is being terminated."),
    JobState.DELETING: ("JobBeingDeleted", "The specified job is being deleted."),
}


def check_open(job: Job) -> None:
    """Refuse to work with a job that has ended or is about to."""
    if job.state in REFUSALS:
        raise ApiError.conflict(*REFUSALS[job.state])


def not_now(job: Job, reason: str) -> ApiError:
    """Write the error for what a job's state does not allow."""
    message = "This operation is not valid for the current state of the resource."
    return ApiError.conflict("OperationInvalidForCurrentState", message, JobState=job.state, Reason=reason)


def check_spec(body: Mapping[str, Any], *, is_scheduled: bool) -> None:
    """Hold what a job is to be like against the rules.

    :raises ApiError: if a part makes no sense
    """
    if "poolInfo" in body:
        auto_pools.check(body["poolInfo"], is_scheduled=is_scheduled)
    if body.get("priority", 0) not in PRIORITIES:
        raise ApiError.bad_property("priority", body["priority"], "-1000 to 1000")
    limit = body.get("maxParallelTasks", -1)
    if limit != -1 and limit < 1:
        raise ApiError.bad_property("maxParallelTasks", limit, "-1 or more than 0")
