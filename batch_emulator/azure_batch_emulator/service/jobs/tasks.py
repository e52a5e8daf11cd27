"""Operations on tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError
from azure_batch_emulator.moments import UNLIMITED_TEXT, parse_duration
from azure_batch_emulator.records.states import TaskState
from azure_batch_emulator.records.tasks import StopReason, Task
from azure_batch_emulator.service.attempts import resource_files
from azure_batch_emulator.service.events import JobProgressed, SchedulingDue
from azure_batch_emulator.service.jobs import own_tasks
from azure_batch_emulator.service.jobs.completion import ENDED_BY_USER
from azure_batch_emulator.service.jobs.rules import check_open

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.files.files import Files
    from azure_batch_emulator.service.jobs.completion import Completion
    from azure_batch_emulator.service.jobs.task_attempts import TaskAttempts

DEFAULT_RETENTION = "P7D"
MOST_DEPENDENCY_CHARACTERS = 64_000
MOST_DEPENDENCY_NUMBERS = 1_000_000


class Tasks:
    """Tasks come, are ended, tried again and go."""

    def __init__(
        self, core: EngineCore, files: Files, completion: Completion, task_attempts: TaskAttempts
    ) -> None:
        self._core = core
        self._files = files
        self._completion = completion
        self._task_attempts = task_attempts

    def add(self, job: Job, body: Mapping[str, Any]) -> Task:
        """Add a task to a job that is not ending.

        :raises ApiError: if the id is taken, or the task does not fit its job or pool
        """
        check_open(job)
        if job.tasks.get(body["id"]) is not None:
            raise ApiError.conflict("TaskExists", "The specified task already exists.")
        self.check(job, body)
        core = self._core
        spec = {name: value for name, value in body.items() if name not in {"id", "requiredSlots"}}
        spec["constraints"] = _constraints(job, body)
        task = Task(
            id=body["id"],
            number=job.tasks.next_number,
            spec=spec,
            slots=body.get("requiredSlots", 1),
            created=core.now,
            modified=core.now,
            etag=core.next_etag(),
            state=TaskState.ACTIVE,
            state_since=core.now,
            job_number=job.number,
        )
        job.tasks.add(task)
        self.enqueue(job, task)
        return task

    def replace(self, job: Job, task: Task, body: Mapping[str, Any]) -> None:
        """Replace the constraints of a task that is not completed; absent ones get their defaults.

        :raises ApiError: if it is completed
        """
        if task.state is TaskState.COMPLETED:
            raise ApiError.conflict("TaskCompleted", "The specified task is completed.")
        task.spec = {**task.spec, "constraints": _constraints(job, body)}
        self._core.touch(task)
        self._task_attempts.relimit(task)

    def terminate(self, job: Job, task: Task) -> None:
        """End a task, wherever it stands.

        :raises ApiError: if it is completed
        """
        if task.state is TaskState.COMPLETED:
            raise ApiError.conflict("TaskCompleted", "The specified task is completed.")
        if task.state is TaskState.ACTIVE:
            self._completion.complete(job, task, failure=ENDED_BY_USER)
            self._core.publish(JobProgressed(job))
        else:
            self._task_attempts.stop(task, StopReason.BY_USER)

    def reactivate(self, job: Job, task: Task) -> None:
        """Let a failed task run again, with a full set of attempts.

        :raises ApiError: if it has not completed, or completed well, or its job has ended
        """
        check_open(job)
        if task.state is not TaskState.COMPLETED:
            raise ApiError.conflict("TaskNotCompleted", "The specified task is not completed.")
        if task.execution.exit_code == 0 or task.succeeded:
            raise ApiError.conflict("TaskSucceeded", "The specified task has completed successfully.")
        job.tasks.reopen(task, now=self._core.now, etag=self._core.next_etag())
        task.execution.retries = 0
        task.node_info, task.files_gone = None, False
        job.tasks.ready.add(task)
        self._core.publish(SchedulingDue(job.pool_id))

    def delete(self, job: Job, task: Task) -> None:
        """Remove a task with its files; if it runs, it is ended in the background."""
        job.tasks.remove(task)
        self._task_attempts.stop(task, StopReason.FORGOTTEN)
        self._files.discard(task)
        self._core.publish(JobProgressed(job))

    def enqueue(self, job: Job, task: Task) -> None:
        """Let an active task wait for the tasks it depends on, or only for a node."""
        if job.dependents is not None:
            job.dependents.enrol(task)
        if task.unmet == 0:
            job.tasks.ready.add(task)
            self._core.publish(SchedulingDue(job.pool_id))

    def check(self, job: Job, body: Mapping[str, Any]) -> None:
        """Hold what a task is to be like against the rules, and against its job and pool.

        :raises ApiError: if it does not fit
        """
        own_tasks.check_id(job.spec, str(body["id"]))
        resource_files.check_files(body)
        _check_job_actions(job, body.get("exitConditions") or {})
        if body.get("multiInstanceSettings"):
            _check_instances(body, body["multiInstanceSettings"])
        if body.get("dependsOn"):
            _check_dependencies(job, body["dependsOn"])


def _constraints(job: Job, body: Mapping[str, Any]) -> dict[str, Any]:
    given = body.get("constraints") or {}
    constraints = {
        "maxWallClockTime": UNLIMITED_TEXT,
        "retentionTime": DEFAULT_RETENTION,
        "maxTaskRetryCount": job.spec["constraints"]["maxTaskRetryCount"],
        **given,
    }
    if constraints["maxTaskRetryCount"] < -1:
        raise ApiError(400, "InvalidConstraintValue", "maxTaskRetryCount must be -1 or more.")
    if not parse_duration(constraints["maxWallClockTime"]):
        raise ApiError(400, "InvalidConstraintValue", "maxWallClockTime must be longer than nothing.")
    return constraints


def _check_job_actions(job: Job, conditions: Mapping[str, Any]) -> None:
    if job.spec["onTaskFailure"] != "noaction":
        return
    listed = (*(conditions.get("exitCodes") or ()), *(conditions.get("exitCodeRanges") or ()))
    named = (conditions.get(name) or {} for name in ("preProcessingError", "fileUploadError", "default"))
    for options in (*(entry["exitOptions"] for entry in listed), *named):
        if "jobAction" in options:
            reason = "not allowed while the job's onTaskFailure is noaction"
            raise ApiError.bad_property("exitConditions.jobAction", options["jobAction"], reason)


def _check_instances(body: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    if body.get("requiredSlots", 1) != 1:
        reason = "multi-instance tasks take 1"
        raise ApiError.bad_property("requiredSlots", body["requiredSlots"], reason)
    resource_files.check_files({"resourceFiles": settings.get("commonResourceFiles")})


def _check_dependencies(job: Job, wanted: Mapping[str, Any]) -> None:
    if job.dependents is None:
        message = "The job does not use task dependencies; create it with usesTaskDependencies."
        raise ApiError(400, "TaskDependenciesNotSpecifiedOnJob", message)
    if sum(len(str(task_id)) for task_id in wanted.get("taskIds") or ()) > MOST_DEPENDENCY_CHARACTERS:
        raise ApiError(400, "TaskDependencyListTooLong", "The task depends on too many tasks.")
    ranges = wanted.get("taskIdRanges") or ()
    if sum(span["end"] - span["start"] + 1 for span in ranges) > MOST_DEPENDENCY_NUMBERS:
        raise ApiError(400, "TaskDependencyRangesTooLong", "The task depends on too many tasks.")
