"""Route to incomplete hours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fastapi import APIRouter
from pydantic import BaseModel

from sensor_scoring.missing_hours.digest import since_beginning
from sensor_scoring.missing_hours.scan import find_gaps
from sensor_scoring.ui.api.deployment import Deployed
from sensor_scoring.ui.api.one_sensor import AskedRange

if TYPE_CHECKING:
    from sensor_scoring.missing_hours.gaps import Gap

_NAMED = 10

router = APIRouter(tags=["gaps"])


class IncompleteHour(BaseModel):
    """An hour that lacks predictions."""

    hour: str
    missing: int
    """Sensors whose predictions are missing or older than their readings."""
    sensors: list[str]
    """The first ten of them."""
    why: str
    since: str
    under_way: bool
    """Whether storage shows a run that is at it; of one that has not planned, only Airflow knows."""


class Gaps(BaseModel):
    """The incomplete hours of a range, oldest first."""

    gaps: list[IncompleteHour]


@router.get("/gaps")
def gaps(asked: AskedRange, deployed: Deployed) -> Gaps:
    """Look for incomplete hours; those before the first readings or predictions of the range are none."""
    now = datetime.now(UTC)
    found = find_gaps(deployed.store, deployed.settings, first=asked.first, until=asked.last.next, now=now)
    return Gaps(gaps=list(map(_hour, since_beginning(found, asked.first))))


def _hour(gap: Gap) -> IncompleteHour:
    sensors = sorted({*gap.unpredicted, *gap.late})
    return IncompleteHour(
        hour=str(gap.hour),
        missing=len(sensors),
        sensors=sensors[:_NAMED],
        why=gap.describe(),
        since=gap.since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        under_way=gap.is_under_way,
    )
