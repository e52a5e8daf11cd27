"""Sensor ids of a list of devices and tags, in the form of ``packs.csv``, for queries that join it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from ingest.errors import ReadingsFileError
from scoring_contract.errors import SensorNameError
from scoring_contract.reading_files.csv_dialect import csv_field
from scoring_contract.sensor_names import sensor_id_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WANTED = frozenset(("Device", "Tag"))


def name_lines(file: Path) -> Iterator[str]:
    """Yield a header, and a line for each device and tag; packs are empty.

    :param file: CSV with the columns ``Device`` and ``Tag``
    :raises ReadingsFileError: if the file cannot be read, lacks a column, or a line is not two names
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            if not set(rows.fieldnames or ()) >= _WANTED:
                raise ReadingsFileError(str(file), "has no columns Device and Tag")
            yield "Device,Tag,Pack,Sensor\n"
            for row in rows:
                device, tag = (row["Device"] or "").strip(), (row["Tag"] or "").strip()
                try:
                    sensor = sensor_id_of(device, tag)
                except SensorNameError as error:
                    raise ReadingsFileError(f"{file}, line {rows.line_num}:", str(error)) from error
                yield f"{csv_field(device)},{csv_field(tag)},,{sensor}\n"
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReadingsFileError(str(file), f"cannot be read: {error}") from error
