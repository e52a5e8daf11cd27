"""Groups readings into blobs as Stream Analytics does: a CSV for each hour and sensor. No storage here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from ingest.reading import timestamp
from scoring_contract.hour import RunHour
from scoring_contract.layout import packed_readings_prefix, readings_prefix
from scoring_contract.reading_files.csv_dialect import COLUMNS, csv_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ingest.simulator import Label
    from ingest.spool import Row, Spool

LABELS_FOLDER = "labels/"
"""Folder in ``data`` with known anomalies; training evaluates models on them, scoring never reads them."""

LABEL_COLUMNS = ("TS", "Device", "Tag", "Anomaly")
"""Columns of its files."""

_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)


MOST_BLOB_BYTES = 1 << 24
"""Limit of a blob with readings in bytes; a sensor's hour with more is split into several blobs."""


@dataclass(frozen=True, slots=True)
class HourBlob:
    """A blob to write."""

    hour: RunHour
    name: str
    data: bytes
    readings: int = 0


def blobs_of(spool: Spool, source: str, pack_of: Mapping[str, str]) -> Iterator[HourBlob]:
    """Yield a blob for each hour and sensor, or pack, hour by hour; a sensor's rows are sorted by time.

    :param source: becomes the file name, so the same source always writes the same blobs
    :param pack_of: sensor to pack, for sensors that share a file
    """

    def folder_of(row: Row) -> tuple[RunHour, str]:
        hour, sensor, *_ = row
        pack = pack_of.get(sensor)
        return hour, packed_readings_prefix(hour, pack) if pack else readings_prefix(hour, sensor)

    for (hour, folder), rows in groupby(spool.in_order(pack_of), key=folder_of):
        for part, lines in enumerate(_parts(_lines(rows, spool)), start=1):
            name = f"{folder}{source}.csv" if part == 1 else f"{folder}{source}.{part}.csv"
            yield HourBlob(hour, name, _csv(COLUMNS, lines), len(lines))


def _lines(rows: Iterable[Row], spool: Spool) -> Iterator[str]:
    """Yield CSV rows without line ends."""
    sensor, names = "", ""
    for _, owner, moment, value in rows:
        if owner != sensor:
            sensor, names = owner, ",".join(map(csv_field, spool.pair_of(owner)))
        yield f"{timestamp(moment)},{names},{value}"


def _parts(lines: Iterable[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for line in lines:
        if size > MOST_BLOB_BYTES:
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line) + 1
    yield part


def checked_source(source: str) -> str:
    """Return the name of a source if it is valid in a blob name.

    :raises ValueError: otherwise
    """
    if not _SOURCE.fullmatch(source):
        raise ValueError(
            f"{source!r} is not a valid source: 1 to 100 of A-Z a-z 0-9 _ . -, with a letter or digit first"
        )
    return source


def label_blob(hour: RunHour) -> str:
    """Blob in ``data`` with the labels of one hour."""
    return f"{LABELS_FOLDER}{hour.path}.csv"


def label_blobs(labels: Iterable[Label], hours: Iterable[RunHour]) -> Iterator[HourBlob]:
    """Yield a blob for every hour; a blob without rows means that the hour has no anomaly.

    :raises ValueError: for a label of another hour
    """
    rows: dict[RunHour, list[str]] = {hour: [] for hour in hours}
    for label in labels:
        hour = RunHour.containing(label.moment)
        if hour not in rows:
            raise ValueError(f"a label belongs to {hour}, an hour without readings")
        rows[hour].append(label_row(label))
    for hour, of_hour in rows.items():
        yield HourBlob(hour, label_blob(hour), _csv(LABEL_COLUMNS, of_hour))


def label_row(label: Label) -> str:
    """Return the CSV row of a label without a line end; :data:`LABEL_COLUMNS` are its columns."""
    names = f"{csv_field(label.device)},{csv_field(label.tag)}"
    return f"{timestamp(label.moment)},{names},{label.kind}"


def _csv(columns: Iterable[str], rows: Iterable[str]) -> bytes:
    return "\n".join((",".join(columns), *rows, "")).encode()
