"""Labels: which readings of an hour are known to be anomalies. ``labels/<hour>.csv`` in the data container.

The columns are ``TS,Device,Tag`` and any others. An hour without such a file has no labels; one whose file
has no rows is known to have no anomaly.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from scorer.errors import BlobMissing
from scoring_contract.errors import LayoutError
from scoring_contract.hour import RunHour
from scoring_contract.layout import labels_blob, sensor_id_of
from scoring_contract.training_report import LabelCheck

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from scorer.storage import BlobContainer


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of some hours."""

    hours: frozenset[RunHour]
    """Hours that have labels."""
    moments: Mapping[str, frozenset[datetime]]
    """Sensor to the times of its labelled readings."""

    @classmethod
    def read(cls, data: BlobContainer, hours: Iterable[RunHour]) -> Labels:
        """Read the labels of the hours that have some.

        :raises StorageFault: if storage refuses or does not answer
        """
        labelled, moments = set(), defaultdict(set)
        for hour in hours:
            try:
                text = data.read(labels_blob(hour)).decode("utf-8-sig", errors="replace")
            except BlobMissing:
                continue
            labelled.add(hour)
            for row in csv.DictReader(io.StringIO(text)):
                if found := _labelled(row):
                    moments[found[0]].add(found[1])
        return cls(frozenset(labelled), {sensor: frozenset(times) for sensor, times in moments.items()})

    def check(self, sensor: str, stamps: Sequence[str], anomalies: NDArray[np.bool_]) -> LabelCheck | None:
        """Compare a model's word with the labels.

        :param stamps: times of the sensor's readings, as they were written
        :param anomalies: the model's word about each, shape (n_readings,)
        :return: None if none of the readings lies in an hour with labels
        """
        if not self.hours:
            return None
        moments = [_moment(stamp) for stamp in stamps]
        counts = np.array([RunHour.containing(each) in self.hours for each in moments], dtype=np.bool_)
        if not counts.any():
            return None
        ours = self.moments.get(sensor, frozenset())
        labelled = np.array([each in ours for each in moments], dtype=np.bool_) & counts
        return LabelCheck(
            anomalies=int(labelled.sum()),
            flagged=int((anomalies & counts).sum()),
            found=int((anomalies & labelled).sum()),
        )


def _labelled(row: Mapping[str, str | None]) -> tuple[str, datetime] | None:
    """Return sensor and time of a row; None for one that names no reading."""
    try:
        sensor = sensor_id_of(row.get("Device") or "", row.get("Tag") or "")
        return sensor, _moment(row.get("TS") or "")
    except (LayoutError, ValueError):
        return None


def _moment(text: str) -> datetime:
    """Read a time; without a zone it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
