"""A sensor's readings of some hours, read from its predictions: CSV or Parquet, alone or with its pack's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from operator import ne
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.predictions import PackMark, PredictionFormat, PredictionMark
from sensor_scoring.blob_storage.store import CALLS_AT_ONCE
from sensor_scoring.errors import ScoringError
from sensor_scoring.sensors.predicted_hour import Owner, PredictionsUnreadable
from sensor_scoring.sensors.prediction_csv import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from scoring_contract.hour import RunHour
    from scoring_contract.messages.registry import SensorEntry
    from sensor_scoring.blob_storage.store import BlobStore, StoredBlob
    from sensor_scoring.sensors.predicted_hour import PredictedHour
    from sensor_scoring.settings import Settings

MOST_READINGS = 500_000
"""Readings that are read at once: a chart shows no more, and a server answers others, too."""
MOST_BYTES = 64 << 20
"""Limit of a prediction blob; in the memory of a server, each of some at once takes several times as much."""

_SECOND = 1_000_000


class HourState(StrEnum):
    """What is there of an hour."""

    THERE = "there"
    MISSING = "missing"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class ReadHour:
    """An hour, and what was found there.

    :param why: a sentence, if it is unreadable
    """

    hour: RunHour
    state: HourState = HourState.MISSING
    why: str = ""
    predictions: PredictedHour | None = None


class TooManyReadings(ScoringError):
    """There are more readings than are read at once; the text is one sentence for people."""


class SensorReadings:
    """The predictions of one sensor.

    :param entry: the sensor in the registry; None if it is not there, which its own predictions may be
    """

    def __init__(self, store: BlobStore, settings: Settings, sensor: str, entry: SensorEntry | None) -> None:
        self._store = store
        self._container = settings.containers.predictions_container
        self._owner = Owner(sensor, (entry.device, entry.tag) if entry else None)
        wanted = PredictionFormat(settings.hourly.predictions_format)
        packs = entry.packs if entry else ()
        names = (*packs, "") if settings.hourly.packed_predictions else ("", *packs)
        self._places = [(pack, form) for form in (wanted, wanted.other) for pack in names]

    def read(self, hours: Collection[RunHour]) -> list[ReadHour]:
        """Read some hours, several at once.

        :raises TooManyReadings: if they have more than :data:`MOST_READINGS` readings
        :raises StorageError: if Blob Storage refuses or does not answer
        """
        found, count = [], 0
        with ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="predictions") as pool:
            scored = self._scored(hours, pool)
            for read in pool.map(lambda hour: self._read(hour) if hour in scored else ReadHour(hour), hours):
                found.append(read)
                count += len(read.predictions or ())
                if count > MOST_READINGS:
                    pool.shutdown(cancel_futures=True)
                    raise TooManyReadings(
                        f"there are more than {MOST_READINGS:,} readings in these hours: ask for fewer hours"
                    )
        return found

    def _scored(self, hours: Collection[RunHour], pool: ThreadPoolExecutor) -> set[RunHour]:
        """Return the hours of which there are predictions of any sensor.

        A day is one request, and a sensor is looked for in up to four places of an hour.
        """
        days = sorted({layout.predictions_folder(hour).rstrip("/").rpartition("/")[0] for hour in hours})
        listed = pool.map(lambda day: self._store.folders(self._container, f"{day}/"), days)
        folders = {f"{folder}/" for found in listed for folder in found}
        return {hour for hour in hours if layout.predictions_folder(hour) in folders}

    def _read(self, hour: RunHour) -> ReadHour:
        problem = ""
        for place in self._places:
            blob = self._blob(hour, *place)
            stored = self._store.download(self._container, blob, most_bytes=MOST_BYTES)
            if stored is None:
                continue
            try:
                predictions = self._predictions(stored, hour, *place)
            except PredictionsUnreadable as error:
                problem = problem or f"the predictions in {self._container}/{blob} {error}"
                continue
            if predictions is not None:
                # Other hours have theirs in the same place, so that is where they are looked for first.
                self._places = sorted(self._places, key=partial(ne, place))
                return ReadHour(hour, HourState.THERE, predictions=predictions)
        return ReadHour(hour, HourState.UNREADABLE if problem else HourState.MISSING, problem)

    def _blob(self, hour: RunHour, pack: str, form: PredictionFormat) -> str:
        if pack:
            return layout.packed_prediction_blob(hour, pack, form)
        return layout.prediction_blob(hour, self._owner.sensor, form)

    def _predictions(
        self, stored: StoredBlob, hour: RunHour, pack: str, form: PredictionFormat
    ) -> PredictedHour | None:
        """Return the sensor's predictions; None from a pack that has none of it.

        :raises PredictionsUnreadable: if the blob is not what the scorer writes for this hour and sensor
        """
        kind = PackMark if pack else PredictionMark
        mark = kind.from_metadata(stored.metadata)
        if mark is None:
            raise PredictionsUnreadable("were not written by the scorer: they lack its metadata")
        if mark.hour != hour:
            raise PredictionsUnreadable(f"are those of {mark.hour}")
        sensors = mark.sensors if isinstance(mark, PackMark) else (mark.sensor,)
        if self._owner.sensor not in sensors:
            if pack:
                return None
            raise PredictionsUnreadable(f"are those of the sensor {sensors[0]}")
        if stored.content is None:
            raise PredictionsUnreadable(
                f"have {stored.size:,} bytes, more than the {MOST_BYTES:,} that are read at once"
            )
        found = _reader(form)(stored.content, self._owner, is_packed=bool(pack), rows=mark.rows)
        start = int(hour.start.timestamp()) * _SECOND
        if found.micros[0] < start or found.micros[-1] >= start + 3600 * _SECOND:
            raise PredictionsUnreadable("have rows outside the hour")
        return found


def _reader(form: PredictionFormat) -> Callable[..., PredictedHour]:
    if form is PredictionFormat.CSV:
        return read_csv
    from sensor_scoring.sensors.prediction_parquet import read_parquet  # noqa: PLC0415  # brings pyarrow

    return read_parquet
