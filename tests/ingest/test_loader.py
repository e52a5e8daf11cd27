"""The blobs that a load writes, read back through the SDK."""

from __future__ import annotations

import csv
import io
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from azure.storage.blob import ContainerClient

from ingest import hour_files
from ingest.errors import NoReadings, StorageFailed
from ingest.files.readings_csv import read_readings
from ingest.loader import Step, lay_out
from ingest.reading import Reading
from ingest.simulator import Fleet
from ingest.spool import Spool
from scoring_contract.errors import SensorNameError
from scoring_contract.hour import RunHour
from scoring_contract.layout import readings_prefix
from tests.support.sensor_name_cases import sensor_names

if TYPE_CHECKING:
    from pathlib import Path

HOUR = RunHour.parse("2018-08-29T02")


def a_reading(
    *, minutes: float = 0, device: str = "1", tag: str = "4", value: str = "84.50", hour: RunHour = HOUR
) -> Reading:
    """Make a reading some minutes into the hour."""
    return Reading(hour.start + timedelta(minutes=minutes), device, tag, value)


def names(container: ContainerClient) -> list[str]:
    """List the names of all blobs."""
    return sorted(container.list_blob_names())


def text(container: ContainerClient, name: str) -> str:
    """Read a blob's text."""
    return container.download_blob(name).readall().decode()


def test_readings_lie_where_scoring_looks_for_them(data: ContainerClient) -> None:
    """One CSV per hour and sensor: header, rows in time order, values with their original digits."""
    before = RunHour.parse("2018-08-29T01")
    laid = lay_out(
        [
            a_reading(minutes=30, value="2.0"),
            a_reading(minutes=0.0125, value="1.00"),
            a_reading(minutes=10, device="2"),
            a_reading(minutes=59, hour=before),
        ],
        data,
        source="history",
    )
    assert names(data) == [
        "readings/2018/08/29/01/1_4/history.csv",
        "readings/2018/08/29/02/1_4/history.csv",
        "readings/2018/08/29/02/2_4/history.csv",
    ]
    assert text(data, "readings/2018/08/29/02/1_4/history.csv") == (
        "TS,Device,Tag,Value\n2018-08-29 02:00:00.750,1,4,1.00\n2018-08-29 02:30:00.000,1,4,2.0\n"
    )
    assert (laid.first_hour, laid.last_hour, laid.sensors) == (before, HOUR, ("1_4", "2_4"))
    assert (laid.readings, laid.blobs, laid.removed, laid.rejects_total) == (4, 3, 0, 0)


def test_loading_again_changes_nothing(data: ContainerClient) -> None:
    """Loading a source again overwrites its own blobs with the same content."""
    readings = [a_reading(minutes=1), a_reading(device="2")]
    first = lay_out(readings, data, source="history")
    assert lay_out(readings, data, source="history") == replace(first, kept=2)
    assert text(data, "readings/2018/08/29/02/1_4/history.csv").count("\n") == 2
    assert len(names(data)) == 2


def test_another_source_takes_the_hour_over(data: ContainerClient) -> None:
    """A load removes other sources' readings of its hours, for every sensor, and leaves everything else."""
    earlier = RunHour.parse("2018-08-29T01")
    lay_out([a_reading(), a_reading(device="2"), a_reading(hour=earlier)], data, source="history")
    data.upload_blob("readings/2018/08/29/02/1_4/0_a81f.csv", b"TS,Device,Tag,Value\n")
    data.upload_blob("readings/2018/08/29/02/notes.txt", b"not readings of a sensor")
    laid = lay_out([a_reading()], data, source="corrected")
    assert names(data) == [
        "readings/2018/08/29/01/1_4/history.csv",
        "readings/2018/08/29/02/1_4/corrected.csv",
        "readings/2018/08/29/02/notes.txt",
    ]
    assert laid.removed == 3


def test_a_file_brings_its_rejects(data: ContainerClient, tmp_path: Path) -> None:
    """The result of a load lists the rejected rows."""
    path = tmp_path / "readings.csv"
    path.write_text("TS,Device,Tag,Value\n2018-08-29 02:00:00,1,4,84.5\n2018-08-29 02:00:15,1,4,broken\n")
    laid = lay_out(read_readings(path), data, source="history")
    assert (laid.readings, laid.rejects_total) == (1, 1)
    assert (laid.rejects[0].line, laid.rejects[0].reason) == (3, "Value is not a finite number")


