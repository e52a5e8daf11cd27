"""Labels: which readings of an hour are known to be anomalies. ``labels/<hour>.csv`` in the data container.

The columns are ``TS,Device,Tag`` and any others. An hour without such a file has no labels; one whose file
has no rows is known to have no anomaly.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scorer.errors import BlobMissing, DataFault
from scoring_contract.errors import LayoutError
from scoring_contract.layout import labels_blob, sensor_id_of
from scoring_contract.timestamps import read_timestamp
from scoring_contract.training_report import LabelCheck

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scorer.models.ocsvm import BoolArray
    from scorer.readings.table import MicrosArray
    from scorer.storage import BlobContainer
    from scoring_contract.hour import RunHour

MOST_BYTES = 32 << 20
"""A larger file labels more than an hour."""
_COLUMNS = ("TS", "Device", "Tag")
_SECOND = 1_000_000
_HOUR = 3600 * _SECOND


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of some hours."""

    hours: frozenset[RunHour]
    """Hours that have labels."""
    timestamps: Mapping[str, frozenset[int]]
    """Sensor to the timestamps of its labelled readings, in microseconds since 1970."""
    problems: tuple[str, ...] = ()
    """Why the labels of other hours do not count, a sentence for each file."""

    @classmethod
    def read(cls, data: BlobContainer, hours: Iterable[RunHour]) -> Labels:
        """Read the labels of the hours that have some; a file that is none leaves its hour without labels.

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
                problems.append(f"{labels_blob(hour)} does not count: {fault}")
                continue
            labelled.add(hour)
            for sensor, moment in found:
                timestamps[sensor].add(moment)
        of_sensors = {sensor: frozenset(times) for sensor, times in timestamps.items()}
        return cls(frozenset(labelled), of_sensors, tuple(problems))

    def check(self, sensor: str, micros: MicrosArray, anomalies: BoolArray) -> LabelCheck | None:
        """Compare a model's word with the labels.

        :param micros: timestamps of the sensor's readings in microseconds since 1970, shape (n_readings,)
        :param anomalies: the model's word about each, shape (n_readings,)
        :return: None if none of the readings lies in an hour with labels
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
    """Yield sensor and moment of each row that names a reading.

    :raises DataFault: if the file has other columns
    :raises csv.Error: if it is no CSV
    """
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig", errors="replace")))
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise DataFault(f"has no column {missing[0]}: the first line must name {', '.join(_COLUMNS)}")
    for row in rows:
        moment = read_timestamp((row["TS"] or "").strip())
        try:
            sensor = sensor_id_of(row["Device"] or "", row["Tag"] or "")
        except LayoutError:
            continue
        if moment:
            yield sensor, moment[0]
