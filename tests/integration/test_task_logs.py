"""Airflow's own task logs in Blob Storage, with the settings that the documentation shows."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest
from airflow.providers.microsoft.azure.log.wasb_task_handler import WasbRemoteLogIO
from azure.storage.blob import BlobServiceClient

from local_stack.airflow.cluster import running_cluster
from local_stack.stack import running_stack
from tests.integration.conftest import Folders
from tests.support.typed import ROOT
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from azure.storage.blob import ContainerClient

    from local_stack.services.azurite import BlobStorage

PAGE = (ROOT / "docs" / "monitoring.md").read_text()
SETTINGS = dict(re.findall(r"^(AIRFLOW__\w+)=(.*)$", PAGE, re.MULTILINE))
CONTAINER = SETTINGS["AIRFLOW__AZURE_REMOTE_LOGGING__REMOTE_WASB_LOG_CONTAINER"]
FOLDER = SETTINGS["AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER"].removeprefix("wasb://")
NOBODY: Any = None
"""A task instance that the reader of logs does not look at."""


@pytest.fixture
def kept(azurite: BlobStorage) -> Iterator[ContainerClient]:
    """Make the container, and leave none behind."""
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        container = service.create_container(CONTAINER)
        yield container
        container.delete_container()


# The provider reads with a method that the SDK is about to drop.
@pytest.mark.filterwarnings("ignore:content_as_text is deprecated:DeprecationWarning")
def test_a_log_goes_to_the_storage_account_of_everything_else_and_comes_back(
    kept: ContainerClient, azurite: BlobStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Airflow uploads at the end of a try is what its web UI reads, also when the local file is gone."""
    connection = {"conn_type": "wasb", "extra": {"connection_string": azurite.connection_string}}
    monkeypatch.setenv("AIRFLOW_CONN_WASB_DEFAULT", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path))
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    log = tmp_path / "dag_id=d" / "run_id=r" / "task_id=t" / "attempt=1.log"
    log.parent.mkdir(parents=True)
    log.write_text('{"event": "scored"}\n')
    logs = WasbRemoteLogIO.from_config()
    logs.upload(log.relative_to(tmp_path))
    shutil.rmtree(tmp_path / "dag_id=d")
    assert list(kept.list_blob_names()) == [f"{FOLDER}/dag_id=d/run_id=r/task_id=t/attempt=1.log"]
    sources, found = logs.read("dag_id=d/run_id=r/task_id=t/attempt=1.log", NOBODY)
    assert found == ['{"event": "scored"}\n']
    assert CONTAINER in sources[0]
    logs.hook.blob_service_client.close()


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_the_web_ui_shows_a_log_whose_worker_is_gone(tmp_path: Path) -> None:
    """A running Airflow uploads what its tasks say, and reads it back."""
    with (
        running_stack(Folders(tmp_path, tmp_path / "results")) as stack,
        BlobServiceClient.from_connection_string(stack.storage.connection_string) as service,
        running_cluster(stack, folder=tmp_path / "cluster", settings=SETTINGS) as cluster,
        closing(cluster.client()) as web,
    ):
        kept = service.create_container(CONTAINER)
        until(partial(web.knows, "housekeeping"))
        web.unpause("housekeeping")
        run = web.trigger("housekeeping")
        assert web.wait_for_run("housekeeping", run, seconds=900) == "success"
        until(lambda: f"run_id={run}/task_id=tidy_records" in "".join(kept.list_blob_names()))
        for folder in tmp_path.rglob("dag_id=housekeeping"):
            shutil.rmtree(folder)
        said = web.log("housekeeping", run, "tidy_records")
    assert "records of hours deleted that are older than" in said