def test_sensors_that_join_to_one_text_stay_apart(data: ContainerClient) -> None:
    """Device a_b with tag c, and device a with tag b_c, have folders of their own, as have a and A."""
    pairs = [("a_b", "c"), ("a", "b_c"), ("a", "1"), ("A", "1")]
    lay_out([a_reading(device=device, tag=tag) for device, tag in pairs], data, source="x")
    folders = sorted(name.split("/")[5] for name in names(data))
    assert folders == ["A_1~u8", "a_1", "a__b_c", "a_b_c"]


def test_every_name_has_the_folder_of_its_id(data: ContainerClient) -> None:
    """The loader writes where the contract says, and the names themselves into the rows."""
    cases = sensor_names()
    laid = lay_out([a_reading(device=case.device, tag=case.tag) for case in cases], data, source="x")
    assert laid.sensors == tuple(sorted(case.id for case in cases))
    for case in cases:
        blob = data.download_blob(f"{readings_prefix(HOUR, case.id)}x.csv")
        (row,) = csv.DictReader(io.StringIO(blob.readall().decode()))
        assert (row["Device"], row["Tag"]) == (case.device, case.tag)


def test_a_name_of_any_source_is_checked(data: ContainerClient) -> None:
    """Readings that do not come from a file follow the same rule, before anything is written."""
    with pytest.raises(SensorNameError, match="Tag is empty"):
        lay_out([a_reading(tag="4"), a_reading(tag="")], data, source="x")
    assert names(data) == []


def test_nothing_to_load_is_an_error(data: ContainerClient, tmp_path: Path) -> None:
    """If no row is valid, the error says so and why the first row was rejected."""
    path = tmp_path / "readings.csv"
    path.write_text("TS,Device,Tag,Value\nyesterday,1,4,84.5\n")
    with pytest.raises(
        NoReadings, match=r"readings\.csv has no valid reading: 1 row was refused for 1 reason\n  1 row: TS"
    ):
        lay_out(read_readings(path), data, source="history")


@pytest.mark.parametrize("source", ["", "a/b", "..", "a b", "x" * 101])
def test_a_source_must_be_able_to_name_a_blob(data: ContainerClient, source: str) -> None:
    """A source name that would escape the sensor's folder is refused."""
    with pytest.raises(ValueError, match="is not a valid source"):
        lay_out([a_reading()], data, source=source)


def test_progress_is_told_blob_by_blob(data: ContainerClient) -> None:
    """The callback gets every blob, and the number of readings."""
    told: list[tuple[Step, int, int]] = []
    lay_out(
        [a_reading(device=str(device)) for device in range(20)],
        data,
        source="history",
        progress=lambda step, done, total: told.append((step, done, total)),
    )
    assert told == [(Step.WRITING, done, 20) for done in range(1, 21)]


def test_labels_lie_beside_the_readings(data: ContainerClient) -> None:
    """Every simulated hour has labels; without anomalies, they are a header only."""
    fleet = Fleet(devices=1, tags=2)
    first = RunHour.parse("2018-08-29T01")
    laid = lay_out(fleet.readings(first, 2), data, source="simulated", labels=fleet.labels(first, 2))
    assert text(data, "labels/2018/08/29/01.csv") == "TS,Device,Tag,Anomaly\n"
    header, *rows = text(data, "labels/2018/08/29/02.csv").splitlines()
    assert header == "TS,Device,Tag,Anomaly"
    assert len(rows) == 24
    readings = text(data, "readings/2018/08/29/02/1_1/simulated.csv") + text(
        data, "readings/2018/08/29/02/1_2/simulated.csv"
    )
    for row in rows:
        assert f"\n{row.rpartition(',')[0]}," in readings
    assert (laid.readings, laid.blobs) == (960, 4)


def test_labels_of_other_hours_are_refused_before_anything_is_written(data: ContainerClient) -> None:
    """Labels for hours without readings are a caller's mistake."""
    fleet = Fleet(devices=1, tags=1)
    with pytest.raises(ValueError, match="a label belongs to 2018-08-29T02, an hour without readings"):
        lay_out(fleet.readings(HOUR.next, 1), data, source="simulated", labels=fleet.labels(HOUR, 1))
    assert names(data) == []


def test_real_readings_drop_the_labels_of_simulated_ones(data: ContainerClient) -> None:
    """Labels never outlive the readings they describe."""
    fleet = Fleet(devices=1, tags=1)
    lay_out(fleet.readings(HOUR, 1), data, source="simulated", labels=fleet.labels(HOUR, 1))
    lay_out([a_reading()], data, source="history")
    assert names(data) == ["readings/2018/08/29/02/1_4/history.csv"]


