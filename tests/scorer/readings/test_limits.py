"""Limits apply before memory is used: sizes are checked first, and decompression stops at a limit."""

from __future__ import annotations

import gzip
import tracemalloc
from collections import Counter
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest
from obstore.store import LocalStore

from scorer.errors import DataFault
from scorer.readings import avro_rows, files
from scorer.readings.files import FileRows, RowIssue, read_file
from scorer.readings.sensor_index import NAMELESS, STRANGER, SensorIndex
from scorer.scoring import unit_readings
from scorer.scoring.reading_blobs import ReadingBlobs
from scorer.scoring.unit_readings import UnitReadings
from scorer.scoring.work import SensorWork
from scorer.storage import BlobContainer
from scoring_contract.hour import RunHour
from scoring_contract.messages.manifest import ModelRef, SensorOrder
from scoring_contract.messages.report import Cause, SensorState
from tests.support.reading_forms import ROW, a_capture_file, an_avro_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOUR = RunHour.parse("2018-08-29T02")
MEBIBYTE = 1 << 20
CSV_ROW = "2018-08-29T02:10:00Z,1,4,10.16\n"


def read(name: str, data: bytes) -> FileRows:
    """Read a file in which only sensor 1_4 is ours."""
    return read_file(name, data, hour=HOUR, owner=lambda *pair: "1_4" if pair == ("1", "4") else None)


def peak_of(call: Callable[[], object]) -> int:
    """Return the peak of Python's memory during a call; a data fault is fine."""
    tracemalloc.start()
    try:
        with pytest.raises(DataFault):
            call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_blob_beyond_the_limit_is_not_fetched(tmp_path: Path) -> None:
    """Storage reports a blob's size, so a blob that is too large costs no memory."""
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate(200 * MEBIBYTE)
    container = BlobContainer("data", LocalStore(tmp_path))
    with pytest.raises(DataFault, match=r"^a\.csv has 209715200 bytes; the limit is 1048576$"):
        container.read("a.csv", most_bytes=MEBIBYTE)
    assert peak_of(lambda: container.read("a.csv", most_bytes=MEBIBYTE)) < MEBIBYTE


@pytest.mark.parametrize("members", [1, 60], ids=["one", "many small ones"])
def test_gzip_is_unpacked_no_further_than_the_limit(members: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that unpacks to a thousand times its size is refused at the limit."""
    monkeypatch.setattr(files, "MOST_BYTES", MEBIBYTE)
    bomb = gzip.compress(bytes(60 * MEBIBYTE // members)) * members
    assert peak_of(lambda: read("a.csv.gz", bomb)) < 4 * MEBIBYTE


def test_gzip_of_several_files_is_read_as_one() -> None:
    """Gzip files that were concatenated and padded are one file."""
    data = gzip.compress(b"TS,Device,Tag,Value\n") + gzip.compress(CSV_ROW.encode()) + bytes(8)
    assert len(read("a.csv.gz", data).of("1_4")) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(gzip.compress(CSV_ROW.encode())[:-9], "it ends too early", id="cut"),
        pytest.param(b"\x1f\x8b" + bytes(20), "cannot be read as gzip", id="no gzip"),
    ],
)
def test_damaged_gzip_is_named(data: bytes, words: str) -> None:
    """The error says that it cannot be unpacked."""
    with pytest.raises(DataFault, match=words):
        read("a.csv.gz", data)


def test_gzip_in_gzip_is_named() -> None:
    """Compressing twice is always a mistake, so the inner file is not read."""
    assert read("a.csv.gz", gzip.compress(gzip.compress(b""))).problem.startswith("is compressed twice")


FIELDS = {"TS": "string", "Device": "string", "Tag": "string", "Value": "double", "x": "string"}


def a_row(**changed: object) -> dict[str, object]:
    """Make a valid record."""
    return {"TS": "2018-08-29T02:10:00Z", "Device": "1", "Tag": "4", "Value": 10.16, "x": "", **changed}


def test_avro_is_unpacked_no_further_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block that unpacks to more than writers produce is refused at the limit."""
    monkeypatch.setattr(avro_rows, "MOST_BLOCK_BYTES", MEBIBYTE)
    bomb = an_avro_file([a_row(x="y" * 40 * MEBIBYTE)], FIELDS)
    assert peak_of(lambda: read("a.avro", bomb)) < 4 * MEBIBYTE


def test_avro_of_many_blocks_is_read_whole() -> None:
    """All blocks are read up to the end of the file."""
    rows = [a_row(x="y" * 3_000, Value=float(number)) for number in range(50)]
    table = read("a.avro", an_avro_file(rows, FIELDS)).of("1_4")
    assert table.values[:, 0].tolist() == list(range(50))


def test_capture_of_an_idle_time_is_silence() -> None:
    """Event Hubs Capture writes files without events in idle times, which is not an error."""
    rows = read("a.avro", a_capture_file())
    assert (rows.tables, rows.unowned, rows.problem) == ({}, Counter(), "")


def test_capture_holds_what_devices_sent() -> None:
    """An event holds one object or several; anything else is counted."""
    table = read("a.avro", a_capture_file(ROW.encode(), f"[{ROW},{ROW}]".encode(), b"hello", b"")).of("1_4")
    assert (len(table), dict(table.rejected)) == (3, {RowIssue.UNREADABLE: 1})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(an_avro_file([a_row()], FIELDS)[:-20], "a block is damaged", id="cut"),
        pytest.param(b"Obj\x01" + bytes(30), "cannot be read as Avro", id="no Avro"),
        pytest.param(
            an_avro_file([a_row()], FIELDS, codec="bzip2"), "compressed with bzip2", id="other codec"
        ),
        pytest.param(
            an_avro_file([{"n": None}] * 9, {"n": "null"}), "without a byte", id="records of nothing"
        ),
    ],
)
def test_avro_that_cannot_be_read_is_named(data: bytes, words: str) -> None:
    """Damage gives a sentence, and a block cannot claim records without bytes."""
    with pytest.raises(DataFault, match=words):
        read("a.avro", data)


