"""What the end of an attempt means: try again, requeue or complete; and what follows from it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import UNLIMITED, later, parse_duration
from azure_batch_emulator.records.dependencies import Satisfied
from azure_batch_emulator.records.states import JobState, TaskState
from azure_batch_emulator.records.tasks import ErrorCategory, Failure, Result, StopReason
from azure_batch_emulator.runner.interface import Ended
from azure_batch_emulator.service.attempts.conclusions import FAILED_EXIT
from azure_batch_emulator.service.events import SchedulingDue, TaskCompleted

if TYPE_CHECKING:
    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.records.tasks import Task
    from azure_batch_emulator.runner.interface import Phase
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.files.files import Files

ENDED_BY_USER = Failure(ErrorCategory.USER, "TaskEnded", "Task Was Ended by User Request")
OUT_OF_TIME = Failure(
    ErrorCategory.SERVER,
    "TaskEnded",
    "Task Was Ended",
    (("Message", "The task ran longer than its maxWallClockTime"),),
)


class Completion:
    """Judges how attempts ended."""

    def __init__(self, core: EngineCore, files: Files) -> None:
        self._core = core
        self._files = files

    def judge(self, job: Job, task: Task, ended: Ended, *, stop: StopReason | None) -> None:
        """Decide what becomes of a task whose attempt has ended, early if ``stop`` says why."""
        requeued = stop is StopReason.REQUEUED
        if requeued or stop in {StopReason.NODE_LOST, StopReason.UNPREPARED}:
            self._requeue(job, task, counted=requeued)
        elif stop is None and _is_retryable(task, ended) and job.state is not JobState.TERMINATING:
            self._retry(job, task)
        else:
            task.execution.exit_code = ended.exit_code
            self.complete(job, task, failure=_failure(stop, ended), phase=ended.phase)

    def complete(self, job: Job, task: Task, *, failure: Failure | None, phase: Phase | None = None) -> None:
        """Make a task completed for good, and draw the consequences."""
        core, execution = self._core, task.execution
        execution.failure = failure
        execution.result = Result.SUCCESS if failure is None else Result.FAILURE
        execution.ended = core.now
        job.tasks.move(task, "end", now=core.now, etag=core.next_etag())
        self.keep_files(job, task)
        options = exit_options(task, phase)
        satisfied = options.get("dependencyAction", "satisfy" if failure is None else "block") == "satisfy"
        if satisfied:
            self.satisfy(job, task)
        default = "terminate" if failure is not None else "none"
        core.publish(TaskCompleted(job, task, str(options.get("jobAction", default))))

    def keep_files(self, job: Job, task: Task) -> None:
        """Note when the files of a completed task are to go."""
        retention, ended = parse_duration(task.spec["constraints"]["retentionTime"]), task.execution.ended
        if task.node_info is not None and ended is not None and retention < UNLIMITED:
            self._core.timers.at(later(ended, retention), partial(self._files.expire, job, task, ended))

    def satisfy(self, job: Job, task: Task) -> None:
        """Let the tasks go that waited for this one only."""
        if job.dependents is None:
            return
        self._core.account.changes.note(Satisfied(job.number, task.number, task.id))
        for freed in job.dependents.satisfy(task):
            if freed.state is TaskState.ACTIVE:
                job.tasks.ready.add(freed)
        self._core.publish(SchedulingDue(job.pool_id))

    def interrupted(self, job: Job, task: Task) -> None:
        """Decide what becomes of a task whose attempt ended together with the service itself.

        If the attempt was about to be ended, it ends so; else its node was lost under it.
        """
        stop, task.stop = task.stop or StopReason.NODE_LOST, None
        self.judge(job, task, Ended(0, None, lost=True), stop=stop)

    def _requeue(self, job: Job, task: Task, *, counted: bool) -> None:
        if counted:
            task.execution.requeues += 1
            task.execution.last_requeue = self._core.now
        self._again(job, task)

    def _retry(self, job: Job, task: Task) -> None:
        task.execution.retries += 1
        task.execution.last_retry = self._core.now
        self._again(job, task)

    def _again(self, job: Job, task: Task) -> None:
        core = self._core
        task.execution.forget_outcome()
        job.tasks.move(task, "again", now=core.now, etag=core.next_etag())
        job.tasks.ready.add(task)
        core.publish(SchedulingDue(job.pool_id))


def _is_retryable(task: Task, ended: Ended) -> bool:
    return ended.failure is None and ended.exit_code not in {0, None} and task.has_attempts_left


def _failure(stop: StopReason | None, ended: Ended) -> Failure | None:
    if stop is StopReason.TIMED_OUT:
        return OUT_OF_TIME
    if stop is not None:
        return ENDED_BY_USER
    if ended.exit_code not in {0, None}:
        return FAILED_EXIT
    return ended.failure


def exit_options(task: Task, phase: Phase | None) -> dict[str, Any]:
    """Choose the exit options that apply: a listed code before an upload error before the default."""
    conditions = task.spec.get("exitConditions") or {}
    code = task.execution.exit_code
    listed = _listed(conditions, code) if code is not None else None
    if listed is not None:
        return listed
    if phase is not None and phase.value in conditions:
        return dict(conditions[phase.value])
    failed = not task.succeeded
    return dict(conditions.get("default") or {}) if failed else {}


def _listed(conditions: dict[str, Any], code: int) -> dict[str, Any] | None:
    for entry in conditions.get("exitCodes") or ():
        if entry["code"] == code:
            return dict(entry["exitOptions"])
    for entry in conditions.get("exitCodeRanges") or ():
        if entry["start"] <= code <= entry["end"]:
            return dict(entry["exitOptions"])
    return None
