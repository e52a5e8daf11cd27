"""Events in Avro, as Event Hubs Capture and IoT Hub store them: how their bodies are read."""

from __future__ import annotations

import base64
import gzip

import pytest

from scorer.readings.files import FileRows, read_file
from scoring_contract.hour import RunHour
from tests.support.reading_forms import an_avro_file

READING = b'{"TS": "2018-08-29T02:10:00Z", "Device": "1", "Tag": "4", "Value": 10.16}'


def read(*bodies: bytes | None) -> FileRows:
    """Read a file of events of sensor 1_4."""
    file = an_avro_file([{"Body": body} for body in bodies], {"Body": ["null", "bytes"]})
    return read_file("a.avro", file, hour=RunHour.parse("2018-08-29T02"), owner=lambda *_: "1_4")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(READING.replace(b", ", b",\n  "), id="over several lines"),
        pytest.param(READING.replace(b", ", b",\r\n"), id="over several lines of Windows"),
        pytest.param(b"[" + READING + b"]", id="in an array"),
        pytest.param(b" " + READING + b"\n", id="blanks round it"),
    ],
)
def test_a_body_of_any_json_is_read(body: bytes) -> None:
    """Devices send whatever JSON their libraries print."""
    assert len(read(body, None).tables["1_4"]) == 1


def test_objects_on_lines_of_one_body_are_read() -> None:
    """Stream Analytics sends several rows in one event."""
    assert len(read(READING + b"\r\n" + READING).tables["1_4"]) == 2


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"TS,Device,Tag,Value\n2018-08-29T02:10:00Z,1,4,10.16\n", id="CSV"),
        pytest.param(base64.b64encode(READING), id="base64"),
        pytest.param(gzip.compress(READING), id="gzip"),
    ],
)
def test_bodies_that_are_no_json_are_named(body: bytes) -> None:
    """The reason says what is wrong, instead of just counting rows."""
    rows = read(body, None)
    assert rows.problem == "has events whose Body is not JSON: let devices send JSON"
    assert (rows.tables, rows.unowned.total()) == ({}, 2)
