"""Files of outputs, on Azurite."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pyarrow.parquet as pq
import pytest

from ingest.stream_analytics.blob_output import BLOCK_BYTES, BlobOutput
from ingest.stream_analytics.data_type import DataType
from ingest.stream_analytics.definition.job import Output
from ingest.stream_analytics.definition.path_pattern import PathPattern
from ingest.stream_analytics.definition.serialization import Format, Serialization
from ingest.stream_analytics.errors import JobFailed, JobRefused
from tests.support.stream_jobs import ticks

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

COLUMNS = (
    ("TS", DataType.DATETIME),
    ("Device", DataType.TEXT),
    ("Value", DataType.FLOAT),
    ("Ok", DataType.BIT),
)
TIME = ticks("2018-08-29T03:00:00Z")
START = UUID(int=7)


def an_output(form: Format, path: str = "out/{Device}", *, date_format: str = "yyyy/MM/dd") -> Output:
    """Describe an output."""
    pattern = PathPattern.read(path, date_format, "HH")
    return Output("readings", "data", pattern, Serialization(form), 1, timedelta(0))


def write(output: BlobOutput, *devices: str | None, value: float = 10.5) -> list[str]:
    """Write a row for each device; return why others were refused."""
    folders, refused = output.folders([(TIME, device, value, None, TIME) for device in devices])
    output.write(folders)
    return refused


def contents(data: ContainerClient) -> dict[str, bytes]:
    """Read every blob."""
    return {name: data.download_blob(name).readall() for name in data.list_blob_names()}


@pytest.mark.parametrize(
    ("form", "text"),
    [
        pytest.param(
            Format.CSV,
            "TS,Device,Value,Ok\r\n2018-08-29T03:00:00.0000000Z,Pumpe-Ü,10.5,\r\n"
            "2018-08-29T03:00:00.0000000Z,Pumpe-Ü,7,\r\n",
            id="CSV has its header once",
        ),
        pytest.param(
            Format.JSON,
            '\ufeff{"TS":"2018-08-29T03:00:00.0000000Z","Device":"Pumpe-Ü","Value":10.5,"Ok":null}\r\n'
            '{"TS":"2018-08-29T03:00:00.0000000Z","Device":"Pumpe-Ü","Value":7.0,"Ok":null}\r\n',
            id="JSON has its byte order mark once",
        ),
    ],
)
def test_a_file_grows_batch_by_batch(data, form, text) -> None:
    """Two batches of a folder are one file, named after the schema, the start and a number."""
    output = BlobOutput(an_output(form), COLUMNS, data, START)
    write(output, "Pumpe-Ü")
    write(output, "Pumpe-Ü", value=7.0)
    ((name, content),) = contents(data).items()
    assert name.startswith("out/Pumpe-Ü/")
    assert name.endswith(f"_{START.hex}_1.{form}")
    assert content.decode() == text


def test_every_batch_of_parquet_is_a_file(data) -> None:
    """Parquet cannot grow; its columns have the types of the query."""
    output = BlobOutput(an_output(Format.PARQUET), COLUMNS, data, START)
    write(output, "a")
    write(output, "a")
    tables = [pq.read_table(io.BytesIO(content)) for content in contents(data).values()]
    assert [table.num_rows for table in tables] == [1, 1]
    assert [str(kind) for kind in tables[0].schema.types] == [
        *("timestamp[us, tz=UTC]", "string", "double", "bool"),
    ]


def test_a_new_file_begins_when_the_service_begins_one(data) -> None:
    """For each folder, when a file's blocks are used up, when somebody deleted it, after a restart."""
    output = BlobOutput(an_output(Format.CSV), COLUMNS, data, START, blocks=2)
    for _ in range(3):
        write(output, "a")
    assert [content.count(b"\n") for content in contents(data).values()] == [3, 2]
    write(output, "b")
    assert len(contents(data)) == 3
    for name in contents(data):
        data.delete_blob(name)
    write(output, "a")
    write(BlobOutput(an_output(Format.CSV), COLUMNS, data, uuid4()), "a")
    assert [content.count(b"\n") for content in contents(data).values()] == [2, 2]


def test_a_large_batch_is_several_blocks(data) -> None:
    """A block has at most 4 MiB: the batch is cut between rows, and whole in the file."""
    output = BlobOutput(an_output(Format.JSON, "out"), COLUMNS, data, START)
    write(output, *["x" * 1_000_000] * 9)
    ((name, content),) = contents(data).items()
    assert data.get_blob_client(name).get_blob_properties().append_blob_committed_block_count == 3
    assert len(content) > 2 * BLOCK_BYTES
    assert [len(json.loads(line)["Device"]) for line in content.decode("utf-8-sig").splitlines()] == [
        1_000_000
    ] * 9


@pytest.mark.parametrize("device", [None, "", "../models", "a/../../b", "a//b", ".", "x" * 1000])
def test_a_row_without_a_safe_folder_is_refused(data, device) -> None:
    """No value of an event leads out of the output's folder: the row is counted, the others are written."""
    output = BlobOutput(an_output(Format.CSV), COLUMNS, data, START)
    assert len(write(output, device, "a")) == 1
    assert [name.rpartition("/")[0] for name in contents(data)] == ["out/a"]


@pytest.mark.parametrize(
    ("pattern", "date_format", "folder"),
    [
        ("logs/{date}/{time}", "yyyy/MM/dd", "logs/2018/08/29/03"),
        ("logs/{date}", "dd-MM-yyyy", "logs/29-08-2018"),
        ("y={datetime:yyyy}/m={datetime:M}/{Device}", "yyyy/MM/dd", "y=2018/m=8/a/b"),
        ("/{device}/{datetime:HH}{datetime:mm}/", "yyyy/MM/dd", "a/b/0300"),
    ],
)
def test_a_path_pattern_is_filled(pattern, date_format, folder) -> None:
    """Tokens of the time are of the window's end in UTC; a column's slashes make folders."""
    assert PathPattern.read(pattern, date_format, "HH").folder(TIME, "a/b") == folder


@pytest.mark.parametrize("pattern", ["{a}/{b}", "{}", "{datetime:MM/dd}", "{datetime:}"])
def test_a_path_pattern_that_is_not_documented_is_refused(pattern) -> None:
    """One column, and one specifier in each token."""
    with pytest.raises(JobRefused):
        PathPattern.read(pattern, "yyyy/MM/dd", "HH")


def test_a_column_of_the_path_has_to_exist(data) -> None:
    """A misspelt name stops the job at its start."""
    with pytest.raises(JobFailed, match="no column Devise"):
        BlobOutput(an_output(Format.CSV, "{Devise}"), COLUMNS, data, START)


def test_storage_that_refuses_stops_the_job(data) -> None:
    """What could not be written is not counted as written: the state stays behind it."""
    output = BlobOutput(an_output(Format.CSV), COLUMNS, data, START)
    data.delete_container()
    with pytest.raises(JobFailed, match="cannot be written"):
        write(output, "a")
