"""Route to incomplete hours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from sensor_scoring.blob_storage.registry import read_registry
from sensor_scoring.missing_hours.digest import since_beginning
from sensor_scoring.missing_hours.scan import gaps_among
from sensor_scoring.ui.api.deployment import Deployed
from sensor_scoring.ui.api.one_sensor import AskedRange

if TYPE_CHECKING:
    from scoring_contract.messages.registry import Registry
    from sensor_scoring.missing_hours.gaps import Gap
    from sensor_scoring.ui.api.hour_range import HourRange

MOST_LISTED = 250_000
"""Files of sensors that are listed for one answer, a day of 10,000: that takes the server half a minute. The
sensors of a pack share theirs, and cost next to nothing."""

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
    store, settings = deployed.store, deployed.settings
    registry = read_registry(store, settings)
    _check_size(registry, asked)
    found = gaps_among(
        registry, store, settings, first=asked.first, until=asked.last.next, now=datetime.now(UTC)
    )
    return Gaps(gaps=list(map(_hour, since_beginning(found, asked.first))))


def _check_size(registry: Registry, asked: HourRange) -> None:
    """Refuse to look at more than a server does while others wait.

    :raises HTTPException: 422 naming how many hours can be looked at
    """
    alone = sum(not entry.pack for entry in registry.sensors.values())
    hours = len(list(asked.hours()))
    if hours > 1 and alone * hours > MOST_LISTED:
        most = max(1, MOST_LISTED // alone)
        raise HTTPException(
            422, f"{alone:,} sensors have files of their own: look at {most} hours or fewer at once."
        )


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
