"""Batch tasks that Azure Batch has forgotten, by the files they left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scoring_contract import layout
from scoring_contract.layout import Container
from sensor_scoring.azure_batch import ids
from sensor_scoring.blob_storage.store import BlobStore
from sensor_scoring.setting_groups import ConnectionSettings
from sensor_scoring.settings import Settings
from sensor_scoring.ui.kept_tasks import kept_spans
from tests.sensor_scoring.conftest import WASB_CONN

if TYPE_CHECKING:
    from local_stack.services.azurite import BlobStorage

BASE = "scoring-20180829T02-0123456789"
JOB = ids.job_id(BASE, generation=2)
SETTINGS = Settings(connections=ConnectionSettings(wasb_conn_id=WASB_CONN))


@pytest.fixture
def store(storage: BlobStorage) -> BlobStore:  # noqa: ARG001  it connects the account
    """Return the storage account."""
    return BlobStore(WASB_CONN)


def name_of(group: str) -> str:
    """Return the id of a group's Batch task."""
    return str(ids.AttemptId(ids.group_key(group), 2, 0))


def test_a_task_is_known_by_its_report_or_its_logs(store: BlobStore) -> None:
    """Whoever failed before it could report left logs; what else lies there is no task."""
    done, failed = name_of("1_1"), name_of("1_2..1_3")
    for blob in (
        layout.report_blob(BASE, JOB, done),
        layout.plan_blob(BASE),
        layout.report_blob(BASE, "another-job", done),
        layout.report_blob(BASE, JOB, "by-hand"),
    ):
        store.write(Container.RUNS, blob, "{}")
    for task in (done, failed):
        for file in ("stdout.txt", "stderr.txt"):
            store.write(Container.LOGS, f"{layout.log_folder(BASE, JOB, task)}/{file}", "said")
    spans = kept_spans(store, SETTINGS, BASE, {"1_1": ("1_1",), "1_2..1_3": ("1_2", "1_3")})
    assert {(span.job, span.id, span.item) for span in spans} == {
        (JOB, done, "1_1"),
        (JOB, failed, "1_2..1_3"),
    }
    for span in spans:
        assert span.ended is not None
        assert (span.state, span.result, span.started, span.node) == ("completed", "", None, "")


def test_without_a_plan_a_task_is_about_nobody(store: BlobStore) -> None:
    """The id holds a digest of the group."""
    store.write(Container.RUNS, layout.report_blob(BASE, JOB, name_of("1_1")), "{}")
    assert [span.item for span in kept_spans(store, SETTINGS, BASE, {})] == [""]
