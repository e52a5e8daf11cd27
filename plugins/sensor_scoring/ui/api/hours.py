"""Routes to the history: which hours have a record, and the records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import BaseModel, Field

from scoring_contract.hour import RunHour
from sensor_scoring.fleet.history import History
from sensor_scoring.ui.api.access import may_see_task_logs
from sensor_scoring.ui.api.answers import FOREVER, LATEST, compressed
from sensor_scoring.ui.api.deployment import Deployed, Deployment
from sensor_scoring.ui.api.hour_range import AskedHour, HourRange, optional_range

MOST = timedelta(days=31)
_USUAL = timedelta(hours=48)
Etag = Annotated[
    str,
    Query(description="As the list of hours says it; while it is the record's, browsers need not ask again."),
]

router = APIRouter(tags=["history"])


class RecordedHour(BaseModel):
    """An hour that has a record."""

    hour: str
    etag: str
    size: int
    """Bytes, compressed."""


class RecordedHours(BaseModel):
    """The hours of a range that have a record, oldest first."""

    first: str | None = Field(serialization_alias="from")
    last: str | None = Field(serialization_alias="to")
    now: str
    settled: str
    """The last hour whose readings can no longer arrive."""
    oldest: str | None
    """The first hour that has a record: before it, nothing is missing."""
    hours: list[RecordedHour]


@router.get("/hours")
def hours(
    asked: Annotated[HourRange | None, Depends(optional_range(MOST))], deployed: Deployed
) -> RecordedHours:
    """List the recorded hours of a range; without one, of the 48 hours that end with the newest record."""
    history = History(deployed.store, deployed.settings)
    asked = asked or _latest(history)
    found = history.among(asked.first, asked.last) if asked else []
    oldest = history.oldest()
    now = datetime.now(UTC)
    return RecordedHours(
        first=str(asked.first) if asked else None,
        last=str(asked.last) if asked else None,
        now=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        settled=str(RunHour.containing(now - deployed.settings.hourly.lateness).previous),
        oldest=str(oldest) if oldest else None,
        hours=[RecordedHour(hour=str(each.hour), etag=each.etag, size=each.size) for each in found],
    )


# The reason of a failure can be the last line that a task printed.
@router.get("/hours/{hour}", response_class=Response, dependencies=[Depends(may_see_task_logs)])
def hour_record(request: Request, hour: AskedHour, deployed: Deployed, etag: Etag = "") -> Response:
    """Return the record of an hour as it is stored: JSON with a column for each fact."""
    content, current = _record(deployed, hour)
    return compressed(request, content, etag=current, cache=FOREVER if etag == current else LATEST)


def _record(deployed: Deployment, hour: RunHour) -> tuple[bytes, str]:
    found = History(deployed.store, deployed.settings).record(hour)
    if found is None:
        raise HTTPException(404, f"The hour {hour} has no record: no run has summed it up.")
    return found


def _latest(history: History) -> HourRange | None:
    newest = history.newest()
    return HourRange(RunHour(newest.end - _USUAL), newest) if newest else None
