"""The incomplete hours that have been reported, in a real Blob Storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scoring_contract.hour import RunHour
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.missing_hours.reported_hours import FORMER_BLOB, REPORTED_BLOB, ReportedHours

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage

HOURS = frozenset({RunHour.parse("2018-08-29T02"), RunHour.parse("2018-08-29T03")})


@pytest.fixture
def store(storage: BlobStorage) -> BlobStore:  # noqa: ARG001  it connects the account
    """Begin with nothing reported."""
    return BlobStore("wasb_for_tests")


def test_hours_are_read_as_they_were_written(store: BlobStore) -> None:
    """Each write replaces what was there."""
    reported = ReportedHours(store, "runs")
    assert reported.read() == frozenset()
    reported.write([RunHour.parse("2018-08-29T07")])
    reported.write(HOURS)
    assert reported.read() == HOURS


def test_what_an_earlier_version_has_reported_counts_until_it_is_replaced(store: BlobStore) -> None:
    """The first run after an upgrade repeats nothing; later no leftover stands for a deleted blob."""
    reported = ReportedHours(store, "runs")
    store.write("runs", FORMER_BLOB, '{"hours": ["2018-08-29T02", "2018-08-29T03"]}')
    assert reported.read() == HOURS
    reported.write([])
    assert reported.read() == frozenset()
    assert store.exists("runs", REPORTED_BLOB)
    assert not store.exists("runs", FORMER_BLOB)


def test_what_cannot_be_read_counts_as_nothing(store: BlobStore) -> None:
    """A repeated message is better than none."""
    store.write("runs", REPORTED_BLOB, "{not json")
    assert ReportedHours(store, "runs").read() == frozenset()
