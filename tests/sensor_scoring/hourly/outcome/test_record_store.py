"""Records of hours in a real Blob Storage."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from scoring_contract import layout
from scoring_contract.hour import RunHour
from scoring_contract.planned_at import planned_at
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.hourly.outcome.hour_record import HourRecord
from sensor_scoring.hourly.outcome.record_store import keep_record
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.services.azurite import BlobStorage

HOUR = RunHour.parse("2018-08-29T02")
BLOB = layout.hour_record_blob(HOUR)


@pytest.fixture
def store(storage: BlobStorage) -> Iterator[BlobStore]:
    """Return the account, and leave no record behind."""
    yield BlobStore("wasb_for_tests")
    if (record := storage.container("runs").get_blob_client(BLOB)).exists():
        record.delete_blob()


def a_record(run: str, *sensors: str, minute: int = 0, outcome: Outcome = Outcome.SCORED) -> HourRecord:
    """Return what a run says that planned so many minutes after three."""
    summary = Summary(
        hour=HOUR,
        run=run,
        dag_run_id=run,
        sensors=tuple(SensorOutcome(sensor=sensor, outcome=outcome) for sensor in sensors),
        planned_at=planned_at(HOUR.end + timedelta(minutes=minute)),
    )
    return HourRecord.of(summary)


def stored(store: BlobStore) -> HourRecord:
    """Read the record."""
    found = store.read("runs", BLOB)
    assert found
    return HourRecord.from_bytes(found)


def test_a_run_adds_what_it_says_to_the_hours_record(store: BlobStore) -> None:
    """Once: the same again is not written, so browsers need not fetch it."""
    assert keep_record(store, "runs", a_record("a", "1_1", "1_2"))
    assert keep_record(store, "runs", a_record("b", "1_2", minute=5, outcome=Outcome.FAILED))
    etag = store.etag("runs", BLOB)
    assert not keep_record(store, "runs", a_record("a", "1_1", "1_2"))
    assert store.etag("runs", BLOB) == etag != ""
    assert [(line.sensor, line.outcome.value) for line in stored(store).sensors] == [
        ("1_1", "scored"),
        ("1_2", "failed"),
    ]


def test_runs_that_end_at_once_lose_nothing_of_each_other(store: BlobStore) -> None:
    """Each writes only over what it has read."""
    records = [a_record(f"run-{number}", f"1_{number}", minute=number) for number in range(8)]
    with ThreadPoolExecutor(len(records)) as pool:
        assert all(pool.map(lambda record: keep_record(store, "runs", record), records))
    assert [line.sensor for line in stored(store).sensors] == [f"1_{number}" for number in range(8)]
    assert stored(store).newest.run == "run-7"


def test_a_record_that_does_not_read_is_replaced_and_said_to_be(
    store: BlobStore, caplog: pytest.LogCaptureFixture
) -> None:
    """The hour must not stay without a record for it."""
    store.write("runs", BLOB, "not a record")
    assert keep_record(store, "runs", a_record("a", "1_1"))
    assert [line.sensor for line in stored(store).sensors] == ["1_1"]
    assert "is written anew, without what other runs said" in caplog.text
