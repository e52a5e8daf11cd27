"""Job schedules as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_batch_emulator.moments import stamp
from azure_batch_emulator.records.states import ScheduleState
from azure_batch_emulator.wire import conditions
from azure_batch_emulator.wire.odata.filters import Property
from azure_batch_emulator.wire.views.write_only import readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_batch_emulator.records.schedules import Schedule

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


def schedule_json(schedule: Schedule, base: str) -> dict[str, Any]:
    """Write a job schedule for clients."""
    json: dict[str, Any] = {
        "id": schedule.id,
        "url": schedule_url(schedule, base),
        "eTag": conditions.etag(schedule),
        "creationTime": stamp(schedule.created),
        "lastModified": stamp(schedule.modified),
        "state": schedule.state.value,
        "stateTransitionTime": stamp(schedule.state_since),
        "schedule": {},
        **readable(schedule.spec),
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


def schedule_url(schedule: Schedule, base: str) -> str:
    """Tell the URL of a job schedule."""
    return f"{base}/jobschedules/{schedule.id}"
