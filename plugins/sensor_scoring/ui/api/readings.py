"""Routes to a sensor's readings, with what was predicted of them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain
from math import isfinite
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from scoring_contract import json_message
from scoring_contract.predictions import PredictionFormat
from scoring_contract.sensor_names import display_of, pair_of
from sensor_scoring.alerts.anomaly_rate import SpikeRule
from sensor_scoring.alerts.history_store import HISTORY_BLOB
from sensor_scoring.blob_storage.registry import read_entry
from sensor_scoring.sensors.reading_file import csv_pieces, features_of, parquet_file
from sensor_scoring.sensors.sensor_readings import HourState, ReadHour, SensorReadings, TooManyReadings
from sensor_scoring.ui.api.answers import refusals
from sensor_scoring.ui.api.deployment import Deployed
from sensor_scoring.ui.api.one_sensor import AskedRange, AskedSensor
from sensor_scoring.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scoring_contract.messages.registry import SensorEntry
    from sensor_scoring.sensors.predicted_hour import PredictedHour
    from sensor_scoring.ui.api.deployment import Deployment
    from sensor_scoring.ui.api.hour_range import HourRange

THRESHOLD = 0.0
"""A score of this or below is an anomaly, whatever the model."""

_NAMED = 3
_PIECE = 1 << 20

router = APIRouter(tags=["sensor"])


class HourOfReadings(BaseModel):
    """What is there of an hour."""

    hour: str
    state: HourState
    why: str
    """A sentence, if it is unreadable."""


class Readings(BaseModel):
    """Readings of some hours by time, a column for each fact; a number that JSON has not is null."""

    sensor: str
    device: str | None
    tag: str | None
    features: list[str]
    ts: list[int]
    """Milliseconds since 1970."""
    values: list[list[float | None]]
    """A column for each feature; null in hours that do not have it."""
    score: list[float | None]
    anomaly: list[int]
    """1 for an anomaly, else 0."""
    threshold: float
    hours: list[HourOfReadings]
    baseline: float | None
    """Usual anomaly rate, 0 to 1; null while it is unknown."""


@router.get("/sensors/{sensor}/readings")
def readings(sensor: AskedSensor, asked: AskedRange, deployed: Deployed) -> Readings:
    """Return the readings of some hours."""
    entry, found = _read(sensor, asked, deployed)
    hours = _there(found)
    features = features_of(hours)
    device, tag = _pair(sensor, entry, hours)
    return Readings(
        sensor=sensor,
        device=device,
        tag=tag,
        features=list(features),
        ts=list(chain.from_iterable(hour.millis for hour in hours)),
        values=[list(chain.from_iterable(_feature(hour, name) for hour in hours)) for name in features],
        score=list(chain.from_iterable(_finite(hour.scores) for hour in hours)),
        anomaly=list(chain.from_iterable(hour.anomalies for hour in hours)),
        threshold=THRESHOLD,
        hours=[
            HourOfReadings(hour=str(each.hour), state=each.state, why=_sentence(each.why)) for each in found
        ],
        baseline=_baseline(sensor, deployed),
    )


@router.get("/sensors/{sensor}/readings.csv", response_class=StreamingResponse, responses=refusals(409))
def readings_csv(sensor: AskedSensor, asked: AskedRange, deployed: Deployed) -> StreamingResponse:
    """Return the readings of some hours as a file with the columns of predictions."""
    return _file(csv_pieces(_whole(sensor, asked, deployed)), sensor, asked, PredictionFormat.CSV)


@router.get("/sensors/{sensor}/readings.parquet", response_class=StreamingResponse, responses=refusals(409))
def readings_parquet(sensor: AskedSensor, asked: AskedRange, deployed: Deployed) -> StreamingResponse:
    """Return the same file as Parquet."""
    content = parquet_file(_whole(sensor, asked, deployed))
    pieces = (content[start : start + _PIECE] for start in range(0, len(content), _PIECE))
    return _file(pieces, sensor, asked, PredictionFormat.PARQUET)


def _read(sensor: str, asked: HourRange, deployed: Deployment) -> tuple[SensorEntry | None, list[ReadHour]]:
    entry = read_entry(deployed.store, deployed.settings, sensor)
    now, hours = datetime.now(UTC), list(asked.hours())
    past = [hour for hour in hours if hour.start <= now]
    try:
        found = SensorReadings(deployed.store, deployed.settings, sensor, entry).read(past)
    except TooManyReadings as error:
        raise HTTPException(422, f"{error}.") from error
    if entry is None and all(each.state is HourState.MISSING for each in found):
        raise HTTPException(
            404, f"The registry has no sensor {display_of(sensor)}, and there are no predictions of it here."
        )
    return entry, [*found, *map(ReadHour, hours[len(past) :])]


def _whole(sensor: str, asked: HourRange, deployed: Deployment) -> Sequence[PredictedHour]:
    """Return the predictions of some hours for a file, in which nothing tells of hours that are unreadable.

    :raises HTTPException: 409 naming such hours
    """
    _, found = _read(sensor, asked, deployed)
    unreadable = [str(each.hour) for each in found if each.state is HourState.UNREADABLE]
    if unreadable:
        named = listed(unreadable, most=_NAMED)
        raise HTTPException(
            409, f"The file would lack hours that cannot be read, {named}: ask for hours without them."
        )
    return _there(found)


def _there(found: Iterable[ReadHour]) -> list[PredictedHour]:
    return [each.predictions for each in found if each.predictions is not None]


def _pair(
    sensor: str, entry: SensorEntry | None, hours: Sequence[PredictedHour]
) -> tuple[str, str] | tuple[None, None]:
    if entry:
        return entry.device, entry.tag
    return (hours[0].pair if hours else pair_of(sensor)) or (None, None)


def _feature(hour: PredictedHour, name: str) -> Iterable[float | None]:
    if name not in hour.features:
        return [None] * len(hour)
    return _finite(hour.values[hour.features.index(name)])


def _finite(column: Iterable[float]) -> Iterator[float | None]:
    return (number if isfinite(number) else None for number in column)


def _baseline(sensor: str, deployed: Deployment) -> float | None:
    """Return the usual anomaly rate; the history of a large fleet is not parsed for it as a whole."""
    rule = SpikeRule.of(deployed.settings.alerts)
    text = deployed.store.read(deployed.settings.containers.runs_container, HISTORY_BLOB) if rule else None
    past = json_message.rendered_member(text, sensor) if text else None
    return rule.baseline(tuple(past)) if rule and isinstance(past, list) else None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _file(
    pieces: Iterable[bytes], sensor: str, asked: HourRange, form: PredictionFormat
) -> StreamingResponse:
    name = f"{sensor}-{asked.first}-{asked.last}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, media_type=form.content_type, headers=headers)
