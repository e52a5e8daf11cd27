"""Writing what is known of a run, in a real Blob Storage."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from scoring_contract import layout
from scoring_contract.hour import RunHour
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.errors import StorageError
from sensor_scoring.hourly.outcome.hour_record import HourRecord
from sensor_scoring.hourly.outcome.summary import Outcome, SensorOutcome, Summary
from sensor_scoring.hourly.outcome.summing_up import write_summary
from sensor_scoring.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_stack.services.azurite import BlobStorage
    from sensor_scoring.hourly.run import Run

HOUR = RunHour.parse("2018-08-29T02")
RECORD = layout.hour_record_blob(HOUR)
SUMMARY = layout.summary_blob("run")
SCORED = SensorOutcome(sensor="1_1", outcome=Outcome.SCORED, readings=240)
FOUND = Summary(hour=HOUR, run="run", dag_run_id="r", sensors=(SCORED,), planned_at="2018-08-29T03:05:00Z")


@pytest.fixture
def runs(storage: BlobStorage) -> Iterator[Any]:
    """Return the container of runs, and leave nothing behind."""
    container = storage.container("runs")
    yield container
    for name in (RECORD, SUMMARY):
        if (blob := container.get_blob_client(name)).exists():
            blob.delete_blob()


def a_run(*, is_last_try: bool = False) -> Run:
    """Return what is asked of a run here."""
    facts = {"store": BlobStore("wasb_for_tests"), "settings": Settings(), "base": "run"}
    return cast("Run", SimpleNamespace(**facts, is_last_try=is_last_try))


def test_a_summary_is_kept_with_its_hours_record(runs: Any) -> None:
    """And a new one after a clear replaces both."""
    for clears in (0, 1):
        summary = Summary(
            hour=HOUR,
            run="run",
            dag_run_id="r",
            sensors=(SCORED,),
            planned_at=FOUND.planned_at,
            clears=clears,
        )
        write_summary(a_run(), summary)
        assert Summary.from_json(runs.download_blob(SUMMARY).readall()) == summary
        assert HourRecord.from_bytes(runs.download_blob(RECORD).readall()) == HourRecord.of(summary)


def test_a_record_that_cannot_be_written_is_tried_again_and_fails_no_hour(
    runs: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Until the last try there is no summary either, so that the next one does both."""
    runs.upload_blob(RECORD, b"")
    lease = runs.get_blob_client(RECORD).acquire_lease(lease_duration=-1)
    try:
        with pytest.raises(StorageError, match="LeaseIdMissing"):
            write_summary(a_run(), FOUND)
        assert not runs.get_blob_client(SUMMARY).exists()
        write_summary(a_run(is_last_try=True), FOUND)
    finally:
        lease.release()
    assert Summary.from_json(runs.download_blob(SUMMARY).readall()) == FOUND
    assert f"sensor_scoring.fleet rebuild --from {HOUR} --to {HOUR}" in caplog.text
