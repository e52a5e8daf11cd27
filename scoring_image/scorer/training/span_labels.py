"""Labels that people gave to spans of readings: what they say of each reading, the latest label last.

An hour with such a label is not labelled as a whole: they speak of readings of one sensor alone.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from scorer.errors import BlobMissing, DataFault
from scorer.readings.issues import RowIssue
from scoring_contract.errors import MessageError
from scoring_contract.layout import span_label_blob, span_label_named
from scoring_contract.messages.span_label import LabelKind, SpanLabel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from scorer.models.ocsvm import BoolArray
    from scorer.readings.table import MicrosArray, ReadingTable
    from scorer.storage import BlobContainer

MOST_BYTES = 32 << 20
"""Limit of a label; one that lists every reading of a week has less."""
_MILLISECOND = 1_000


class Said(IntEnum):
    """What labels say of a reading."""

    NOTHING = 0
    NORMAL = 1
    ANOMALY = 2
    MAINTENANCE = 3


_MEANINGS = {
    LabelKind.REAL: Said.ANOMALY,
    LabelKind.FALSE_ALARM: Said.NORMAL,
    LabelKind.MAINTENANCE: Said.MAINTENANCE,
}


@dataclass(frozen=True, slots=True)
class SpanLabels:
    """The labels of some sensors."""

    labels: Mapping[str, tuple[SpanLabel, ...]] = field(default_factory=dict)
    """Sensor to its labels, in the order in which they were given."""
    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Sensor to why labels of it are ignored, a sentence each."""

    @classmethod
    def read(cls, data: BlobContainer, blobs: Iterable[str]) -> SpanLabels:
        """Read labels; those that were deleted meanwhile, and names that are no label's, are none.

        :raises StorageFault: if storage refuses or does not answer
        """
        labels: defaultdict[str, list[SpanLabel]] = defaultdict(list)
        problems: defaultdict[str, list[str]] = defaultdict(list)
        for blob in blobs:
            if (named := span_label_named(blob)) is None:
                continue
            try:
                labels[named[0]].append(_label(data, blob))
            except BlobMissing:
                continue
            except (DataFault, MessageError) as fault:
                problems[named[0]].append(f"{blob} is ignored: {fault}")
        return cls(
            {sensor: tuple(sorted(found, key=lambda label: label.at)) for sensor, found in labels.items()},
            {sensor: tuple(found) for sensor, found in problems.items()},
        )

    def add_to(self, said: NDArray[np.int8], sensor: str, micros: MicrosArray) -> None:
        """Write what the labels say of a sensor's readings over what is said of them.

        :param said: values of :class:`Said`, shape (n_readings,)
        :param micros: timestamps in microseconds since 1970, shape (n_readings,)
        """
        for label in self.labels.get(sensor, ()):
            said[_concerned(label, micros)] = _MEANINGS[label.kind]

    def without_maintenance(self, sensor: str, table: ReadingTable) -> ReadingTable:
        """Return the readings of a sensor that are not labelled as maintenance, and count the others."""
        if sensor not in self.labels:
            return table
        said = np.zeros(len(table), dtype=np.int8)
        self.add_to(said, sensor, table.micros)
        left_out = said == Said.MAINTENANCE
        if not left_out.any():
            return table
        rest = table.take(np.flatnonzero(~left_out))
        rest.issues = table.issues.copy()
        rest.issues[RowIssue.MAINTENANCE] = int(left_out.sum())
        return rest


NO_SPAN_LABELS = SpanLabels()


def _label(data: BlobContainer, blob: str) -> SpanLabel:
    """Read a label.

    :raises DataFault: if it is a copy of another one
    """
    label = SpanLabel.from_json(data.read(blob, most_bytes=MOST_BYTES))
    if span_label_blob(label.sensor, str(label.id)) != blob:
        raise DataFault(f"it is the label {label.id} of {label.sensor}")
    return label


def _concerned(label: SpanLabel, micros: MicrosArray) -> BoolArray:
    """Return which readings a label speaks of, shape (n_readings,)."""
    if label.kind is LabelKind.REAL:
        return np.isin(micros, label.readings)
    first, end = label.id.first * _MILLISECOND, (label.id.last + 1) * _MILLISECOND
    return (micros >= first) & (micros < end)
