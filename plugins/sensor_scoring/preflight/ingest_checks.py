"""Checks of where readings come from: event hub and Stream Analytics job, where settings name them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowNotFoundException

from sensor_scoring.errors import IngestAccessRefused
from sensor_scoring.preflight.event_hub import EventHub
from sensor_scoring.preflight.finding import fine, missing, skipped, warning
from sensor_scoring.roles import Role, on_event_hub, on_stream_job
from sensor_scoring.service_errors import OF_INGEST, resource_explained
from sensor_scoring.setting_values.resource_ids import StreamJobId

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from sensor_scoring.preflight.deployment import Deployment
    from sensor_scoring.preflight.finding import Finding

_RECENT = timedelta(hours=1)
_CONNECTION = "--conn-uri azure-event-hub://<namespace>.servicebus.windows.net/<hub>"
_JOB_VERSION = "2020-03-01"
_DEVICES = "look at the devices, and at the roles that they send with: docs/devices.md"
_PASSING = frozenset({"Starting", "Restarting", "Scaling"})


def event_hub(deployment: Deployment) -> Iterator[Finding]:
    """Look whether devices send events to the event hub."""
    conn_id = deployment.settings.connections.event_hub_conn_id
    if not conn_id:
        yield skipped("not looked at: SENSOR_SCORING_EVENT_HUB_CONN_ID is not set")
        return
    try:
        hub = EventHub(conn_id)
    except AirflowNotFoundException:
        remedy = f"airflow connections add {conn_id} {_CONNECTION}"
        yield missing(f"Airflow has no connection {conn_id}", remedy)
        return
    try:
        found = hub.arrivals()
    except IngestAccessRefused as error:
        # The job reads it, whatever Airflow may.
        yield warning(str(error), on_event_hub(hub.namespace, hub.name))
        return
    if found.newest is None:
        yield missing(f"no partition of the event hub {hub.name} holds an event", _DEVICES)
        return
    age = max(datetime.now(UTC) - found.newest, timedelta())
    said = f"the newest event of {hub.name}, in {found.partitions} partitions, arrived {_ago(age)}"
    yield fine(said) if age <= _RECENT else warning(said, _DEVICES)


def stream_job(deployment: Deployment) -> Iterator[Finding]:
    """Look whether the Stream Analytics job runs, and what it has written last."""
    resource_id = deployment.settings.connections.stream_job_id
    if not resource_id:
        yield skipped("not looked at: SENSOR_SCORING_STREAM_JOB_ID is not set")
        return
    place = StreamJobId.parse(resource_id)
    try:
        with resource_explained(
            f"look at the Stream Analytics job {place.job}",
            remedy=f"Airflow's identity needs the role {Role.JOBS} on the job",
            errors=OF_INGEST,
        ):
            described = deployment.hook.resource(
                resource_id, subscription=place.subscription, api_version=_JOB_VERSION
            )
    except IngestAccessRefused as error:
        # It writes readings, whatever Airflow may.
        yield warning(str(error), on_stream_job(resource_id))
        return
    yield _judged(place, described.get("properties") or {})


def _judged(place: StreamJobId, job: Mapping[str, Any]) -> Finding:
    """Judge a job by its state: https://learn.microsoft.com/azure/stream-analytics/job-states."""
    state, newest = str(job.get("jobState") or "unknown"), job.get("lastOutputEventTime")
    written = f"up to {newest}" if newest else "nothing"
    said = f"the Stream Analytics job {place.job} is {state}, and has written {written}"
    of_job = f"--resource-group {place.resource_group} --job-name {place.job}"
    if state == "Running":
        if newest and datetime.now(UTC) - _moment(str(newest)) <= _RECENT:
            return fine(said)
        return warning(said, "look at its metrics: input events, watermark delay")
    if state in _PASSING:
        return warning(said, "look again in some minutes")
    if state == "Degraded":
        return warning(said, "look at its activity log: it tries what has failed again and again")
    mode = "LastOutputEventTime" if newest else "JobStartTime"
    return missing(said, f"az stream-analytics job start {of_job} --output-start-mode {mode}")


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _ago(age: timedelta) -> str:
    if age >= timedelta(hours=2):
        return f"{age // timedelta(hours=1):,} hours ago"
    return f"{age // timedelta(minutes=1):,} minutes ago" if age >= timedelta(minutes=2) else "just now"
