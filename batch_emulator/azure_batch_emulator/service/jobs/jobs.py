"""Operations on jobs, and the moves a job makes by itself."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError, IllegalMove
from azure_batch_emulator.moments import UNLIMITED, later, parse_duration
from azure_batch_emulator.records.dependencies import Dependents
from azure_batch_emulator.records.jobs import Job
from azure_batch_emulator.records.states import JobState, TaskState
from azure_batch_emulator.records.task_table import TaskTable
from azure_batch_emulator.records.tasks import StopReason
from azure_batch_emulator.service.events import JobEnded, SchedulingDue
from azure_batch_emulator.service.jobs import own_tasks
from azure_batch_emulator.service.jobs.rules import (
    DEFAULT_CONSTRAINTS,
    DEFAULTS,
    ENDING,
    REFUSALS,
    check_open,
    check_spec,
    not_now,
)
from azure_batch_emulator.service.pools import auto_pools

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.schedules import Schedule
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.events import JobProgressed, TaskCompleted
    from azure_batch_emulator.service.files.files import Files
    from azure_batch_emulator.service.jobs.completion import Completion
    from azure_batch_emulator.service.jobs.preparations import Preparations
    from azure_batch_emulator.service.jobs.task_attempts import TaskAttempts
    from azure_batch_emulator.service.jobs.tasks import Tasks
    from azure_batch_emulator.service.pools.auto_pools import AutoPools

_REPLACED_BY_PUT = ("priority", "maxParallelTasks", "allowTaskPreemption", "onAllTasksComplete")
_RUNNING_STOPS = {"requeue": StopReason.REQUEUED, "terminate": StopReason.BY_USER}


class Jobs:
    """Jobs come, change and end."""

    def __init__(
        self,
        core: EngineCore,
        *,
        files: Files,
        preparations: Preparations,
        auto_pools: AutoPools,
        completion: Completion,
        task_attempts: TaskAttempts,
        tasks: Tasks,
    ) -> None:
        self._core = core
        self._files = files
        self._preparations = preparations
        self._auto_pools = auto_pools
        self._completion = completion
        self._task_attempts = task_attempts
        self._tasks = tasks

    def create(self, body: Mapping[str, Any], *, schedule: Schedule | None = None) -> Job:
        """Make a job, active at once; a pool that it names need not exist yet.

        :param schedule: the job schedule that makes it; it counts against the quota for itself
        :raises ApiError: if the id is taken, the quota is reached, or a part is not built
        """
        core = self._core
        self._check_free(str(body["id"]))
        if schedule is None:
            self.check_quota()
        check_spec(body, is_scheduled=schedule is not None)
        spec = {**DEFAULTS, **{name: value for name, value in body.items() if name != "id"}}
        spec["constraints"] = {**DEFAULT_CONSTRAINTS, **(body.get("constraints") or {})}
        spec.update(own_tasks.filled(spec))
        job = Job(
            id=body["id"],
            number=core.next_number(),
            spec=spec,
            created=core.now,
            modified=core.now,
            etag=core.next_etag(),
            state_since=core.now,
            schedule=None if schedule is None else schedule.id,
            auto_pool=self._auto_pools.open(spec["poolInfo"], schedule),
            tasks=TaskTable(core.account.changes),
            dependents=Dependents() if spec["usesTaskDependencies"] else None,
        )
        manager = own_tasks.manager_body(spec)
        if manager is not None:
            self._check_manager(job, manager)
        core.account.add_job(job)
        core.account.changes.note(job)
        self._limit(job)
        if manager is not None:
            self._tasks.add(job, manager)
        self.consider(job)
        return job

    def patch(self, job: Job, body: Mapping[str, Any]) -> None:
        """Change some properties of a job.

        :raises ApiError: if the job has ended, or a change is not allowed
        """
        check_open(job)
        check_spec(body, is_scheduled=job.schedule is not None)
        changes = dict(body)
        if "constraints" in changes:
            changes["constraints"] = {**DEFAULT_CONSTRAINTS, **changes["constraints"]}
        self._change(job, changes)

    def put(self, job: Job, body: Mapping[str, Any]) -> None:
        """Replace all properties of a job that may change; absent ones get their defaults.

        :raises ApiError: if the job has ended, or a change is not allowed
        """
        check_open(job)
        check_spec(body, is_scheduled=job.schedule is not None)
        changes = {name: body.get(name, DEFAULTS[name]) for name in _REPLACED_BY_PUT}
        changes["metadata"] = body.get("metadata") or []
        changes["constraints"] = {**DEFAULT_CONSTRAINTS, **(body.get("constraints") or {})}
        changes["poolInfo"] = body["poolInfo"]
        self._change(job, changes)

    def terminate(self, job: Job, *, reason: str) -> None:
        """End a job: running tasks are ended, tasks that never ran stay active.

        :raises ApiError: if it has ended or is about to
        """
        check_open(job)
        job.terminate_reason = reason
        self._move(job, "terminate")
        self._stop_running(job, StopReason.BY_USER)
        self._preparations.stop(job)
        self.consider(job)

    def delete(self, job: Job) -> None:
        """Begin to remove a job with its tasks and their files.

        :raises ApiError: if that is under way
        """
        self._move(job, "delete")
        self._stop_running(job, StopReason.BY_USER)
        self._preparations.stop(job)
        self.consider(job)

    def disable(self, job: Job, *, running: str) -> None:
        """Let a job start nothing more.

        :param running: ``requeue``, ``terminate`` or ``wait``: what becomes of running tasks
        :raises ApiError: unless the job is active, disabling or disabled
        """
        check_open(job)
        self._move(job, "disable")
        if running in _RUNNING_STOPS:
            self._stop_running(job, _RUNNING_STOPS[running])
        self.consider(job)

    def enable(self, job: Job) -> None:
        """Let a disabled job go on.

        :raises ApiError: unless the job is disabling or disabled
        """
        check_open(job)
        self._move(job, "enable")
        self._move(job, "enabled")
        self._core.publish(SchedulingDue(job.pool_id))

    def resume(self, job: Job) -> None:
        """Go on with a job that was kept: its tasks first, then its own deadline and moves."""
        for task in job.tasks.in_state(TaskState.COMPLETED):
            if not task.files_gone:
                self._completion.keep_files(job, task)
        for task in job.tasks.in_state(TaskState.ACTIVE):
            self._tasks.enqueue(job, task)
        for state in (TaskState.RUNNING, TaskState.PREPARING):
            for task in job.tasks.in_state(state):
                self._completion.interrupted(job, task)
        self._preparations.resume(job)
        if job.state is not JobState.COMPLETED:
            self._limit(job)
            self.consider(job)

    def act_on_task(self, event: TaskCompleted) -> None:
        """Do what the end of a task asks of its job."""
        job = event.job
        self._act(job, event.job_action)
        if job.is_manager(event.task) and job.ends_with_manager and job.is_open:
            self.terminate(job, reason="JMComplete")

    def look_again(self, event: JobProgressed) -> None:
        """Look at a job that may have waited for what has ended."""
        job = event.job
        if self._core.account.jobs.get(job.key) is job:
            self.consider(job)
            self._core.publish(SchedulingDue(job.pool_id))

    def consider(self, job: Job) -> None:
        """Make the moves that wait for tasks only."""
        if job.state is JobState.ACTIVE:
            if job.spec["onAllTasksComplete"] == "terminatejob" and job.all_tasks_complete:
                self.terminate(job, reason="AllTasksComplete")
        elif job.busy or (job.state in ENDING and not self._preparations.are_over(job)):
            return
        elif job.state is JobState.DISABLING:
            self._move(job, "quiet")
        elif job.state is JobState.TERMINATING:
            self._move(job, "quiet")
            job.ended = self._core.now
            self._core.account.unbind(job)
            self._core.publish(JobEnded(job))
        elif job.state is JobState.DELETING:
            self._forget_in_a_while(job)

    def _act(self, job: Job, action: str) -> None:
        if job.spec["onTaskFailure"] != "performexitoptionsjobaction" or job.state is not JobState.ACTIVE:
            return
        if action == "terminate":
            self.terminate(job, reason="TaskFailed")
        elif action == "disable":
            self.disable(job, running="requeue")

    def _forget_in_a_while(self, job: Job) -> None:
        span = self._core.settings.deletion
        if span:
            self._core.after(span, partial(self._forget, job))
        else:
            self._forget(job)

    def _forget(self, job: Job) -> None:
        if self._core.account.jobs.get(job.key) is not job:
            return  # it was considered twice
        self._core.account.unbind(job)
        del self._core.account.jobs[job.key]
        self._core.account.changes.drop(job)
        self._files.discard_job(job)
        self._core.publish(JobEnded(job))

    def _change(self, job: Job, changes: Mapping[str, Any]) -> None:
        if job.spec["onAllTasksComplete"] == "terminatejob":
            wanted = changes.get("onAllTasksComplete", "terminatejob")
            if wanted != "terminatejob":
                reason = "it cannot be turned off again"
                raise ApiError.bad_property("onAllTasksComplete", wanted, reason)
        before = job.spec["poolInfo"]
        after = changes.get("poolInfo", before)
        auto_pools.check_change(before, after)
        if after.get("poolId") != before.get("poolId") and job.state is not JobState.DISABLED:
            raise not_now(job, "the pool can be changed only while the job is disabled")
        self._core.account.unbind(job)
        job.spec = {**job.spec, **changes}
        if job.spec["poolInfo"].get("poolId"):
            job.auto_pool = None
        self._core.account.bind(job)
        self._core.touch(job)
        self._limit(job)
        self.consider(job)
        self._core.publish(SchedulingDue(job.pool_id))

    def _move(self, job: Job, event: str) -> None:
        try:
            job.move(event, now=self._core.now, etag=self._core.next_etag())
        except IllegalMove:
            if job.state is JobState.DELETING:
                raise ApiError.conflict(*REFUSALS[job.state]) from None
            raise not_now(job, f"the job is {job.state}") from None
        self._core.account.changes.note(job)

    def _stop_running(self, job: Job, why: StopReason) -> None:
        for state in (TaskState.RUNNING, TaskState.PREPARING):
            for task in job.tasks.in_state(state):
                self._task_attempts.stop(task, why)

    def _limit(self, job: Job) -> None:
        limit = parse_duration(job.spec["constraints"]["maxWallClockTime"])
        if limit < UNLIMITED:
            left = max(later(job.created, limit) - self._core.now, timedelta())
            self._core.after(left, partial(self._time_out, job))

    def _time_out(self, job: Job) -> None:
        # The limit may have been changed since this was noted.
        limit = parse_duration(job.spec["constraints"]["maxWallClockTime"])
        over = limit < UNLIMITED and later(job.created, limit) <= self._core.now
        if over and job.state not in REFUSALS and job.key in self._core.account.jobs:
            self.terminate(job, reason="MaxWallClockTimeExpiry")

    def _check_manager(self, job: Job, manager: Mapping[str, Any]) -> None:
        try:
            self._tasks.check(job, manager)
        except ApiError:
            self._auto_pools.close(job)
            raise

    def _check_free(self, job_id: str) -> None:
        present = self._core.account.jobs.get(job_id.lower())
        if present is not None:
            if present.state is JobState.DELETING:
                raise ApiError.conflict(*REFUSALS[JobState.DELETING])
            raise ApiError.conflict("JobExists", "The specified job already exists.")
        if job_id.lower() in self._core.account.schedules:
            message = "A job schedule with the same id exists already."
            raise ApiError.conflict("JobScheduleWithSameIdExists", message)

    def check_quota(self) -> None:
        """Refuse one more active job or job schedule if the account is full of them."""
        quota = self._core.settings.active_job_quota
        if self._core.account.active_jobs() >= quota:
            message = f"The account may hold {quota} active jobs."
            raise ApiError.conflict("ActiveJobAndScheduleQuotaReached", message, Quota=str(quota))
