"""Labels that people give to spans of a sensor's readings, in Blob Storage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring_contract import layout
from scoring_contract.errors import MessageError
from scoring_contract.messages.span_label import SpanLabel, concerns

if TYPE_CHECKING:
    from scoring_contract.hour import RunHour
    from scoring_contract.messages.span_label import LabelId
    from sensor_scoring.blob_storage.store import BlobStore
    from sensor_scoring.settings import Settings


@dataclass(frozen=True, slots=True)
class FoundLabels:
    """The labels of a sensor.

    :param labels: in the order of their spans
    :param problems: a sentence for each that cannot be read
    """

    labels: tuple[SpanLabel, ...]
    problems: tuple[str, ...]


class LabelStore:
    """The labels of a deployment."""

    def __init__(self, store: BlobStore, settings: Settings) -> None:
        self._store = store
        self._container = settings.containers.data_container

    def among(self, sensor: str, first: RunHour, last: RunHour) -> FoundLabels:
        """Read the labels of a sensor whose spans overlap a range of hours, both ends included."""
        listed = self._store.found(self._container, layout.span_labels_folder(sensor))
        blobs = [blob.name for blob in listed if concerns(blob.name, first, last.next)]
        labels, problems = [], []
        for blob, text in zip(blobs, self._store.read_all(self._container, blobs), strict=True):
            if text is None:  # deleted meanwhile
                continue
            try:
                labels.append(SpanLabel.from_json(text))
            except MessageError as error:
                problems.append(f"{self._container}/{blob}: {error}")
        return FoundLabels(tuple(labels), tuple(problems))

    def add(self, label: SpanLabel) -> None:
        """Write a label, beside all others."""
        self._store.write(self._container, _blob_of(label.sensor, label.id), label.to_json())

    def remove(self, sensor: str, label: LabelId) -> bool:
        """Delete a label.

        :return: whether it was there
        """
        return self._store.delete(self._container, _blob_of(sensor, label))


def _blob_of(sensor: str, label: LabelId) -> str:
    return layout.span_label_blob(sensor, str(label))
