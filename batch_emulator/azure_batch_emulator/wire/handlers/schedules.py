"""Operations on job schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire import conditions, paging
from azure_batch_emulator.wire.bodies import job_bodies
from azure_batch_emulator.wire.call import Answer, Call
from azure_batch_emulator.wire.views.job_json import FILTERS as JOB_FILTERS
from azure_batch_emulator.wire.views.job_json import LISTING as JOB_LISTING
from azure_batch_emulator.wire.views.schedule_json import COLUMNS, FILTERS, schedule_json, schedule_url
from azure_batch_emulator.wire.views.stats import jobs_stats

if TYPE_CHECKING:
    from azure_batch_emulator.records.schedules import Schedule
    from azure_batch_emulator.service.engine import Engine


def create_job_schedule(call: Call) -> Answer:
    """Make a job schedule."""
    schedule = call.engine.schedules.create(call.body(job_bodies.SCHEDULE))
    return Answer(201, headers={**_headers(call, schedule), "Location": schedule_url(schedule, call.base)})


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


def _headers(call: Call, schedule: Schedule) -> dict[str, str]:
    return {**conditions.version_headers(schedule), "DataServiceId": schedule_url(schedule, call.base)}
