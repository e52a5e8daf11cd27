"""Labels: the known anomalies of an hour, in ``labels/<hour>.csv`` of the data container, and those of spans.

The columns are ``TS,Device,Tag`` and any others. An hour without such a file is unlabelled; an hour whose
file has no rows has no anomaly. A label of a span counts over the hour's file.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from scorer.errors import BlobMissing, DataFault
from scorer.training.span_labels import MOST_BYTES, Said, SpanLabels
from scoring_contract.layout import labels_blob
from scoring_contract.messages.training_report import LabelCheck
from scoring_contract.reading_files.timestamps import read_timestamp
from scoring_contract.sensor_names import sensor_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scorer.models.ocsvm import BoolArray
    from scorer.readings.table import MicrosArray
    from scorer.storage import BlobContainer
    from scoring_contract.hour import RunHour

_COLUMNS = ("TS", "Device", "Tag")
_SECOND = 1_000_000
_HOUR = 3600 * _SECOND


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of some hours."""

    hours: frozenset[RunHour]
    """Hours with labels."""
    timestamps: Mapping[str, frozenset[int]]
    """Sensor to the timestamps of its anomalies, in microseconds since 1970."""
    problems: tuple[str, ...] = ()
    """Why files of other hours are ignored, a sentence each."""
    spans: SpanLabels = field(default_factory=SpanLabels)

    @classmethod
    def read(cls, data: BlobContainer, hours: Iterable[RunHour], spans: Iterable[str]) -> Labels:
        """Read the labels of these hours; a file that cannot be read leaves its hour unlabelled.

        :param spans: blobs with labels of spans
        :raises StorageFault: if storage refuses or does not answer
        """
        labelled: set[RunHour] = set()
        timestamps: defaultdict[str, set[int]] = defaultdict(set)
        problems = []
        for hour in hours:
            try:
                found = list(_labelled(data.read(labels_blob(hour), most_bytes=MOST_BYTES)))
            except BlobMissing:
                continue
            except (DataFault, csv.Error) as fault:
                problems.append(f"{labels_blob(hour)} is ignored: {fault}")
                continue
            labelled.add(hour)
            for sensor, moment in found:
                timestamps[sensor].add(moment)
        of_sensors = {sensor: frozenset(times) for sensor, times in timestamps.items()}
        return cls(frozenset(labelled), of_sensors, tuple(problems), SpanLabels.read(data, spans))

    def check(self, sensor: str, micros: MicrosArray, anomalies: BoolArray) -> LabelCheck | None:
        """Compare a model's predictions with the labels, over the readings of which they say something.

        :param micros: timestamps of the sensor's readings in microseconds since 1970, shape (n_readings,)
        :param anomalies: predictions, shape (n_readings,), true for an anomaly
        :return: None if they say nothing of any reading
        """
        starts = [int(hour.start.timestamp()) * _SECOND for hour in self.hours]
        said = np.isin(micros - micros % _HOUR, starts).astype(np.int8)  # normal, unless there is a row
        said[np.isin(micros, list(self.timestamps.get(sensor, ()))) & (said == Said.NORMAL)] = Said.ANOMALY
        self.spans.add_to(said, sensor, micros)
        labelled, normal = said == Said.ANOMALY, said == Said.NORMAL
        if not (labelled | normal).any():
            return None
        return LabelCheck(
            anomalies=int(labelled.sum()),
            flagged=int((anomalies & (labelled | normal)).sum()),
            found=int((anomalies & labelled).sum()),
        )


def _labelled(data: bytes) -> Iterator[tuple[str, int]]:
    """Yield sensor and timestamp (microseconds since 1970) of each valid row.

    :raises DataFault: if a column is missing
    :raises csv.Error: if it is not CSV
    """
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig", errors="replace")))
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise DataFault(f"has no column {missing[0]}: the first line must name {', '.join(_COLUMNS)}")
    for row in rows:
        moment = read_timestamp((row["TS"] or "").strip())
        sensor = sensor_named((row["Device"] or "").strip(), (row["Tag"] or "").strip())
        if moment and sensor:
            yield sensor, moment[0]
