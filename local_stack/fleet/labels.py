"""Compares predictions with the labels of a simulated hour: anomalies found, and false positives."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError

from ingest.hour_files import label_blob
from scoring_contract import layout
from scoring_contract.layout import Container
from scoring_contract.predictions import PredictionFormat
from scoring_contract.reading_files.timestamps import read_timestamp, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from local_stack.stack import Stack
    from scoring_contract.hour import RunHour


@dataclass(frozen=True, slots=True)
class LabelCheck:
    """Comparison of the predictions and labels of an hour."""

    labelled: int
    found: int
    """Labelled readings predicted to be anomalies: true positives."""
    unlabelled: int
    """Readings without a label predicted to be anomalies: false positives."""
    normal: int
    """Readings without a label that were scored."""

    def __str__(self) -> str:
        return (
            f"simulated anomalies found: {self.found} of {self.labelled}; "
            f"false alarms: {self.unlabelled} of {self.normal:,} normal readings"
        )


def check_labels(stack: Stack, hour: RunHour) -> LabelCheck | None:
    """Compare the predictions of an hour with its labels; None without labels, as for loaded readings."""
    try:
        text = stack.storage.container(Container.DATA).download_blob(label_blob(hour)).readall()
    except ResourceNotFoundError:
        return None
    labels = {_key(row) for row in _rows(text)}
    scored = dict(_scored(stack, hour))
    flagged = {reading for reading, is_anomaly in scored.items() if is_anomaly}
    return LabelCheck(len(labels), len(labels & flagged), len(flagged - labels), len(scored.keys() - labels))


def _scored(stack: Stack, hour: RunHour) -> Iterator[tuple[tuple[object, str, str], bool]]:
    """Yield each scored reading, and whether it is predicted to be an anomaly."""
    container = stack.storage.container(Container.PREDICTIONS)
    for name in container.list_blob_names(name_starts_with=layout.predictions_folder(hour)):
        rows = _predictions(name, container.download_blob(name).readall())
        yield from ((_key(row), str(row["Prediction"]) == "1") for row in rows)


def _predictions(name: str, data: bytes) -> Iterable[Mapping[str, Any]]:
    if PredictionFormat.of(name) is not PredictionFormat.PARQUET:
        return _rows(data)
    import pyarrow as pa  # noqa: PLC0415  # slow to import, and few stacks write Parquet
    import pyarrow.parquet as pq  # noqa: PLC0415  # likewise

    rows = pq.read_table(pa.BufferReader(data), columns=["TS", "Device", "Tag", "Prediction"]).to_pylist()
    return [row | {"TS": text_of(row["TS"])} for row in rows]


def _rows(text: bytes) -> Iterator[dict[str, str]]:
    return iter(csv.DictReader(io.StringIO(text.decode())))


def _key(row: Mapping[str, Any]) -> tuple[object, str, str]:
    return read_timestamp(row["TS"]) or row["TS"], row["Device"], row["Tag"]