def test_objects_side_by_side_are_read_however_long_their_line() -> None:
    """Concatenated objects form one line of any length."""
    assert len(read("a.json", ROW.encode() * 20_000).of("1_4")) == 20_000


def test_strangers_take_no_room() -> None:
    """A file full of unknown devices is read in linear time, because they share one number."""
    index = SensorIndex(lambda *_: None)
    devices = [f"d{number}" for number in range(100_000)]
    for start in range(0, len(devices), 1_000):
        numbers = index.numbered(devices[start : start + 1_000], ["4"] * 1_000)
        assert not isinstance(numbers, int)
        assert set(numbers.tolist()) == {STRANGER}
    assert len(index.sensor_of) == 2
    assert len(index) < 70_000


def test_a_name_as_written_comes_before_the_number_it_spells() -> None:
    """Device 1.0 is device 1, unless a device is called 1.0."""
    known = {("1", "4"): "1_4", ("2.0", "4"): "2.0_4", ("2", "4"): "2_4"}
    index = SensorIndex(lambda *pair: known.get(pair))
    numbers = [index[device, "4.0"] for device in ("1.0", "1", "2.0", "2", "3.0")]
    sensors = [number > STRANGER and index.sensors[index.sensor_of[number]] for number in numbers]
    assert sensors == ["1_4", "1_4", "2_4", "2_4", False]
    assert index[None, "4"] == NAMELESS


def works_of(*tags: str, blob: str) -> list[SensorWork]:
    """Start the work of sensors of device 1 that share a file."""
    model = ModelRef("v1", "m", "00", "ocsvm-json/2")
    return [SensorWork(SensorOrder(f"1_{tag}", "1", tag, model, (blob,))) for tag in tags]


def test_sensors_of_a_shared_file_that_is_none_fail_with_its_sentence() -> None:
    """A file without a header is not silence: all its sensors fail with what is wrong."""
    blob = "readings/2018/08/29/02/_packs/p1/a.csv"
    works = works_of("4", "5", blob=blob)
    readings_of_batch = UnitReadings({blob: CSV_ROW.encode()})
    readings_of_batch.hand_out(works, HOUR, lambda *_: nullcontext())
    for work in works:
        assert not work.is_silent
        with pytest.raises(DataFault, match=r"a\.csv has no column TS or Device or Tag or Value: "):
            work.predict()


def test_what_is_wrong_with_one_of_several_files_is_told_and_costs_only_itself() -> None:
    """Rows of the other files are scored, and the report names the unreadable file."""
    good, bad = (f"readings/2018/08/29/02/1_4/{name}.csv" for name in "ab")
    (work,) = works_of("4", blob=good)
    work.order = SensorOrder("1_4", "1", "4", work.order.model, (good, bad))
    files: dict[str, bytes | None] = {
        good: f"TS,Device,Tag,Value\n{CSV_ROW}".encode(),
        bad: b"PK\x03\x04 xl/",
    }
    UnitReadings(files).hand_out([work], HOUR, lambda *_: nullcontext())
    assert len(work.table) == 1
    assert work.problems == [f"{bad} is an Excel workbook (.xlsx): save the sheet as CSV"]
    assert work.report(0).state is SensorState.FAILED  # no model decided about it here


def test_files_beyond_what_may_be_held_come_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many files a unit has, prefetching is bounded, and all files are read."""
    monkeypatch.setattr(unit_readings, "BYTES_AHEAD", 100)
    blobs = tuple(f"{number}.csv" for number in range(5))
    for blob in blobs[:4]:
        (tmp_path / blob).write_text(f"TS,Device,Tag,Value\n{CSV_ROW}")
    (work,) = works_of("4", blob=blobs[0])
    work.order = SensorOrder("1_4", "1", "4", work.order.model, blobs)
    unit = UnitReadings.fetched(ReadingBlobs(BlobContainer("data", LocalStore(tmp_path))), blobs, [work])
    assert [blob for blob, data in unit.files.items() if data] == ["0.csv", "1.csv"]
    unit.hand_out([work], HOUR, lambda *_: nullcontext())
    assert (len(work.table), work.cause) == (4, Cause.STORAGE)
