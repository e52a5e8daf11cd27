"""Makes the files that ``docs/reading_forms.toml`` describes."""

from __future__ import annotations

import gzip
import io
import tomllib
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

BODY: dict[str, Any] = tomllib.loads((Path(__file__).parents[2] / "docs" / "reading_forms.toml").read_text())

MOMENT = datetime(2018, 8, 29, 2, 10, tzinfo=UTC)
DEVICE, TAG, VALUE = "1", "4", 10.16
ROW = '{"TS":"2018-08-29T02:10:00Z","Device":"1","Tag":"4","Value":10.16}'


@dataclass(frozen=True, slots=True)
class Form:
    """A file, and the expected result of reading it."""

    what: str
    name: str
    data: bytes
    scoring: str
    """What is said if it cannot be scored; empty if it can."""
    loading: str
    rejected: int
    """Rows of it that do not count."""


def forms() -> list[Form]:
    """Return all forms."""
    return [
        Form(
            body["what"],
            body.get("name", "a.csv"),
            _data(body),
            body.get("scoring", ""),
            body.get("loading", ""),
            body.get("rejected", 0),
        )
        for body in BODY["form"]
    ]


def timestamps(*, are_refused: bool) -> list[str]:
    """Return the texts that are valid timestamps, or those that are not."""
    return [
        text
        for body in BODY["moment"]
        if body.get("is_refused", False) is are_refused
        for text in body["texts"]
    ]


def _data(body: dict[str, Any]) -> bytes:
    if "made" in body:
        return _MADE[body["made"]]()
    data: bytes = body["text"].encode(body.get("encoding", "utf-8"))
    return gzip.compress(data) if body.get("is_packed") else data


def _parquet() -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.table({"TS": [MOMENT], "Device": [1], "Tag": ["4"], "Value": [VALUE]}), target)
    return target.getvalue()


def an_avro_file(records: list[dict[str, Any]], fields: dict[str, Any], codec: str = "deflate") -> bytes:
    """Write an Avro container file.

    :param fields: types by name
    """
    schema = {
        "type": "record",
        "name": "reading",
        "fields": [{"name": name, "type": kind} for name, kind in fields.items()],
    }
    target = io.BytesIO()
    fastavro.writer(target, schema, records, codec=codec)
    return target.getvalue()


MICROS = {"type": "long", "logicalType": "timestamp-micros"}


def _avro() -> bytes:
    row = {"TS": MOMENT, "Device": 1, "Tag": "4", "Value": VALUE}
    return an_avro_file([row], {"TS": MICROS, "Device": "long", "Tag": "string", "Value": ["null", "double"]})


def a_capture_file(*bodies: bytes) -> bytes:
    """Write a file as Event Hubs Capture does."""
    records = [
        {"SequenceNumber": number, "EnqueuedTimeUtc": "8/29/2018 2:10:01 AM", "Body": body}
        for number, body in enumerate(bodies)
    ]
    fields = {"SequenceNumber": "long", "EnqueuedTimeUtc": "string", "Body": ["null", "bytes"]}
    return an_avro_file(records, fields, codec="null")


def _capture() -> bytes:
    return a_capture_file(ROW.encode())


def _workbook() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return target.getvalue()


_MADE = {"parquet": _parquet, "avro": _avro, "capture": _capture, "workbook": _workbook}
