"""A job's own tasks: the one that manages it, the one that prepares its nodes, the one that releases them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import UNLIMITED_TEXT, parse_duration
from azure_batch_emulator.service.attempts import resource_files

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_RELEASE = timedelta(minutes=15)
RETENTION = "P7D"
_CONSTRAINTS = {"maxWallClockTime": UNLIMITED_TEXT, "retentionTime": RETENTION, "maxTaskRetryCount": 0}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "jobManagerTask": {
        "killJobOnCompletion": True,
        "runExclusive": True,
        "allowLowPriorityNode": True,
        "requiredSlots": 1,
    },
    "jobPreparationTask": {
        "id": "jobpreparation",
        "waitForSuccess": True,
        "rerunOnNodeRebootAfterSuccess": True,
    },
    "jobReleaseTask": {"id": "jobrelease", "maxWallClockTime": "PT15M", "retentionTime": RETENTION},
}
_RESERVED = {
    "jobPreparationTask": ("TaskIdSameAsJobPreparationTask", "the job preparation task"),
    "jobReleaseTask": ("TaskIdSameAsJobReleaseTask", "the job release task"),
}
_OF_THE_MANAGER_ONLY = frozenset({"killJobOnCompletion", "runExclusive", "allowLowPriorityNode"})


def filled(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the job's own tasks with the service's defaults.

    :raises ApiError: if they do not go together
    """
    tasks = {name: {**_DEFAULTS[name], **body[name]} for name in _DEFAULTS if body.get(name)}
    if "jobPreparationTask" in tasks:
        given = body["jobPreparationTask"].get("constraints") or {}
        tasks["jobPreparationTask"]["constraints"] = {**_CONSTRAINTS, **given}
    for task in tasks.values():
        resource_files.check_files(task)
    _check_release(tasks)
    if "jobManagerTask" in tasks:
        check_id(tasks, str(tasks["jobManagerTask"]["id"]))
    return tasks


def manager_body(tasks: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what to add as a job's first task; None if nobody manages it."""
    manager = tasks.get("jobManagerTask")
    if manager is None:
        return None
    return {name: value for name, value in manager.items() if name not in _OF_THE_MANAGER_ONLY}


def check_id(tasks: Mapping[str, Any], task_id: str) -> None:
    """Refuse a task that is called as one of the job's own.

    :param tasks: the job's own, or the whole job
    """
    for name, (code, noun) in _RESERVED.items():
        if name in tasks and str(tasks[name]["id"]).lower() == task_id.lower():
            raise ApiError.conflict(code, f"The task has the same id as {noun} of its job.")


def _check_release(tasks: Mapping[str, Any]) -> None:
    release = tasks.get("jobReleaseTask")
    if release is None:
        return
    if "jobPreparationTask" not in tasks:
        raise ApiError.bad_property("jobReleaseTask", release["id"], "a jobPreparationTask is needed, too")
    if not timedelta() < parse_duration(release["maxWallClockTime"]) <= LONGEST_RELEASE:
        reason = "more than nothing, at most 15 minutes"
        raise ApiError.bad_property("jobReleaseTask.maxWallClockTime", release["maxWallClockTime"], reason)
    check_id({"jobPreparationTask": tasks["jobPreparationTask"]}, str(release["id"]))