def test_a_container_that_is_not_there_is_an_error_of_ours(data: ContainerClient) -> None:
    """The error keeps the service's code and drops everything that could contain a signature."""
    with (
        ContainerClient.from_container_url(f"{data.url}x", credential=data.credential) as elsewhere,
        pytest.raises(StorageFailed) as caught,
    ):
        lay_out([a_reading()], elsewhere, source="history")
    assert str(caught.value) == (
        "Blob Storage did not list readings/2018/08/29/02/: ContainerNotFound (status 404)"
    )


def test_a_storage_that_does_not_answer_gives_no_signature_away() -> None:
    """The error about an unreachable address does not contain its signature."""
    url = "http://127.0.0.1:9/devstoreaccount1/data?sig=made-up-signature"
    with (
        ContainerClient.from_container_url(url, retry_total=0) as nowhere,
        pytest.raises(StorageFailed, match="ServiceRequestError") as caught,
    ):
        lay_out([a_reading()], nowhere, source="history")
    assert "made-up" not in str(caught.value)


def test_moments_of_other_zones_are_laid_out_in_utc(data: ContainerClient) -> None:
    """Folder and TS are in UTC, whatever zone the reading came with."""
    here = datetime(2018, 8, 29, 2, 0, 0, 250, tzinfo=UTC).astimezone(tz=None)
    lay_out([Reading(here, "1", "4", "1")], data, source="history")
    assert "2018-08-29 02:00:00.000250,1,4,1" in text(data, "readings/2018/08/29/02/1_4/history.csv")


def test_sensors_of_a_pack_share_a_file(data: ContainerClient) -> None:
    """A pack shares one blob, sorted by sensor; others keep their own; a load leaves only one form."""
    readings = [a_reading(minutes=2), a_reading(minutes=1), a_reading(tag="5"), a_reading(device="2")]
    lay_out(readings, data, source="alone")
    laid = lay_out(readings, data, source="packed", pack_of={"1_4": "p1", "1_5": "p1", "9_9": "p2"})
    assert (laid.blobs, laid.removed) == (2, 3)
    assert names(data) == [
        "readings/2018/08/29/02/2_4/packed.csv",
        "readings/2018/08/29/02/_packs/p1/packed.csv",
    ]
    assert text(data, "readings/2018/08/29/02/_packs/p1/packed.csv") == (
        "TS,Device,Tag,Value\n"
        "2018-08-29 02:01:00.000,1,4,84.50\n"
        "2018-08-29 02:02:00.000,1,4,84.50\n"
        "2018-08-29 02:00:00.000,1,5,84.50\n"
    )
    assert lay_out(readings, data, source="alone").removed == 2


def test_a_load_that_was_interrupted_goes_on_where_it_stopped(data: ContainerClient) -> None:
    """It skips blobs that exist, and the result equals that of one uninterrupted load."""
    readings = [a_reading(device=str(device), hour=hour) for hour in (HOUR, HOUR.next) for device in range(5)]
    data.upload_blob("readings/2018/08/29/03/1_4/older.csv", b"x")

    def interrupt(_step: Step, done: int, _total: int) -> None:
        if done == 7:
            while not any(name.endswith("history.csv") for name in names(data)):
                pass  # the first of the seven is on its way
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lay_out(readings, data, source="history", progress=interrupt)
    there = len([name for name in names(data) if name.endswith("history.csv")])
    assert "readings/2018/08/29/03/1_4/older.csv" in names(data)
    laid = lay_out(readings, data, source="history")
    assert (laid.blobs, laid.kept, laid.removed) == (10, there, 1)
    assert len(names(data)) == 10


def test_an_hour_that_says_too_much_for_one_blob_is_written_as_several(
    data: ContainerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No blob exceeds the limit of scoring, and loading again overwrites every part."""
    monkeypatch.setattr(hour_files, "MOST_BLOB_BYTES", 100)
    readings = [a_reading(minutes=minute) for minute in range(10)]
    laid = lay_out(readings, data, source="history")
    folder = "readings/2018/08/29/02/1_4/"
    assert names(data) == [f"{folder}history{part}.csv" for part in (".2", ".3", ".4", "")]
    assert (laid.blobs, laid.readings) == (4, 10)
    rows = [line for name in names(data) for line in text(data, name).splitlines()[1:]]
    assert len(set(rows)) == 10


def test_memory_does_not_grow_with_the_readings() -> None:
    """Readings are buffered on disk: fifty thousand need no more memory than a few."""
    many = (a_reading(minutes=number % 60, device=str(number % 7)) for number in range(50_000))
    tracemalloc.start()
    try:
        with Spool() as spool:
            spool.fill(many, lambda: None)
            written = sum(blob.readings for blob in hour_files.blobs_of(spool, "history", {}))
        assert tracemalloc.get_traced_memory()[1] < 12 << 20
    finally:
        tracemalloc.stop()
    assert written == 50_000
