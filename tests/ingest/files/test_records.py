"""Avro and Parquet as the loader reads them; forms that scoring reads too are in the table of forms."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.errors import ReadingsFileError
from ingest.files.readings_csv import read_readings
from ingest.reading import Reading
from tests.support.reading_forms import ROW, a_capture_file, an_avro_file

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.files.readings_csv import ReadingsFile

MOMENT = datetime(2018, 8, 29, 2, 10, tzinfo=UTC)
READING = Reading(MOMENT, "1", "4", "10.16")


def opened(folder: Path, data: bytes) -> ReadingsFile:
    """Open a file whose name gives nothing away."""
    path = folder / "readings"
    path.write_bytes(data)
    return read_readings(path)


def a_parquet_file(**columns: Any) -> bytes:
    """Write columns as Parquet."""
    target = io.BytesIO()
    pq.write_table(pa.table(columns), target)
    return target.getvalue()


def test_parquet_is_read_in_batches_with_every_kind_of_column(tmp_path: Path) -> None:
    """Any case of names, nanoseconds, decimals, numeric names, and unrelated columns."""
    rows = 10_000
    data = a_parquet_file(
        ts=pa.array([MOMENT] * rows, pa.timestamp("ns", tz="Europe/Berlin")),
        device=[1.0] * rows,
        tag=["4"] * rows,
        value=[Decimal("10.16")] * rows,
        quality=["good"] * rows,
    )
    assert set(opened(tmp_path, data)) == {READING}
    assert len(list(opened(tmp_path, data))) == rows


def test_rows_that_are_no_readings_are_counted_and_the_others_loaded(tmp_path: Path) -> None:
    """Null and NaN are not values; a reject carries its record's number."""
    data = a_parquet_file(TS=[MOMENT] * 3, Device=[1] * 3, Tag=["4"] * 3, Value=[None, float("nan"), 10.16])
    file = opened(tmp_path, data)
    assert list(file) == [READING]
    assert [reject.line for reject in file.rejects.listed] == [1, 2]


def test_events_of_capture_are_what_devices_sent(tmp_path: Path) -> None:
    """A body holds one object, several, or arrays; one that is not JSON is counted."""
    many = f"[{','.join([ROW] * 500)}]".encode()
    file = opened(tmp_path, a_capture_file(ROW.encode(), f"{ROW}\r\n{ROW}".encode(), many, b"hello", b""))
    assert list(file) == [READING] * 503
    assert file.rejects.total == 1
    assert "its Body is not JSON" in file.rejects.listed[0].reason


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"Obj\x01" + bytes(40), "cannot be read as Avro", id="no Avro"),
        pytest.param(a_capture_file(ROW.encode())[:-20], "cannot be read as Avro", id="Avro that is cut"),
        pytest.param(
            an_avro_file([{"TS": ""}], {"TS": "string"}).replace(b'"name": "TS"', b'"nome": "TS"'),
            "cannot be read as Avro: Record field is missing 'name'",
            id="Avro without the name of a field",
        ),
        pytest.param(
            an_avro_file([{"TS": "now"}], {"TS": "string"}, "null").replace(b"\x08null", b"\x0edeflate"),
            "cannot be read as Avro: Error -3 while decompressing",
            id="Avro that cannot be decompressed",
        ),
        pytest.param(b"PAR1" + bytes(40), "cannot be read as Parquet", id="no Parquet"),
        pytest.param(a_parquet_file(TS=[MOMENT])[:-9], "cannot be read as Parquet", id="Parquet that is cut"),
        pytest.param(
            gzip.compress(a_parquet_file(TS=[MOMENT])), "is Parquet in gzip: unpack it", id="packed"
        ),
        pytest.param(an_avro_file([], {"TS": "string"}), "is empty", id="no record"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, data: bytes, words: str) -> None:
    """The error names the file and the problem before anything is loaded."""
    with pytest.raises(ReadingsFileError, match=words):
        list(opened(tmp_path, data))


def test_a_file_without_our_columns_says_which_it_has(tmp_path: Path) -> None:
    """Every record is rejected for one reason, which lists the columns."""
    file = opened(tmp_path, a_parquet_file(time=[MOMENT], temp=[20.5]))
    assert list(file) == []
    assert "an object has time, temp" in file.rejects.listed[0].reason
