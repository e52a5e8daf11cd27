"""Finds incomplete hours: an hour's readings and models against its predictions. Pure.

Judged by blobs, never by DAG runs: a run that was triggered by hand can stand where an hour's own run would
have been, and a run that was green says nothing of a prediction that was deleted since.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.planned_at import read_planned_at
from scoring_contract.predictions import can_follow
from scoring_contract.sensor_names import display_of
from sensor_scoring.hourly.gate import mark_of, name_of
from sensor_scoring.hourly.planning.readings import HourReadings
from sensor_scoring.wording import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from scoring_contract.hour import RunHour
    from scoring_contract.messages.registry import Registry
    from sensor_scoring.blob_storage.listing import FoundBlob

UNDER_WAY = timedelta(hours=1)
"""A plan without a summary that is younger belongs to a run that may still end well."""
_NEVER = datetime.min.replace(tzinfo=UTC)
_NAMED = 5


@dataclass(frozen=True, slots=True)
class HourBlobs:
    """Blobs of one hour, from listings alone."""

    hour: RunHour
    readings: tuple[FoundBlob, ...] = ()
    predictions: tuple[FoundBlob, ...] = ()
    runs: tuple[FoundBlob, ...] = ()
    """Blobs in the folders of the hour's runs; plans and summaries count."""

    def planned_at(self) -> dict[str, datetime]:
        """Return when each run's plan was written."""
        return self._written("plan.json")

    def summed_up_at(self) -> dict[str, datetime]:
        """Return when each run's summary was written."""
        return self._written("summary.json")

    def is_under_way(self, now: datetime) -> bool:
        """Whether a run of the hour has planned lately, and not summed up since."""
        ended = self.summed_up_at()
        return any(
            planned > ended.get(run, _NEVER) and now - planned < UNDER_WAY
            for run, planned in self.planned_at().items()
        )

    def _written(self, name: str) -> dict[str, datetime]:
        parts = ((blob.name.split("/"), blob.modified) for blob in self.runs)
        return {path[0]: modified for path, modified in parts if path[1:] == [name]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An incomplete hour."""

    hour: RunHour
    since: datetime
    """When the first of what is missing should have been there."""
    is_unscored: bool = False
    """Whether no run has scored anything in it."""
    unpredicted: tuple[str, ...] = ()
    """Sensors with readings, a model and no prediction."""
    late: tuple[str, ...] = ()
    """Sensors with readings that came after the plan of their predictions was made."""
    unmodelled: tuple[str, ...] = ()
    """Sensors with readings, if none of them has a model."""
    is_under_way: bool = False
    """Whether a run seems to be at it."""

    def describe(self) -> str:
        """Say what is missing, in one sentence."""
        nothing_sent = not (self.unpredicted or self.unmodelled)
        parts = ["never scored" + (", no readings" if nothing_sent else "")] if self.is_unscored else []
        parts += _counted(self.unpredicted, "without predictions")
        parts += _counted(self.unmodelled, "with readings and no model")
        parts += _counted(self.late, "with readings newer than their predictions")
        return "; ".join(parts) + (" (a run is under way)" if self.is_under_way else "")


def due(first: RunHour, until: RunHour, *, lateness: timedelta, now: datetime) -> Iterator[RunHour]:
    """Yield the hours of a range whose readings can be complete.

    :param until: first hour that is left out
    """
    hour = first
    while hour < until and hour.end + lateness <= now:
        yield hour
        hour = hour.next


def gap_of(
    blobs: HourBlobs,
    registry: Registry,
    *,
    silent: Callable[[], Mapping[str, datetime]],
    lateness: timedelta,
    now: datetime,
) -> Gap | None:
    """Examine an hour; None if it is complete, or has neither models nor readings.

    :param silent: asked only if predictions are missing: sensors in whose readings a run found no row, with
        the moment of that run's plan
    """
    expected, predicted = expected_since(blobs, registry), predicted_at(blobs)
    lacking = [sensor for sensor in sorted(expected) if sensor not in predicted]
    known_silent = silent() if lacking else {}
    unpredicted = tuple(
        sensor
        for sensor in lacking
        if sensor not in known_silent or is_later(expected[sensor], known_silent[sensor])
    )
    late = tuple(
        sensor
        for sensor in sorted(expected.keys() & predicted.keys())
        if is_later(expected[sensor], predicted[sensor])
    )
    is_scored = bool(blobs.summed_up_at() or predicted)
    unmodelled = () if expected else _senders(blobs)
    is_idle = not registry.sensors and not unmodelled
    if is_idle or not (unpredicted or late or unmodelled or not is_scored):
        return None
    ready = blobs.hour.end + lateness
    came = [expected[sensor] for sensor in late]
    return Gap(
        hour=blobs.hour,
        since=max(ready, min(came)) if late and is_scored and not unpredicted else ready,
        is_unscored=not is_scored,
        unpredicted=unpredicted,
        late=late,
        unmodelled=unmodelled,
        is_under_way=blobs.is_under_way(now),
    )


def expected_since(blobs: HourBlobs, registry: Registry) -> dict[str, datetime]:
    """Return the sensors with a model and readings, and the last write of a blob that may hold these."""
    modified = {blob.name: blob.modified for blob in blobs.readings}
    found = HourReadings.among(modified)
    names = {sensor: found.of(sensor, entry) for sensor, entry in registry.sensors.items()}
    return {sensor: max(modified[name] for name in names[sensor]) for sensor in names if names[sensor]}


def _senders(blobs: HourBlobs) -> tuple[str, ...]:
    found = HourReadings.among(blob.name for blob in blobs.readings)
    return (*sorted(found.of_sensor), *(f"pack {pack}" for pack in sorted(found.of_pack)))


def predicted_at(blobs: HourBlobs) -> dict[str, datetime]:
    """Return the sensors with predictions of the hour, and when the plan was made that these follow.

    Predictions without a row, of another hour, of an unknown writer, or of a plan of the future count for
    nothing, as in the gate.
    """
    found: dict[str, datetime] = {}
    for blob in blobs.predictions:
        mark = mark_of(blob)
        if mark is None or mark.hour != blobs.hour or not mark.has_rows:
            continue
        if not can_follow(mark.planned_at, written=blob.modified):
            continue
        planned = moment_of(mark.planned_at)
        for sensor in mark.sensors if _is_in_place(blob, mark.sensors, blobs.hour) else ():
            found[sensor] = max(planned, found.get(sensor, planned))
    return found


def moment_of(planned_at: str) -> datetime:
    """Return the time of a plan; an unreadable one is older than any other."""
    return read_planned_at(planned_at) or _NEVER


def is_later(written: datetime, planned: datetime) -> bool:
    """Whether a blob may have been written after a plan had looked for it.

    Blob Storage knows whole seconds only: what was written in the plan's own second counts as later. To score
    once too often costs little, to leave readings out costs what they would have said.
    """
    return written >= planned.replace(microsecond=0)


def _is_in_place(blob: FoundBlob, sensors: frozenset[str], hour: RunHour) -> bool:
    """Whether a sensor's own predictions lie under its name; a pack's name their sensors themselves."""
    alone = blob.name.removeprefix(layout.predictions_folder(hour))
    return "/" in alone or sensors == {name_of(alone)}


def _counted(sensors: tuple[str, ...], words: str) -> list[str]:
    if not sensors:
        return []
    noun = "sensor" if len(sensors) == 1 else "sensors"
    return [
        f"{len(sensors)} {noun} {words} ({listed([display_of(sensor) for sensor in sensors], most=_NAMED)})"
    ]
