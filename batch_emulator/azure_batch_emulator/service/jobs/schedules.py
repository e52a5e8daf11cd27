"""Operations on job schedules, and the jobs that they make by themselves: one at a time."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from azure_batch_emulator.errors import ApiError, IllegalMove
from azure_batch_emulator.moments import parse_duration, parse_moment
from azure_batch_emulator.records.schedules import Schedule
from azure_batch_emulator.records.states import JobState, ScheduleState
from azure_batch_emulator.service.jobs.rules import check_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.jobs import Job
    from azure_batch_emulator.service.core import EngineCore
    from azure_batch_emulator.service.events import JobEnded
    from azure_batch_emulator.service.jobs.jobs import Jobs
    from azure_batch_emulator.service.pools.auto_pools import AutoPools

_LOG = logging.getLogger(__name__)
SHORTEST_SPAN = timedelta(minutes=1)
_REFUSALS = {
    ScheduleState.COMPLETED: ("JobScheduleCompleted", "The specified job schedule is completed."),
    ScheduleState.TERMINATING: ("JobScheduleBeingTerminated", "The job schedule is being terminated."),
    ScheduleState.DELETING: ("JobScheduleBeingDeleted", "The specified job schedule is being deleted."),
}


class Schedules:
    """Job schedules come, make jobs, and end."""

    def __init__(self, core: EngineCore, auto_pools: AutoPools, jobs: Jobs) -> None:
        self._core = core
        self._auto_pools = auto_pools
        self._jobs = jobs

    def create(self, body: Mapping[str, Any]) -> Schedule:
        """Make a job schedule; if nothing says later, its first job comes at once.

        :raises ApiError: if the id is taken, the quota is reached, or a part makes no sense
        """
        core = self._core
        self._check_free(str(body["id"]))
        _check(body)
        schedule = Schedule(
            id=body["id"],
            number=core.next_number(),
            spec={name: value for name, value in body.items() if name != "id"},
            created=core.now,
            modified=core.now,
            etag=core.next_etag(),
            state_since=core.now,
        )
        schedule.due = max(schedule.timing.not_before or core.now, core.now)
        core.account.schedules[schedule.key] = schedule
        core.account.changes.note(schedule)
        self.consider(schedule)
        return schedule

    def change(self, schedule: Schedule, body: Mapping[str, Any], *, whole: bool) -> None:
        """Change a job schedule; jobs that are there already stay as they are.

        :param whole: whether what is absent is dropped
        :raises ApiError: if it has ended, or a part makes no sense
        """
        check_open(schedule)
        _check(body)
        kept = {"displayName": schedule.spec.get("displayName")} if whole else schedule.spec
        schedule.spec = {name: value for name, value in {**kept, **body}.items() if value is not None}
        if "schedule" in body or whole:
            self._aim_anew(schedule)
        self._core.touch(schedule)
        self.consider(schedule)

    def disable(self, schedule: Schedule) -> None:
        """Let a job schedule make no more jobs; the one that is there goes on."""
        self._turn(schedule, "disable")

    def enable(self, schedule: Schedule) -> None:
        """Let a job schedule make jobs again, from its next run time on."""
        self._turn(schedule, "enable")
        self._aim_anew(schedule)
        self.consider(schedule)

    def terminate(self, schedule: Schedule) -> None:
        """End a job schedule and its job."""
        check_open(schedule)
        self._move(schedule, "terminate")
        job = self.active_job(schedule)
        if job is not None and job.is_open:
            self._jobs.terminate(job, reason="TerminateJobSchedule")
        self.consider(schedule)

    def delete(self, schedule: Schedule) -> None:
        """Begin to remove a job schedule with all jobs that it made."""
        if schedule.state is ScheduleState.DELETING:
            raise ApiError.conflict(*_REFUSALS[schedule.state])
        self._move(schedule, "delete")
        for job in self.jobs_of(schedule):
            if job.state is not JobState.DELETING:
                self._jobs.delete(job)
        self.consider(schedule)

    def jobs_of(self, schedule: Schedule) -> list[Job]:
        """List the jobs that a schedule made, oldest first; a copy."""
        return [job for job in self._core.account.jobs.values() if job.schedule == schedule.id]

    def active_job(self, schedule: Schedule) -> Job | None:
        """Tell the job that keeps the next one from being made."""
        job = self._core.account.jobs.get((schedule.recent_job or "").lower())
        return job if job is not None and job.state is not JobState.COMPLETED else None

    def make_next_job(self, event: JobEnded) -> None:
        """Go on with a schedule whose job has ended or is gone."""
        schedule = self._core.account.schedules.get((event.job.schedule or "").lower())
        if schedule is not None:
            self._core.timers.at(self._core.now, partial(self.consider, schedule))

    def consider(self, schedule: Schedule) -> None:
        """Make the job that is due, or the move that waited for one to end."""
        if self._core.account.schedules.get(schedule.key) is not schedule:
            return
        if schedule.state is ScheduleState.DELETING:
            if not self.jobs_of(schedule):
                self._forget(schedule)
        elif self.active_job(schedule) is not None:
            return
        elif schedule.state is ScheduleState.TERMINATING:
            self._end(schedule)
        elif schedule.state is ScheduleState.ACTIVE:
            self._make_due(schedule)

    def _make_due(self, schedule: Schedule) -> None:
        now, timing = self._core.now, schedule.timing
        due = timing.latest(schedule.due, now) if schedule.due is not None else None
        if due is None:
            self._end(schedule)
            return
        if due <= now:
            self._make_job(schedule)
            schedule.due = timing.following(due)
        else:
            schedule.due = due
        if self.active_job(schedule) is None:
            self._core.timers.at(schedule.due or now, partial(self.consider, schedule))
        self._core.account.changes.note(schedule)

    def _make_job(self, schedule: Schedule) -> None:
        schedule.jobs_made += 1
        spec = {
            **schedule.spec["jobSpecification"],
            "id": f"{schedule.id}:job-{schedule.jobs_made}",
        }
        try:
            schedule.recent_job = self._jobs.create(spec, schedule=schedule).id
        except ApiError as error:  # as when there may be no more pools; the next run time is another try
            _LOG.warning("no %s: %s", spec["id"], error.message)
        self._core.touch(schedule)

    def _aim_anew(self, schedule: Schedule) -> None:
        """Count run times from the schedule's beginning again, without those that are past."""
        timing, now = schedule.timing, self._core.now
        first = max(timing.not_before or schedule.created, schedule.created)
        if timing.interval is not None and now > first:
            first += -((first - now) // timing.interval) * timing.interval
        elif timing.interval is None and schedule.jobs_made:
            schedule.due = None
            return
        schedule.due = max(first, now)

    def _turn(self, schedule: Schedule, event: str) -> None:
        check_open(schedule)
        try:
            self._move(schedule, event)
        except IllegalMove:
            message = "This operation is not valid for the current state of the resource."
            raise ApiError.conflict(
                "OperationInvalidForCurrentState", message, JobScheduleState=schedule.state
            ) from None

    def _end(self, schedule: Schedule) -> None:
        self._move(schedule, "end")
        schedule.due, schedule.ended = None, self._core.now
        self._auto_pools.close_schedule(schedule)

    def _forget(self, schedule: Schedule) -> None:
        del self._core.account.schedules[schedule.key]
        self._core.account.changes.drop(schedule)
        self._auto_pools.close_schedule(schedule)

    def _move(self, schedule: Schedule, event: str) -> None:
        schedule.move(event, now=self._core.now, etag=self._core.next_etag())
        self._core.account.changes.note(schedule)

    def _check_free(self, schedule_id: str) -> None:
        account = self._core.account
        present = account.schedules.get(schedule_id.lower())
        if present is not None and present.state is ScheduleState.DELETING:
            raise ApiError.conflict(*_REFUSALS[present.state])
        if present is not None:
            raise ApiError.conflict("JobScheduleExists", "The specified job schedule already exists.")
        if schedule_id.lower() in account.jobs:
            raise ApiError.conflict("JobWithSameIdExists", "A job with the same id exists already.")
        self._jobs.check_quota()


def check_open(schedule: Schedule) -> None:
    """Refuse to work with a job schedule that has ended or is about to."""
    if schedule.state in _REFUSALS:
        raise ApiError.conflict(*_REFUSALS[schedule.state])


def _check(body: Mapping[str, Any]) -> None:
    times = body.get("schedule") or {}
    for name in ("startWindow", "recurrenceInterval"):
        if name in times and parse_duration(times[name]) < SHORTEST_SPAN:
            raise ApiError.bad_property(f"schedule.{name}", times[name], "at least a minute")
    first, last = times.get("doNotRunUntil"), times.get("doNotRunAfter")
    if first and last and parse_moment(last) <= parse_moment(first):
        raise ApiError.bad_property("schedule.doNotRunAfter", last, "later than doNotRunUntil")
    if "jobSpecification" in body:
        check_spec(body["jobSpecification"], is_scheduled=True)
