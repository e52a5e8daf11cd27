"""Operations on job schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire import conditions, paging
from azure_batch_emulator.wire.bodies import job_bodies
from azure_batch_emulator.wire.response import Response
from azure_batch_emulator.wire.views.job_json import FILTERS as JOB_FILTERS
from azure_batch_emulator.wire.views.job_json import LISTING as JOB_LISTING
from azure_batch_emulator.wire.views.schedule_json import COLUMNS, FILTERS, schedule_json, schedule_url
from azure_batch_emulator.wire.views.stats import jobs_stats

if TYPE_CHECKING:
    from azure_batch_emulator.records.schedules import Schedule
    from azure_batch_emulator.service.engine import Engine
    from azure_batch_emulator.wire.request import Request


def create_job_schedule(request: Request) -> Response:
    """Make a job schedule."""
    schedule = request.engine.schedules.create(request.body(job_bodies.SCHEDULE))
    return Response(
        201, headers={**_headers(request, schedule), "Location": schedule_url(schedule, request.base)}
    )


def list_job_schedules(request: Request) -> Response:
    """List the job schedules of the account."""
    chosen = paging.read_filter(request, FILTERS)
    first = paging.start(request)
    found = (entry for entry in request.engine.account.schedules.values() if entry.number >= first)
    return paging.page(request, _listing(request.engine), found, chosen)


def get_job_schedule(request: Request) -> Response:
    """Show one job schedule."""
    schedule = request.engine.lookup.schedule(request["jobScheduleId"])
    conditions.check(request, schedule, reading=True)
    shown = _listing(request.engine).shown(request, schedule, paging.select(request, COLUMNS))
    head = {"odata.metadata": f"{request.base}/$metadata#jobschedules/@Element"}
    return Response(200, head | shown, conditions.version_headers(schedule))


def job_schedule_exists(request: Request) -> Response:
    """Tell whether a job schedule exists."""
    schedule = request.engine.lookup.schedule(request["jobScheduleId"])
    conditions.check(request, schedule, reading=True)
    return Response(200, headers=conditions.version_headers(schedule))


def update_job_schedule(request: Request) -> Response:
    """Change some properties of a job schedule."""
    schedule = _for_change(request)
    request.engine.schedules.change(schedule, request.body(job_bodies.SCHEDULE_PATCH), whole=False)
    return Response(200, headers=_headers(request, schedule))


def replace_job_schedule(request: Request) -> Response:
    """Replace the properties of a job schedule that may change."""
    schedule = _for_change(request)
    body = request.body(job_bodies.SCHEDULE_PUT)
    kept = {name: value for name, value in body.items() if name in job_bodies.SCHEDULE_PATCH.properties}
    request.engine.schedules.change(schedule, kept, whole=True)
    return Response(200, headers=_headers(request, schedule))


def disable_job_schedule(request: Request) -> Response:
    """Let a job schedule make no more jobs."""
    schedule = _for_change(request)
    request.engine.schedules.disable(schedule)
    return Response(204, headers=_headers(request, schedule))


def enable_job_schedule(request: Request) -> Response:
    """Let a job schedule make jobs again."""
    schedule = _for_change(request)
    request.engine.schedules.enable(schedule)
    return Response(204, headers=_headers(request, schedule))


def terminate_job_schedule(request: Request) -> Response:
    """Begin to end a job schedule; ``force`` makes no difference here."""
    schedule = _for_change(request)
    request.flag("force")
    request.engine.schedules.terminate(schedule)
    return Response(202, headers=_headers(request, schedule))


def delete_job_schedule(request: Request) -> Response:
    """Begin to remove a job schedule with its jobs; ``force`` likewise."""
    schedule = _for_change(request)
    request.flag("force")
    request.engine.schedules.delete(schedule)
    return Response(202)


def list_jobs_from_schedule(request: Request) -> Response:
    """List the jobs that a schedule made."""
    schedule = request.engine.lookup.schedule(request["jobScheduleId"])
    chosen = paging.read_filter(request, JOB_FILTERS)
    first = paging.start(request)
    jobs = (job for job in request.engine.schedules.jobs_of(schedule) if job.number >= first)
    return paging.page(request, JOB_LISTING, jobs, chosen)


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


def _for_change(request: Request) -> Schedule:
    schedule = request.engine.lookup.schedule(request["jobScheduleId"])
    conditions.check(request, schedule)
    return schedule


def _headers(request: Request, schedule: Schedule) -> dict[str, str]:
    return {**conditions.version_headers(schedule), "DataServiceId": schedule_url(schedule, request.base)}
