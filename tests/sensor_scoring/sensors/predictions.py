"""Prediction blobs as the scorer writes them, for the tests of what reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scorer.models.ocsvm import Predictions
from scorer.readings.table import ONE_FEATURE, ReadingTable
from scorer.scoring.predictions import render_predictions
from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.layout import Container
from scoring_contract.predictions import PackMark, PredictionFormat, PredictionMark
from scoring_contract.sensor_names import sensor_id_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local_stack.services.azurite import BlobStorage

HOUR = RunHour.parse("2018-08-29T02")
PLANNED_AT = "2018-08-29T03:05:00.000000Z"
Pair = tuple[str, str]
Part = tuple[str, str, ReadingTable, Predictions]


def micros_of(hour: RunHour, *seconds: float) -> list[int]:
    """Return moments of an hour in microseconds since 1970."""
    start = int(hour.start.timestamp()) * 1_000_000
    return [start + round(1_000_000 * second) for second in seconds]


def a_part(
    pair: Pair,
    values: Sequence[Sequence[float]],
    *,
    hour: RunHour = HOUR,
    features: tuple[str, ...] = ONE_FEATURE,
    scores: Sequence[float] = (),
) -> Part:
    """Predict a reading every minute: those with a score of zero or below are anomalies."""
    micros = np.array(micros_of(hour, *(60 * minute for minute in range(len(values)))), dtype=np.int64)
    table = ReadingTable(micros, np.array(values, dtype=np.float64), features)
    return *pair, table, Predictions(np.array(scores or [1.0] * len(values)))


def a_file(*parts: Part, form: PredictionFormat = PredictionFormat.CSV) -> bytes:
    """Render parts as the scorer does."""
    return render_predictions(parts, form)


def mark_of(pair: Pair, rows: int, *, hour: RunHour = HOUR) -> dict[str, str]:
    """Return the metadata of a sensor's own blob."""
    sensor = sensor_id_of(*pair)
    return PredictionMark(hour, sensor, "0" * 64, "m", PLANNED_AT, rows).to_metadata()


def pack_mark_of(pairs: Sequence[Pair], rows: int, *, hour: RunHour = HOUR) -> dict[str, str]:
    """Return the metadata of a pack's blob."""
    sensors = tuple(sensor_id_of(*pair) for pair in pairs)
    return PackMark(hour, "p0001", sensors, "m", PLANNED_AT, rows).to_metadata()


class Predictor:
    """Writes predictions of some hours to storage."""

    def __init__(self, storage: BlobStorage) -> None:
        self._container = storage.container(Container.PREDICTIONS)

    def put(self, blob: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Write a blob."""
        self._container.upload_blob(blob, content, metadata=dict(metadata or {}), overwrite=True)

    def alone(self, part: Part, hour: RunHour = HOUR, form: PredictionFormat = PredictionFormat.CSV) -> str:
        """Write the predictions of a sensor into a blob of its own; return its name."""
        pair, rows = part[:2], len(part[2])
        blob = layout.prediction_blob(hour, sensor_id_of(*pair), form)
        self.put(blob, a_file(part, form=form), mark_of(pair, rows, hour=hour))
        return blob

    def packed(
        self, *parts: Part, hour: RunHour = HOUR, form: PredictionFormat = PredictionFormat.CSV
    ) -> str:
        """Write the predictions of the sensors of a pack into one blob; return its name."""
        blob = layout.packed_prediction_blob(hour, "p0001", form)
        rows = sum(len(part[2]) for part in parts)
        self.put(blob, a_file(*parts, form=form), pack_mark_of([part[:2] for part in parts], rows, hour=hour))
        return blob
