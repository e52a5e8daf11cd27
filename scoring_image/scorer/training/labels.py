"""Labels: the known anomalies of an hour, in ``labels/<hour>.csv`` of the data container.

The columns are ``TS,Device,Tag`` and any others. An hour without such a file is unlabelled; an hour whose
file has no rows has no anomaly.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scorer.errors import BlobMissing, DataFault
from scoring_contract.layout import labels_blob
from scoring_contract.sensor_names import sensor_named
from scoring_contract.timestamps import read_timestamp
from scoring_contract.training_report import LabelCheck

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scorer.models.ocsvm import BoolArray
    from scorer.readings.table import MicrosArray
    from scorer.storage import BlobContainer
    from scoring_contract.hour import RunHour

MOST_BYTES = 32 << 20
"""Limit of a file; no hour has that many labels."""
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

    @classmethod
    def read(cls, data: BlobContainer, hours: Iterable[RunHour]) -> Labels:
        """Read the labels of these hours; a file that cannot be read leaves its hour unlabelled.

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
        return cls(frozenset(labelled), of_sensors, tuple(problems))

    def check(self, sensor: str, micros: MicrosArray, anomalies: BoolArray) -> LabelCheck | None:
        """Compare a model's predictions with the labels.

        :param micros: timestamps of the sensor's readings in microseconds since 1970, shape (n_readings,)
        :param anomalies: predictions, shape (n_readings,), true for an anomaly
        :return: None if no reading lies in an hour with labels
        """
        starts = [int(hour.start.timestamp()) * _SECOND for hour in self.hours]
        counts = np.isin(micros - micros % _HOUR, starts)
        if not counts.any():
            return None
        labelled = np.isin(micros, list(self.timestamps.get(sensor, ()))) & counts
        return LabelCheck(
            anomalies=int(labelled.sum()),
            flagged=int((anomalies & counts).sum()),
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
