"""Operations on job schedules, and job schedules as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import stamp
from azure_batch_emulator.records.states import ScheduleState
from azure_batch_emulator.wire import conditions, job_bodies, paging
from azure_batch_emulator.wire.call import Answer, Call
from azure_batch_emulator.wire.job_json import FILTERS as JOB_FILTERS
from azure_batch_emulator.wire.job_json import LISTING as JOB_LISTING
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.stats import jobs_stats

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.schedules import Schedule
    from azure_batch_emulator.service.engine import Engine

COLUMNS = frozenset(
    (
        *("id", "displayName", "url", "eTag", "lastModified", "creationTime", "state", "stateTransitionTime"),
        *("previousState", "previousStateTransitionTime", "schedule", "jobSpecification", "executionInfo"),
        *("metadata", "stats"),
    )
)
FILTERS: Mapping[str, Property[Schedule]] = {
    "id": Property.identifier(lambda schedule: schedule.id),
    "state": Property.word(lambda schedule: schedule.state),
    "stateTransitionTime": Property.moment(lambda schedule: schedule.state_since),
    "creationTime": Property.moment(lambda schedule: schedule.created),
    "lastModified": Property.moment(lambda schedule: schedule.modified),
}


def create_job_schedule(call: Call) -> Answer:
    """Make a job schedule."""
    schedule = call.engine.schedules.create(call.body(job_bodies.SCHEDULE))
    return Answer(201, headers={**_headers(call, schedule), "Location": _url(schedule, call.base)})


def list_job_schedules(call: Call) -> Answer:
    """List the job schedules of the account."""
    chosen = paging.read_filter(call, FILTERS)
    first = paging.start(call)
    found = (entry for entry in call.engine.account.schedules.values() if entry.number >= first)
    return paging.page(call, _listing(call.engine), found, chosen)


def get_job_schedule(call: Call) -> Answer:
    """Show one job schedule."""
    schedule = call.engine.lookup.schedule(call["jobScheduleId"])
    conditions.check(call, schedule, reading=True)
    shown = _listing(call.engine).shown(call, schedule, paging.select(call, COLUMNS))
    head = {"odata.metadata": f"{call.base}/$metadata#jobschedules/@Element"}
    return Answer(200, head | shown, conditions.version_headers(schedule))


def job_schedule_exists(call: Call) -> Answer:
    """Tell whether a job schedule exists."""
    schedule = call.engine.lookup.schedule(call["jobScheduleId"])
    conditions.check(call, schedule, reading=True)
    return Answer(200, headers=conditions.version_headers(schedule))


def update_job_schedule(call: Call) -> Answer:
    """Change some properties of a job schedule."""
    schedule = _for_change(call)
    call.engine.schedules.change(schedule, call.body(job_bodies.SCHEDULE_PATCH), whole=False)
    return Answer(200, headers=_headers(call, schedule))


def replace_job_schedule(call: Call) -> Answer:
    """Replace the properties of a job schedule that may change."""
    schedule = _for_change(call)
    body = call.body(job_bodies.SCHEDULE_PUT)
    kept = {name: value for name, value in body.items() if name in job_bodies.SCHEDULE_PATCH.properties}
    call.engine.schedules.change(schedule, kept, whole=True)
    return Answer(200, headers=_headers(call, schedule))


def disable_job_schedule(call: Call) -> Answer:
    """Let a job schedule make no more jobs."""
    schedule = _for_change(call)
    call.engine.schedules.disable(schedule)
    return Answer(204, headers=_headers(call, schedule))


def enable_job_schedule(call: Call) -> Answer:
    """Let a job schedule make jobs again."""
    schedule = _for_change(call)
    call.engine.schedules.enable(schedule)
    return Answer(204, headers=_headers(call, schedule))


def terminate_job_schedule(call: Call) -> Answer:
    """Begin to end a job schedule; ``force`` makes no difference here."""
    schedule = _for_change(call)
    call.flag("force")
    call.engine.schedules.terminate(schedule)
    return Answer(202, headers=_headers(call, schedule))


def delete_job_schedule(call: Call) -> Answer:
    """Begin to remove a job schedule with its jobs; ``force`` likewise."""
    schedule = _for_change(call)
    call.flag("force")
    call.engine.schedules.delete(schedule)
    return Answer(202)


def list_jobs_from_schedule(call: Call) -> Answer:
    """List the jobs that a schedule made."""
    schedule = call.engine.lookup.schedule(call["jobScheduleId"])
    chosen = paging.read_filter(call, JOB_FILTERS)
    first = paging.start(call)
    jobs = (job for job in call.engine.schedules.jobs_of(schedule) if job.number >= first)
    return paging.page(call, JOB_LISTING, jobs, chosen)


def schedule_json(schedule: Schedule, base: str) -> dict[str, Any]:
    """Write a job schedule for clients."""
    json: dict[str, Any] = {
        "id": schedule.id,
        "url": _url(schedule, base),
        "eTag": conditions.etag(schedule),
        "creationTime": stamp(schedule.created),
        "lastModified": stamp(schedule.modified),
        "state": schedule.state.value,
        "stateTransitionTime": stamp(schedule.state_since),
        "schedule": {},
        **schedule.spec,
    }
    if schedule.previous_state is not None and schedule.previous_since is not None:
        json["previousState"] = schedule.previous_state.value
        json["previousStateTransitionTime"] = stamp(schedule.previous_since)
    execution: dict[str, Any] = {}
    if schedule.due is not None and schedule.state is ScheduleState.ACTIVE:
        execution["nextRunTime"] = stamp(schedule.due)
    if schedule.recent_job is not None:
        url = f"{base}/jobs/{schedule.recent_job}"
        execution["recentJob"] = {"id": schedule.recent_job, "url": url}
    if schedule.ended is not None:
        execution["endTime"] = stamp(schedule.ended)
    return {**json, "executionInfo": execution}


def _listing(engine: Engine) -> paging.Listing[Schedule]:
    return paging.Listing(
        metadata="jobschedules",
        properties=FILTERS,
        render=schedule_json,
        position=lambda schedule: schedule.number,
        columns=COLUMNS,
        stats=lambda schedule, url, now: jobs_stats(
            engine.schedules.jobs_of(schedule), url, schedule.created, now
        ),
    )


def _for_change(call: Call) -> Schedule:
    schedule = call.engine.lookup.schedule(call["jobScheduleId"])
    conditions.check(call, schedule)
    return schedule


def _url(schedule: Schedule, base: str) -> str:
    return f"{base}/jobschedules/{schedule.id}"


def _headers(call: Call, schedule: Schedule) -> dict[str, str]:
    return {**conditions.version_headers(schedule), "DataServiceId": _url(schedule, call.base)}
