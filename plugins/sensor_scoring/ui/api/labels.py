"""Routes to the labels that people give to spans of a sensor's readings."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from scoring_contract.hour import RunHour
from scoring_contract.messages.span_label import LabelId, LabelKind, SpanLabel
from scoring_contract.planned_at import planned_at
from scoring_contract.reading_files.timestamps import moment_of
from scoring_contract.sensor_names import display_of
from scoring_contract.text import printable
from sensor_scoring.blob_storage.registry import read_entry
from sensor_scoring.sensors.label_store import LabelStore
from sensor_scoring.sensors.sensor_readings import HourState, SensorReadings, TooManyReadings
from sensor_scoring.ui.api.access import may_edit
from sensor_scoring.ui.api.answers import refusals
from sensor_scoring.ui.api.deployment import Deployed
from sensor_scoring.ui.api.forgery import from_own_origin
from sensor_scoring.ui.api.hour_range import HourRange
from sensor_scoring.ui.api.one_sensor import MOST, AskedRange, AskedSensor

if TYPE_CHECKING:
    from scoring_contract.messages.registry import SensorEntry
    from sensor_scoring.ui.api.deployment import Deployment

MOST_CHARS = 500
"""Limit of a note."""

_MICROSECONDS = 1000
_LAST = 253_370_764_799_999  # 9998-12-31T23:59:59.999, the last year of hours
_TOKEN_BYTES = 6
_CHANGES = [Depends(may_edit), Depends(from_own_origin)]

router = APIRouter(tags=["labels"])
Millis = Annotated[int, Field(ge=0, le=_LAST, description="Milliseconds since 1970.", strict=True)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MOST_CHARS)]


class NewLabel(BaseModel):
    """A label that a person gives."""

    model_config = ConfigDict(extra="forbid")

    first: Millis = Field(alias="from")
    last: Millis = Field(alias="to")
    """Belongs to the span."""
    kind: LabelKind
    note: Note = ""


class Label(BaseModel):
    """A label, who gave it and when."""

    id: str
    first: int = Field(serialization_alias="from")
    last: int = Field(serialization_alias="to")
    kind: LabelKind
    note: str
    by: str
    at: str


class Labels(BaseModel):
    """The labels of some hours, in the order of their spans."""

    labels: list[Label]
    problems: list[str]
    """A sentence for each label that cannot be read."""


@router.get("/sensors/{sensor}/labels")
def labels(sensor: AskedSensor, asked: AskedRange, deployed: Deployed) -> Labels:
    """Return the labels whose spans overlap the range of hours."""
    found = LabelStore(deployed.store, deployed.settings).among(sensor, asked.first, asked.last)
    return Labels(labels=list(map(_label, found.labels)), problems=[f"{each}." for each in found.problems])


@router.post("/sensors/{sensor}/labels", status_code=201, dependencies=_CHANGES, responses=refusals(409, 415))
def label(sensor: AskedSensor, new: NewLabel, user: GetUserDep, deployed: Deployed) -> Label:
    """Label a span of readings in the name of who is signed in."""
    hours = _hours(new)
    entry = read_entry(deployed.store, deployed.settings, sensor)
    if entry is None:
        raise HTTPException(404, f"The registry has no sensor {display_of(sensor)}.")
    if any(not (char.isprintable() or char == "\n") for char in new.note):
        raise HTTPException(422, "The note has characters that cannot be shown.")
    given = SpanLabel(
        sensor=sensor,
        id=LabelId(new.first, new.last, secrets.token_hex(_TOKEN_BYTES)),
        kind=new.kind,
        readings=_flagged(sensor, entry, new, hours, deployed) if new.kind is LabelKind.REAL else (),
        note=new.note,
        by=printable(user.get_name()),
        at=planned_at(datetime.now(UTC)),
    )
    LabelStore(deployed.store, deployed.settings).add(given)
    return _label(given)


@router.delete("/sensors/{sensor}/labels/{label_id}", status_code=204, dependencies=_CHANGES)
def unlabel(sensor: AskedSensor, label_id: str, deployed: Deployed) -> Response:
    """Delete a label."""
    found = LabelId.parse(label_id)
    if found is None or not LabelStore(deployed.store, deployed.settings).remove(sensor, found):
        raise HTTPException(404, "There is no such label, or no longer.")
    return Response(status_code=204)


def _hours(new: NewLabel) -> HourRange:
    """Return the hours of a label.

    :raises HTTPException: 422 if the span makes no sense
    """
    if new.last < new.first:
        raise HTTPException(422, "The span ends before it begins.")
    first, last = (RunHour.containing(moment_of(millis * _MICROSECONDS)) for millis in (new.first, new.last))
    if last.end - first.start > MOST:
        raise HTTPException(422, f"The span has more than {MOST.days} days; label less at once.")
    return HourRange(first, last)


def _flagged(
    sensor: str, entry: SensorEntry, new: NewLabel, hours: HourRange, deployed: Deployment
) -> tuple[int, ...]:
    """Return the timestamps of the anomalies that a person calls real.

    :raises HTTPException: 409 if there is none, or nobody can tell
    """
    try:
        found = SensorReadings(deployed.store, deployed.settings, sensor, entry).read(list(hours.hours()))
    except TooManyReadings as error:
        raise HTTPException(422, f"{error}.") from error
    unreadable = [str(each.hour) for each in found if each.state is HourState.UNREADABLE]
    if unreadable:
        raise HTTPException(409, f"Which readings were flagged is unknown: {unreadable[0]} cannot be read.")
    there = (each.predictions for each in found if each.predictions)
    flagged = tuple(micros for each in there for micros in each.flagged(new.first, new.last))
    if not flagged:
        raise HTTPException(
            409, "None of these readings is flagged as an anomaly, so none can be a real one."
        )
    return flagged


def _label(given: SpanLabel) -> Label:
    return Label(
        id=str(given.id),
        first=given.id.first,
        last=given.id.last,
        kind=given.kind,
        note=given.note,
        by=given.by,
        at=given.at,
    )
